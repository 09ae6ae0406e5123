using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;

namespace Camelid.Protocol.Keys;

/// <summary>What scrypt costs.</summary>
/// <param name="LogN">N = 2^LogN: memory is N · R · 128 bytes.</param>
/// <param name="R">Block size.</param>
/// <param name="P">Passes, one after the other.</param>
public readonly record struct ScryptCost(byte LogN, byte R, byte P)
{
    /// <summary>128 MiB, about half a second.</summary>
    public static ScryptCost Strong => new(17, 8, 1);

    /// <summary>True where a file may ask for it: at most 1 GiB, so that no file can take all memory.</summary>
    public bool IsAllowed => LogN is >= 1 and <= 20 && R is >= 1 and <= 8 && P is >= 1 and <= 4;
}

/// <summary>Rule W-05 (RFC 7914): a key from a passphrase, slow and large on purpose.</summary>
public static class Scrypt
{
    private const int BlockWords = 16;

    /// <summary>Derives a key.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The cost is not allowed.</exception>
    public static byte[] Derive(ReadOnlySpan<byte> passphrase, ReadOnlySpan<byte> salt, ScryptCost cost, int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfEqual(cost.IsAllowed, false, nameof(cost));
        int length = 2 * BlockWords * cost.R;
        byte[] mixed = Rfc2898DeriveBytes.Pbkdf2(
            passphrase, salt, 1, HashAlgorithmName.SHA256, cost.P * length * sizeof(uint));
        uint[] words = new uint[length];
        uint[] scratch = new uint[length];
        uint[] memory = new uint[length << cost.LogN];
        for (int pass = 0; pass < cost.P; pass++)
        {
            Span<byte> part = mixed.AsSpan(pass * length * sizeof(uint), length * sizeof(uint));
            for (int i = 0; i < length; i++)
            {
                words[i] = BinaryPrimitives.ReadUInt32LittleEndian(part[(i * sizeof(uint))..]);
            }

            Mix(ref words, ref scratch, memory, 1 << cost.LogN);
            for (int i = 0; i < length; i++)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(part[(i * sizeof(uint))..], words[i]);
            }
        }

        byte[] key = Rfc2898DeriveBytes.Pbkdf2(passphrase, mixed, 1, HashAlgorithmName.SHA256, bytes);
        Array.Clear(memory);
        CryptographicOperations.ZeroMemory(mixed);
        return key;
    }

    private static void Mix(ref uint[] words, ref uint[] scratch, uint[] memory, int count)
    {
        int length = words.Length;
        for (int i = 0; i < count; i++)
        {
            words.CopyTo(memory.AsSpan(i * length));
            MixBlocks(words, scratch);
            (words, scratch) = (scratch, words);
        }

        for (int i = 0; i < count; i++)
        {
            int at = (int)(words[length - BlockWords] & (uint)(count - 1));
            ReadOnlySpan<uint> other = memory.AsSpan(at * length, length);
            for (int k = 0; k < length; k++)
            {
                words[k] ^= other[k];
            }

            MixBlocks(words, scratch);
            (words, scratch) = (scratch, words);
        }
    }

    private static void MixBlocks(ReadOnlySpan<uint> input, Span<uint> output)
    {
        int blocks = input.Length / BlockWords;
        Span<uint> x = stackalloc uint[BlockWords];
        input[^BlockWords..].CopyTo(x);
        for (int block = 0; block < blocks; block++)
        {
            ReadOnlySpan<uint> part = input.Slice(block * BlockWords, BlockWords);
            for (int i = 0; i < BlockWords; i++)
            {
                x[i] ^= part[i];
            }

            Salsa(x);
            int place = (block / 2) + (block % 2 == 0 ? 0 : blocks / 2);
            x.CopyTo(output[(place * BlockWords)..]);
        }
    }

    /// <summary>Salsa20/8: eight rounds, two at a time, then the input is added.</summary>
    private static void Salsa(Span<uint> x)
    {
        Span<uint> z = stackalloc uint[BlockWords];
        x.CopyTo(z);
        for (int round = 0; round < 4; round++)
        {
            Quarter(z, 0, 4, 8, 12);
            Quarter(z, 5, 9, 13, 1);
            Quarter(z, 10, 14, 2, 6);
            Quarter(z, 15, 3, 7, 11);
            Quarter(z, 0, 1, 2, 3);
            Quarter(z, 5, 6, 7, 4);
            Quarter(z, 10, 11, 8, 9);
            Quarter(z, 15, 12, 13, 14);
        }

        for (int i = 0; i < BlockWords; i++)
        {
            x[i] = unchecked(x[i] + z[i]);
        }
    }

    private static void Quarter(Span<uint> z, int a, int b, int c, int d)
    {
        unchecked
        {
            z[b] ^= BitOperations.RotateLeft(z[a] + z[d], 7);
            z[c] ^= BitOperations.RotateLeft(z[b] + z[a], 9);
            z[d] ^= BitOperations.RotateLeft(z[c] + z[b], 13);
            z[a] ^= BitOperations.RotateLeft(z[d] + z[c], 18);
        }
    }
}
