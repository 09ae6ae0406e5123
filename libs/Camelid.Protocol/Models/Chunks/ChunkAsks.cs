namespace Camelid.Protocol.Models.Chunks;

/// <summary>Rule J-33: asks for chunks of one file: its number by path, and the chunks, strictly ascending.</summary>
/// <param name="Root">The model root.</param>
/// <param name="File">Which file, 0 … <see cref="ModelRoot.FilesMax"/> − 1.</param>
/// <param name="Indices">1 … <see cref="IndicesMax"/> chunks of it.</param>
public sealed record GetChunks(Hash256 Root, int File, IReadOnlyList<int> Indices) : ChunkMessage
{
    /// <summary>Most chunks in one ask.</summary>
    public const int IndicesMax = 16;

    /// <summary>Most bytes of the body.</summary>
    public const int BytesMax = 1 + Hash256.Bytes + 2 + 1 + (IndicesMax * 4);

    /// <inheritdoc/>
    public override ChunkKind Kind => ChunkKind.GetChunks;

    /// <summary>Equal content.</summary>
    public bool Equals(GetChunks? other) =>
        other is not null && (Root, File) == (other.Root, other.File) && Indices.SequenceEqual(other.Indices);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Root, File, Indices.Count);

    internal static GetChunks? Read(ref CanonicalReader reader)
    {
        Hash256 root = reader.Hash();
        int file = reader.UInt16();
        return ChunkIndices.Read(ref reader) is { Count: > 0 } indices && file < ModelRoot.FilesMax
            ? new GetChunks(root, file, indices)
            : null;
    }

    internal override void Write(CanonicalWriter writer) =>
        ChunkIndices.Write(writer.Hash(Root).UInt16(checked((ushort)File)), Indices);
}

/// <summary>Rule J-33: what was asked for is not there.</summary>
/// <param name="Root">The model root.</param>
/// <param name="File">Which file.</param>
/// <param name="Indices">Chunks of it; none: the model is not here at all (then the file is 0).</param>
public sealed record HaveNot(Hash256 Root, int File, IReadOnlyList<int> Indices) : ChunkMessage
{
    /// <summary>Most bytes of the body.</summary>
    public const int BytesMax = GetChunks.BytesMax;

    /// <inheritdoc/>
    public override ChunkKind Kind => ChunkKind.HaveNot;

    /// <summary>Equal content.</summary>
    public bool Equals(HaveNot? other) =>
        other is not null && (Root, File) == (other.Root, other.File) && Indices.SequenceEqual(other.Indices);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Root, File, Indices.Count);

    internal static HaveNot? Read(ref CanonicalReader reader)
    {
        Hash256 root = reader.Hash();
        int file = reader.UInt16();
        return ChunkIndices.Read(ref reader) is { } indices && file < ModelRoot.FilesMax
            && (file == 0 || indices.Count > 0)
                ? new HaveNot(root, file, indices)
                : null;
    }

    internal override void Write(CanonicalWriter writer) =>
        ChunkIndices.Write(writer.Hash(Root).UInt16(checked((ushort)File)), Indices);
}

/// <summary>
/// Rule J-33: one chunk and the path that proves it under its file's root: root (32) ‖ file (u16) ‖ chunk (u32) ‖
/// hashes (u8 count, 32 each) ‖ the chunk's bytes, to the end of the body.
/// </summary>
/// <remarks>The link lets no accident through: a chunk that its path does not prove is its sender's fault.</remarks>
/// <param name="Root">The model root.</param>
/// <param name="Place">Which chunk.</param>
/// <param name="Path">At most <see cref="HashTree.PathMax"/> hashes, lowest first.</param>
/// <param name="Content">The chunk, at most 1 MiB.</param>
public sealed record ChunkAnswer(
    Hash256 Root, ChunkPlace Place, IReadOnlyList<Hash256> Path, ReadOnlyMemory<byte> Content) : ChunkMessage
{
    /// <summary>Most bytes of the body.</summary>
    public const int BytesMax =
        BytesBeforePath + (HashTree.PathMax * Hash256.Bytes) + ChunkTree.ChunkBytes;

    private const int BytesBeforePath = 1 + Hash256.Bytes + 2 + 4 + 1;

    /// <inheritdoc/>
    public override ChunkKind Kind => ChunkKind.Chunk;

    /// <summary>The frame up to the content, for who sends that from a file without holding it.</summary>
    public static byte[] EncodeFrameBefore(
        Hash256 root, ChunkPlace place, IReadOnlyList<Hash256> path, int contentBytes)
    {
        CanonicalWriter writer = new();
        WriteBefore(writer.Byte((byte)ChunkKind.Chunk), root, place, path);
        return new CanonicalWriter().UInt32((uint)(writer.Written.Length + contentBytes)).Raw(writer.Written)
            .ToArray();
    }

    /// <summary>True only where the path proves the chunk under the root of its file (J-08).</summary>
    public bool IsProven(ModelLayout layout) => IsProven(layout, ChunkTree.Leaf(Content.Span));

    /// <summary>The same for who hashed the content while it came.</summary>
    /// <param name="layout">The model's files.</param>
    /// <param name="leaf"><see cref="ChunkTree.Leaf"/> of the content.</param>
    public bool IsProven(ModelLayout layout, Hash256 leaf) => layout.NumberOf(Place) is not null
        && Content.Length == layout.LengthOf(Place)
        && HashTree.Verify(layout.Files[Place.File].Root, leaf,
            new HashPosition(Place.Index, ChunkTree.ChunkCount(layout.Files[Place.File].Bytes)), Path);

    /// <summary>Where the content begins in a body of which these bytes are there; 0: not yet known.</summary>
    public static int ContentStartOf(ReadOnlySpan<byte> body) =>
        body.Length < BytesBeforePath ? 0 : BytesBeforePath + (body[BytesBeforePath - 1] * Hash256.Bytes);

    /// <summary>Equal content.</summary>
    public bool Equals(ChunkAnswer? other) => other is not null && (Root, Place) == (other.Root, other.Place)
        && Path.SequenceEqual(other.Path) && Content.Span.SequenceEqual(other.Content.Span);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Root, Place, Path.Count, Content.Length);

    internal static ChunkAnswer? Read(ref CanonicalReader reader, ReadOnlyMemory<byte> body)
    {
        Hash256 root = reader.Hash();
        int file = reader.UInt16();
        int index = reader.Count(HashTree.LeavesMax - 1);
        int count = reader.Byte();
        if (count > HashTree.PathMax || file >= ModelRoot.FilesMax)
        {
            return null;
        }

        Hash256[] path = new Hash256[count];
        for (int i = 0; i < count; i++)
        {
            path[i] = reader.Hash();
        }

        return reader.Failed || reader.Remaining > ChunkTree.ChunkBytes
            ? null
            : new ChunkAnswer(root, new ChunkPlace(file, index), path, body[reader.Position..]);
    }

    internal override void Write(CanonicalWriter writer)
    {
        WriteBefore(writer, Root, Place, Path);
        writer.Raw(Content.Span);
    }

    private static void WriteBefore(
        CanonicalWriter writer, Hash256 root, ChunkPlace place, IReadOnlyList<Hash256> path)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(path.Count, HashTree.PathMax);
        writer.Hash(root).UInt16(checked((ushort)place.File)).UInt32((uint)place.Index).Byte((byte)path.Count);
        foreach (Hash256 hash in path)
        {
            writer.Hash(hash);
        }
    }
}

/// <summary>A short list of chunks of one file: count (u8) ‖ u32 each, strictly ascending.</summary>
internal static class ChunkIndices
{
    internal static IReadOnlyList<int>? Read(ref CanonicalReader reader)
    {
        int count = reader.Byte();
        if (count > GetChunks.IndicesMax)
        {
            return null;
        }

        int[] indices = new int[count];
        for (int i = 0; i < count; i++)
        {
            indices[i] = reader.Count(HashTree.LeavesMax - 1);
            if (i > 0 && indices[i] <= indices[i - 1])
            {
                return null;
            }
        }

        return indices;
    }

    internal static void Write(CanonicalWriter writer, IReadOnlyList<int> indices)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(indices.Count, GetChunks.IndicesMax);
        writer.Byte((byte)indices.Count);
        foreach (int index in indices)
        {
            writer.UInt32((uint)index);
        }
    }
}
