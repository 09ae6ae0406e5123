using System.Buffers.Binary;
using System.Numerics;

namespace Camelid.Protocol;

/// <summary>
/// SipHash-2-4 (Aumasson, Bernstein): a keyed hash of 64 bits, for tables and short ids. Who lacks the key can't choose
/// inputs that collide. It is no signature: 64 bits are soon searched.
/// </summary>
/// <param name="Key0">The first eight bytes of the key, little-endian.</param>
/// <param name="Key1">The last eight.</param>
public readonly record struct SipHash(ulong Key0, ulong Key1)
{
    /// <summary>Bytes of a key.</summary>
    public const int KeyBytes = 16;

    /// <summary>The hash under a key of 16 bytes; more bytes are not looked at.</summary>
    public static SipHash WithKey(ReadOnlySpan<byte> key) => new(
        BinaryPrimitives.ReadUInt64LittleEndian(key), BinaryPrimitives.ReadUInt64LittleEndian(key[8..]));

    /// <summary>The hash of <paramref name="data"/>.</summary>
    public ulong Hash(ReadOnlySpan<byte> data)
    {
        State state = new(Key0, Key1);
        ReadOnlySpan<byte> rest = data;
        for (; rest.Length >= 8; rest = rest[8..])
        {
            state.Absorb(BinaryPrimitives.ReadUInt64LittleEndian(rest));
        }

        Span<byte> last = stackalloc byte[8];
        last.Clear();
        rest.CopyTo(last);
        last[7] = unchecked((byte)data.Length);
        state.Absorb(BinaryPrimitives.ReadUInt64LittleEndian(last));
        return state.Finish();
    }

    /// <summary>The hash of the 32 bytes of a hash.</summary>
    public ulong Hash(Hash256 value)
    {
        Span<byte> bytes = stackalloc byte[Hash256.Bytes];
        value.CopyTo(bytes);
        return Hash(bytes);
    }

    private struct State(ulong key0, ulong key1)
    {
        private ulong v0 = key0 ^ 0x736f6d6570736575;
        private ulong v1 = key1 ^ 0x646f72616e646f6d;
        private ulong v2 = key0 ^ 0x6c7967656e657261;
        private ulong v3 = key1 ^ 0x7465646279746573;

        public void Absorb(ulong word)
        {
            v3 ^= word;
            Round();
            Round();
            v0 ^= word;
        }

        public ulong Finish()
        {
            v2 ^= 0xff;
            Round();
            Round();
            Round();
            Round();
            return v0 ^ v1 ^ v2 ^ v3;
        }

        private void Round()
        {
            unchecked
            {
                v0 += v1;
                v1 = BitOperations.RotateLeft(v1, 13) ^ v0;
                v0 = BitOperations.RotateLeft(v0, 32);
                v2 += v3;
                v3 = BitOperations.RotateLeft(v3, 16) ^ v2;
                v0 += v3;
                v3 = BitOperations.RotateLeft(v3, 21) ^ v0;
                v2 += v1;
                v1 = BitOperations.RotateLeft(v1, 17) ^ v2;
                v2 = BitOperations.RotateLeft(v2, 32);
            }
        }
    }
}
