using System.Buffers.Binary;

namespace Camelid.Protocol;

/// <summary>Writes canonical bytes, as <see cref="CanonicalWriter"/> does, into memory whose size is known.</summary>
internal ref struct SpanWriter(Span<byte> destination)
{
    private readonly Span<byte> destination = destination;
    private int position;

    /// <summary>What was written so far.</summary>
    public readonly ReadOnlySpan<byte> Written => destination[..position];

    /// <summary>The number of bytes written so far.</summary>
    public readonly int Position => position;

    /// <summary>Bytes of a CompactSize.</summary>
    public static int CompactSizeBytes(int value) => value switch { < 0xfd => 1, <= 0xffff => 3, _ => 5 };

    /// <summary>Four bytes, little-endian, two's complement.</summary>
    public void Int32(int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(destination[position..], value);
        position += sizeof(int);
    }

    /// <summary>Four bytes, little-endian.</summary>
    public void UInt32(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(destination[position..], value);
        position += sizeof(uint);
    }

    /// <summary>Eight bytes, little-endian, two's complement.</summary>
    public void Int64(long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(destination[position..], value);
        position += sizeof(long);
    }

    /// <summary>32 bytes.</summary>
    public void Hash(Hash256 value)
    {
        value.CopyTo(destination[position..]);
        position += Hash256.Bytes;
    }

    /// <summary>Bytes without a length.</summary>
    public void Raw(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(destination[position..]);
        position += bytes.Length;
    }

    /// <summary>A CompactSize in its shortest form.</summary>
    public void CompactSize(int value)
    {
        switch (CompactSizeBytes(value))
        {
            case 1:
                destination[position] = (byte)value;
                break;
            case 3:
                destination[position] = 0xfd;
                BinaryPrimitives.WriteUInt16LittleEndian(destination[(position + 1)..], (ushort)value);
                break;
            default:
                destination[position] = 0xfe;
                BinaryPrimitives.WriteInt32LittleEndian(destination[(position + 1)..], value);
                break;
        }

        position += CompactSizeBytes(value);
    }

    /// <summary>A CompactSize length and the bytes.</summary>
    public void VarBytes(ReadOnlySpan<byte> bytes)
    {
        CompactSize(bytes.Length);
        Raw(bytes);
    }
}
