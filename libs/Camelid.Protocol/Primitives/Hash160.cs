using System.Buffers.Binary;

namespace Camelid.Protocol;

/// <summary>RIPEMD160(SHA256(x)), 20 bytes, compared by value: a public key's or a secret's short name.</summary>
public readonly record struct Hash160
{
    /// <summary>Bytes in a hash.</summary>
    public const int Bytes = 20;

    private readonly ulong word0;
    private readonly ulong word1;
    private readonly uint word2;

    private Hash160(ReadOnlySpan<byte> bytes)
    {
        word0 = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        word1 = BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]);
        word2 = BinaryPrimitives.ReadUInt32LittleEndian(bytes[16..]);
    }

    /// <summary>A hash of exactly 20 bytes.</summary>
    /// <exception cref="ArgumentException">The span is not 20 bytes long.</exception>
    public static Hash160 FromBytes(ReadOnlySpan<byte> bytes) => bytes.Length == Bytes
        ? new Hash160(bytes)
        : throw new ArgumentException($"a short hash has {Bytes} bytes, not {bytes.Length}", nameof(bytes));

    /// <summary>RIPEMD160(SHA256(<paramref name="data"/>)).</summary>
    public static Hash160 Of(ReadOnlySpan<byte> data) => new(Ripemd160.Hash(Hashes.Sha256(data).ToBytes()));

    /// <summary>The 20 bytes, in a new array.</summary>
    public byte[] ToBytes()
    {
        byte[] bytes = new byte[Bytes];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, word0);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(8), word1);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(16), word2);
        return bytes;
    }

    /// <summary>40 hexadecimal digits in byte order.</summary>
    public override string ToString() => Convert.ToHexStringLower(ToBytes());
}
