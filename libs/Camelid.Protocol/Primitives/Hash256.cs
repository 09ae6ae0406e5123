using System.Buffers.Binary;

namespace Camelid.Protocol;

/// <summary>A 32-byte hash, compared by value. <c>default</c> is the hash of all zeros, which means "none".</summary>
public readonly record struct Hash256 : IComparable<Hash256>
{
    /// <summary>Bytes in a hash.</summary>
    public const int Bytes = 32;

    private readonly ulong word0;
    private readonly ulong word1;
    private readonly ulong word2;
    private readonly ulong word3;

    private Hash256(ReadOnlySpan<byte> bytes)
    {
        word0 = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        word1 = BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]);
        word2 = BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]);
        word3 = BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]);
    }

    /// <summary>32 zero bytes: no job, no previous block.</summary>
    public static Hash256 Zero => default;

    /// <summary>True where every byte is zero.</summary>
    public bool IsZero => this == default;

    /// <summary>A hash of exactly 32 bytes.</summary>
    /// <exception cref="ArgumentException">The span is not 32 bytes long.</exception>
    public static Hash256 FromBytes(ReadOnlySpan<byte> bytes) => bytes.Length == Bytes
        ? new Hash256(bytes)
        : throw new ArgumentException($"a hash has {Bytes} bytes, not {bytes.Length}", nameof(bytes));

    /// <summary>Reads 64 lower-case hexadecimal digits in byte order; refuses anything else.</summary>
    public static bool TryParse(string? text, out Hash256 hash)
    {
        hash = default;
        if (text is not { Length: Bytes * 2 } || text.AsSpan().ContainsAnyExcept("0123456789abcdef"))
        {
            return false;
        }

        hash = new Hash256(Convert.FromHexString(text));
        return true;
    }

    /// <summary>Reads the reversed form in which transaction and block hashes are shown.</summary>
    public static bool TryParseReversed(string? text, out Hash256 hash)
    {
        if (!TryParse(text, out hash))
        {
            return false;
        }

        byte[] bytes = hash.ToBytes();
        Array.Reverse(bytes);
        hash = new Hash256(bytes);
        return true;
    }

    /// <summary>Writes the 32 bytes into <paramref name="destination"/>.</summary>
    public void CopyTo(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(destination, word0);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[8..], word1);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[16..], word2);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[24..], word3);
    }

    /// <summary>The 32 bytes, in a new array.</summary>
    public byte[] ToBytes()
    {
        byte[] bytes = new byte[Bytes];
        CopyTo(bytes);
        return bytes;
    }

    /// <summary>64 hexadecimal digits, reversed: how transaction and block hashes are shown since Bitcoin.</summary>
    public string ToReversedHex()
    {
        byte[] bytes = ToBytes();
        Array.Reverse(bytes);
        return Convert.ToHexStringLower(bytes);
    }

    /// <summary>64 hexadecimal digits in byte order.</summary>
    public override string ToString() => Convert.ToHexStringLower(ToBytes());

    /// <summary>Orders by bytes, first byte first.</summary>
    public int CompareTo(Hash256 other) => ToBytes().AsSpan().SequenceCompareTo(other.ToBytes());

    /// <summary>True where the left hash sorts first.</summary>
    public static bool operator <(Hash256 left, Hash256 right) => left.CompareTo(right) < 0;

    /// <summary>True where the left hash sorts last.</summary>
    public static bool operator >(Hash256 left, Hash256 right) => left.CompareTo(right) > 0;

    /// <summary>True where the left hash does not sort last.</summary>
    public static bool operator <=(Hash256 left, Hash256 right) => left.CompareTo(right) <= 0;

    /// <summary>True where the left hash does not sort first.</summary>
    public static bool operator >=(Hash256 left, Hash256 right) => left.CompareTo(right) >= 0;
}
