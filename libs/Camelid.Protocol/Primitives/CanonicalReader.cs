using System.Buffers.Binary;
using System.Text;

namespace Camelid.Protocol;

/// <summary>
/// Reads canonical bytes. Never throws on bad input: after the first failure <see cref="Failed"/> stays true and every
/// further read yields zero, so that a decoder checks once, at its end, with <see cref="AtEnd"/>.
/// </summary>
public ref struct CanonicalReader
{
    private static readonly UTF8Encoding Utf8Strict = new(false, true);
    private readonly ReadOnlySpan<byte> data;
    private int position;

    /// <summary>Reads from the start of <paramref name="data"/>.</summary>
    public CanonicalReader(ReadOnlySpan<byte> data) => this.data = data;

    /// <summary>True once a read went past the end or met a form that the writer would not write.</summary>
    public bool Failed { get; private set; }

    /// <summary>The offset of the next byte.</summary>
    public readonly int Position => position;

    /// <summary>True where everything was read, and nothing failed.</summary>
    public readonly bool AtEnd => !Failed && position == data.Length;

    /// <summary>Bytes that are left, zero after a failure.</summary>
    public readonly int Remaining => Failed ? 0 : data.Length - position;

    /// <summary>Marks the input as refused.</summary>
    public void Fail() => Failed = true;

    /// <summary>The next <paramref name="count"/> bytes, empty on failure.</summary>
    public ReadOnlySpan<byte> Raw(int count)
    {
        if (Failed || count < 0 || count > data.Length - position)
        {
            Failed = true;
            return default;
        }

        ReadOnlySpan<byte> span = data.Slice(position, count);
        position += count;
        return span;
    }

    /// <summary>What was read since an earlier <see cref="Position"/>.</summary>
    internal readonly ReadOnlySpan<byte> Since(int start) => data[start..position];

    /// <summary>One byte.</summary>
    public byte Byte() => Raw(1) is { Length: 1 } span ? span[0] : (byte)0;

    /// <summary>Two bytes, little-endian.</summary>
    public ushort UInt16() => Raw(2) is { Length: 2 } span ? BinaryPrimitives.ReadUInt16LittleEndian(span) : (ushort)0;

    /// <summary>Four bytes, little-endian.</summary>
    public uint UInt32() => Raw(4) is { Length: 4 } span ? BinaryPrimitives.ReadUInt32LittleEndian(span) : 0;

    /// <summary>Eight bytes, little-endian.</summary>
    public ulong UInt64() => Raw(8) is { Length: 8 } span ? BinaryPrimitives.ReadUInt64LittleEndian(span) : 0;

    /// <summary>Four bytes, little-endian, two's complement.</summary>
    public int Int32() => unchecked((int)UInt32());

    /// <summary>Eight bytes, little-endian, two's complement.</summary>
    public long Int64() => unchecked((long)UInt64());

    /// <summary>32 bytes.</summary>
    public Hash256 Hash() => Raw(Hash256.Bytes) is { Length: Hash256.Bytes } span ? Hash256.FromBytes(span) : default;

    /// <summary>A u32 count of at most <paramref name="countMax"/>; more fails.</summary>
    public int Count(int countMax)
    {
        uint count = UInt32();
        if (count > countMax)
        {
            Failed = true;
            return 0;
        }

        return (int)count;
    }

    /// <summary>A u32 length of at most <paramref name="bytesMax"/> and the bytes.</summary>
    public byte[] Bytes(int bytesMax) => Raw(Count(bytesMax)).ToArray();

    /// <summary>A u32 length of at most <paramref name="bytesMax"/> and valid UTF-8.</summary>
    public string Text(int bytesMax)
    {
        ReadOnlySpan<byte> span = Raw(Count(bytesMax));
        try
        {
            return Utf8Strict.GetString(span);
        }
        catch (DecoderFallbackException)
        {
            Failed = true;
            return "";
        }
    }

    /// <summary>A CompactSize in its shortest form, of at most <paramref name="max"/>.</summary>
    public int CompactSize(int max)
    {
        byte first = Byte();
        ulong value = first switch
        {
            0xfd => UInt16(),
            0xfe => UInt32(),
            0xff => UInt64(),
            _ => first,
        };
        ulong least = first switch { 0xfd => 0xfd, 0xfe => 0x1_0000, 0xff => 0x1_0000_0000, _ => 0 };
        if (value < least || value > (ulong)max)
        {
            Failed = true;
            return 0;
        }

        return (int)value;
    }

    /// <summary>
    /// A CompactSize count of items of at least <paramref name="itemBytesMin"/> bytes each, all of which must still
    /// be there: a false count costs its sender, not us. More than <paramref name="max"/> fails.
    /// </summary>
    public int ItemCount(int max, int itemBytesMin)
    {
        int count = CompactSize(max);
        if ((long)count * itemBytesMin > Remaining)
        {
            Failed = true;
            return 0;
        }

        return count;
    }

    /// <summary>A CompactSize length of at most <paramref name="bytesMax"/> and the bytes.</summary>
    public byte[] VarBytes(int bytesMax) => Raw(CompactSize(bytesMax)).ToArray();
}
