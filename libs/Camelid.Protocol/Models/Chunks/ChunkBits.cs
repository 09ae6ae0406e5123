using System.Numerics;

namespace Camelid.Protocol.Models.Chunks;

/// <summary>Which chunks of a model are there: one bit each, the first in the lowest bit of the first byte.</summary>
/// <remarks>Not for several threads at once. Bits behind the last chunk are zero.</remarks>
public sealed class ChunkBits
{
    private const int ByteBits = 8;
    private readonly byte[] bytes;

    /// <summary>No chunk of so many.</summary>
    /// <param name="count">Chunks of the model, 1 … <see cref="ModelLayout.ChunksMax"/>.</param>
    public ChunkBits(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, ModelLayout.ChunksMax);
        Count = count;
        bytes = new byte[BytesOf(count)];
    }

    /// <summary>Chunks of the model.</summary>
    public int Count { get; }

    /// <summary>How many of them are there.</summary>
    public int SetCount { get; private set; }

    /// <summary>True where all are there.</summary>
    public bool IsFull => SetCount == Count;

    /// <summary>True where that chunk is there.</summary>
    public bool this[int chunk] => (bytes[Checked(chunk) / ByteBits] & (1 << (chunk % ByteBits))) != 0;

    /// <summary>How many bytes so many chunks take.</summary>
    public static int BytesOf(int count) => (count + ByteBits - 1) / ByteBits;

    /// <summary>All of so many chunks.</summary>
    public static ChunkBits Full(int count)
    {
        ChunkBits full = new(count);
        for (int chunk = 0; chunk < count; chunk++)
        {
            full.Set(chunk);
        }

        return full;
    }

    /// <summary>Reads <see cref="ToBytes"/>; null for another length, or for bits behind the last chunk.</summary>
    public static ChunkBits? FromBytes(int count, ReadOnlySpan<byte> encoded)
    {
        if (count is < 1 or > ModelLayout.ChunksMax || encoded.Length != BytesOf(count)
            || (count % ByteBits != 0 && encoded[^1] >> (count % ByteBits) != 0))
        {
            return null;
        }

        ChunkBits read = new(count);
        encoded.CopyTo(read.bytes);
        foreach (byte part in encoded)
        {
            read.SetCount += BitOperations.PopCount(part);
        }

        return read;
    }

    /// <summary>The bytes, in a new array.</summary>
    public byte[] ToBytes() => [.. bytes];

    /// <summary>A copy that changes by itself.</summary>
    public ChunkBits Copy() => FromBytes(Count, bytes)!;

    /// <summary>Notes that a chunk is there.</summary>
    public void Set(int chunk)
    {
        SetCount += this[chunk] ? 0 : 1;
        bytes[chunk / ByteBits] |= (byte)(1 << (chunk % ByteBits));
    }

    /// <summary>Notes that a chunk is not there.</summary>
    public void Clear(int chunk)
    {
        SetCount -= this[chunk] ? 1 : 0;
        bytes[chunk / ByteBits] &= (byte)(byte.MaxValue ^ (1 << (chunk % ByteBits)));
    }

    /// <summary>The first chunk from that one on that is not there; <see cref="Count"/> for none.</summary>
    public int NextClear(int from)
    {
        int chunk = from;
        while (chunk < Count && this[chunk])
        {
            chunk = chunk % ByteBits == 0 && bytes[chunk / ByteBits] == byte.MaxValue ? chunk + ByteBits : chunk + 1;
        }

        return Math.Min(chunk, Count);
    }

    private int Checked(int chunk)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(chunk);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(chunk, Count);
        return chunk;
    }
}
