using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Camelid.Protocol;

/// <summary>Writes canonical bytes: little-endian integers, explicit lengths, one form for each value.</summary>
public sealed class CanonicalWriter
{
    private readonly ArrayBufferWriter<byte> buffer = new();

    /// <summary>What was written so far.</summary>
    public ReadOnlySpan<byte> Written => buffer.WrittenSpan;

    /// <summary>What was written, in a new array.</summary>
    public byte[] ToArray() => buffer.WrittenSpan.ToArray();

    /// <summary>One byte.</summary>
    public CanonicalWriter Byte(byte value)
    {
        buffer.GetSpan(1)[0] = value;
        buffer.Advance(1);
        return this;
    }

    /// <summary>Two bytes, little-endian.</summary>
    public CanonicalWriter UInt16(ushort value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(buffer.GetSpan(2), value);
        buffer.Advance(2);
        return this;
    }

    /// <summary>Four bytes, little-endian.</summary>
    public CanonicalWriter UInt32(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(buffer.GetSpan(4), value);
        buffer.Advance(4);
        return this;
    }

    /// <summary>Eight bytes, little-endian.</summary>
    public CanonicalWriter UInt64(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(buffer.GetSpan(8), value);
        buffer.Advance(8);
        return this;
    }

    /// <summary>Four bytes, little-endian, two's complement.</summary>
    public CanonicalWriter Int32(int value) => UInt32(unchecked((uint)value));

    /// <summary>Eight bytes, little-endian, two's complement.</summary>
    public CanonicalWriter Int64(long value) => UInt64(unchecked((ulong)value));

    /// <summary>32 bytes.</summary>
    public CanonicalWriter Hash(Hash256 value)
    {
        value.CopyTo(buffer.GetSpan(Hash256.Bytes));
        buffer.Advance(Hash256.Bytes);
        return this;
    }

    /// <summary>Bytes without a length: for fields of fixed size.</summary>
    public CanonicalWriter Raw(ReadOnlySpan<byte> bytes)
    {
        buffer.Write(bytes);
        return this;
    }

    /// <summary>A u32 length and the bytes.</summary>
    public CanonicalWriter Bytes(ReadOnlySpan<byte> bytes) => UInt32(checked((uint)bytes.Length)).Raw(bytes);

    /// <summary>A u32 length and the text in UTF-8.</summary>
    public CanonicalWriter Text(string text) => Bytes(Encoding.UTF8.GetBytes(text));

    /// <summary>Bitcoin's CompactSize in its shortest form.</summary>
    public CanonicalWriter CompactSize(ulong value) => value switch
    {
        < 0xfd => Byte((byte)value),
        <= 0xffff => Byte(0xfd).UInt16((ushort)value),
        <= 0xffff_ffff => Byte(0xfe).UInt32((uint)value),
        _ => Byte(0xff).UInt64(value),
    };

    /// <summary>A CompactSize length and the bytes, as in Bitcoin's scripts.</summary>
    public CanonicalWriter VarBytes(ReadOnlySpan<byte> bytes) => CompactSize((ulong)bytes.Length).Raw(bytes);
}
