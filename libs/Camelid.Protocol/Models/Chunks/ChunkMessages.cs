namespace Camelid.Protocol.Models.Chunks;

/// <summary>Rule J-31: the first message of each side. Another network or version ends the stream.</summary>
/// <param name="Genesis">Hash of the network's first block.</param>
/// <param name="Window">
/// Most chunks that the sender takes asks for at once, 1 … <see cref="WindowMax"/>; an asker says 1.
/// </param>
public sealed record ChunkHello(Hash256 Genesis, int Window) : ChunkMessage
{
    /// <summary>The version that is spoken here.</summary>
    public const ushort Version = 1;

    /// <summary>Most chunks that may be asked for at once.</summary>
    public const int WindowMax = 64;

    /// <summary>Most bytes of the body.</summary>
    public const int BytesMax = 1 + Hash256.Bytes + 2 + 2;

    /// <inheritdoc/>
    public override ChunkKind Kind => ChunkKind.Hello;

    internal static ChunkHello? Read(ref CanonicalReader reader)
    {
        Hash256 genesis = reader.Hash();
        ushort version = reader.UInt16();
        ushort window = reader.UInt16();
        return version == Version && window is >= 1 and <= WindowMax ? new ChunkHello(genesis, window) : null;
    }

    internal override void Write(CanonicalWriter writer)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Window, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Window, WindowMax);
        writer.Hash(Genesis).UInt16(Version).UInt16((ushort)Window);
    }
}

/// <summary>Rule J-32: asks for the head of a model (<see cref="ModelHead"/>) from one byte on.</summary>
/// <param name="Root">The model root.</param>
/// <param name="Offset">First byte wanted, 0 … <see cref="ModelHead.BytesMax"/>.</param>
public sealed record GetHead(Hash256 Root, int Offset) : ChunkMessage
{
    /// <summary>Most bytes of the body.</summary>
    public const int BytesMax = 1 + Hash256.Bytes + 4;

    /// <inheritdoc/>
    public override ChunkKind Kind => ChunkKind.GetHead;

    internal override void Write(CanonicalWriter writer) => writer.Hash(Root).UInt32((uint)Offset);
}

/// <summary>Rule J-32: a part of a head, as long as it may be, or up to the end.</summary>
/// <param name="Root">The model root.</param>
/// <param name="Total">Bytes of the whole head.</param>
/// <param name="Offset">Where this part begins.</param>
/// <param name="Part">1 … <see cref="PartBytesMax"/> bytes.</param>
public sealed record HeadPart(Hash256 Root, int Total, int Offset, ReadOnlyMemory<byte> Part) : ChunkMessage
{
    /// <summary>Most bytes of a part.</summary>
    public const int PartBytesMax = ChunkTree.ChunkBytes;

    /// <summary>Most bytes of the body.</summary>
    public const int BytesMax = 1 + Hash256.Bytes + 8 + PartBytesMax;

    /// <inheritdoc/>
    public override ChunkKind Kind => ChunkKind.HeadPart;

    /// <summary>The part of a head from an offset on; null behind its end.</summary>
    public static HeadPart? Of(Hash256 root, ReadOnlyMemory<byte> head, int offset) =>
        offset < 0 || offset >= head.Length
            ? null
            : new HeadPart(root, head.Length, offset, head[offset..Math.Min(head.Length, offset + PartBytesMax)]);

    /// <summary>Equal content.</summary>
    public bool Equals(HeadPart? other) => other is not null && (Root, Total, Offset) == (other.Root, other.Total,
        other.Offset) && Part.Span.SequenceEqual(other.Part.Span);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Root, Total, Offset, Part.Length);

    internal static HeadPart? Read(ref CanonicalReader reader)
    {
        Hash256 root = reader.Hash();
        int total = reader.Count(ModelHead.BytesMax);
        int offset = reader.Count(ModelHead.BytesMax);
        byte[] part = reader.Raw(reader.Remaining).ToArray();
        return part.Length == Math.Min(PartBytesMax, (long)total - offset) && part.Length > 0
            ? new HeadPart(root, total, offset, part)
            : null;
    }

    internal override void Write(CanonicalWriter writer) =>
        writer.Hash(Root).UInt32((uint)Total).UInt32((uint)Offset).Raw(Part.Span);
}

/// <summary>Rule J-34: asks which chunks of a model are there.</summary>
/// <param name="Root">The model root.</param>
public sealed record GetHave(Hash256 Root) : ChunkMessage
{
    /// <summary>Most bytes of the body.</summary>
    public const int BytesMax = 1 + Hash256.Bytes;

    /// <inheritdoc/>
    public override ChunkKind Kind => ChunkKind.GetHave;

    internal override void Write(CanonicalWriter writer) => writer.Hash(Root);
}

/// <summary>Rule J-34: which chunks are there: all (u32 0), or the count of all (u32) and a bit for each.</summary>
/// <param name="Root">The model root.</param>
/// <param name="Some">Those that are; null for all. Never a full one: that is said by null.</param>
public sealed record HaveChunks(Hash256 Root, ChunkBits? Some) : ChunkMessage
{
    /// <summary>Most bytes of the body.</summary>
    public const int BytesMax = 1 + Hash256.Bytes + 4 + (ModelLayout.ChunksMax / 8);

    /// <inheritdoc/>
    public override ChunkKind Kind => ChunkKind.HaveChunks;

    /// <summary>Equal content.</summary>
    public bool Equals(HaveChunks? other) => other is not null && Root == other.Root
        && Some?.Count == other.Some?.Count && (Some is null || Some.ToBytes().SequenceEqual(other.Some!.ToBytes()));

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Root, Some?.Count);

    internal static HaveChunks? Read(ref CanonicalReader reader)
    {
        Hash256 root = reader.Hash();
        int count = reader.Count(ModelLayout.ChunksMax);
        ReadOnlySpan<byte> bits = reader.Raw(reader.Remaining);
        if (count == 0)
        {
            return bits.Length == 0 ? new HaveChunks(root, null) : null;
        }

        return ChunkBits.FromBytes(count, bits) is { IsFull: false } some ? new HaveChunks(root, some) : null;
    }

    internal override void Write(CanonicalWriter writer)
    {
        writer.Hash(Root).UInt32((uint)(Some?.Count ?? 0));
        if (Some is { } some)
        {
            writer.Raw(some.IsFull ? throw new InvalidOperationException("all chunks are said by null")
                : some.ToBytes());
        }
    }
}

/// <summary>Why a stream ends.</summary>
public enum ByeReason : byte
{
    /// <summary>No reason.</summary>
    Unset = 0,

    /// <summary>Too many streams, or too many of this host: later, or elsewhere.</summary>
    Busy = 1,

    /// <summary>Another network or version.</summary>
    OtherNetwork = 2,

    /// <summary>What came was no message, or one at the wrong time.</summary>
    BadMessage = 3,

    /// <summary>More was asked for at once than the window allows.</summary>
    TooMuch = 4,

    /// <summary>The sender stops, or nothing was asked for a while.</summary>
    Over = 5,
}

/// <summary>Rule J-30: the last message of a stream, where there is time for one.</summary>
/// <param name="Reason">Why.</param>
public sealed record ChunkBye(ByeReason Reason) : ChunkMessage
{
    /// <summary>Most bytes of the body.</summary>
    public const int BytesMax = 2;

    /// <inheritdoc/>
    public override ChunkKind Kind => ChunkKind.Bye;

    internal static ChunkBye? Read(ref CanonicalReader reader)
    {
        ByeReason reason = (ByeReason)reader.Byte();
        return reason is >= ByeReason.Busy and <= ByeReason.Over ? new ChunkBye(reason) : null;
    }

    internal override void Write(CanonicalWriter writer) => writer.Byte((byte)Reason);
}
