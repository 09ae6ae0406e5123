using System.Security.Cryptography;

namespace Camelid.Protocol.Models;

/// <summary>
/// Rule J-08: a file as chunks of 1 MiB; leaf = SHA256(0x00 ‖ chunk); the root names the file's content.
/// </summary>
/// <remarks>An empty file has one empty chunk. Every chunk but the last is full, so the size fixes the count.</remarks>
public static class ChunkTree
{
    /// <summary>Bytes in a full chunk.</summary>
    public const int ChunkBytes = 1 << 20;

    /// <summary>Most bytes in a file.</summary>
    public const long FileBytesMax = (long)ChunkBytes * HashTree.LeavesMax;

    /// <summary>How many chunks a file of that size has, at least one.</summary>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The size is negative or above <see cref="FileBytesMax"/>.
    /// </exception>
    public static int ChunkCount(long fileBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(fileBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(fileBytes, FileBytesMax);
        return Math.Max(1, (int)((fileBytes + ChunkBytes - 1) / ChunkBytes));
    }

    /// <summary>How many bytes chunk <paramref name="index"/> of a file has.</summary>
    public static int ChunkLength(long fileBytes, int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, ChunkCount(fileBytes));
        return (int)Math.Min(ChunkBytes, fileBytes - ((long)index * ChunkBytes));
    }

    /// <summary>The leaf of one chunk of at most 1 MiB.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The chunk is longer.</exception>
    public static Hash256 Leaf(ReadOnlySpan<byte> chunk)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(chunk.Length, ChunkBytes, nameof(chunk));
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData([HashTree.LeafPrefix]);
        hash.AppendData(chunk);
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        hash.GetHashAndReset(digest);
        return Hash256.FromBytes(digest);
    }

    /// <summary>The leaves of a file that lies in memory.</summary>
    public static IReadOnlyList<Hash256> Leaves(ReadOnlySpan<byte> file)
    {
        Hash256[] leaves = new Hash256[ChunkCount(file.Length)];
        for (int i = 0; i < leaves.Length; i++)
        {
            leaves[i] = Leaf(file.Slice(i * ChunkBytes, ChunkLength(file.Length, i)));
        }

        return leaves;
    }

    /// <summary>The root over a file's leaves.</summary>
    public static Hash256 Root(IReadOnlyList<Hash256> leaves) => HashTree.Root(leaves);

    /// <summary>The proof that a chunk belongs to a file: the path of its leaf.</summary>
    public static IReadOnlyList<Hash256> Prove(IReadOnlyList<Hash256> leaves, int index) =>
        HashTree.Path(leaves, index);

    /// <summary>True only where this chunk stands at that place of the file with that root and size.</summary>
    public static bool Verify(ModelFile file, int index, ReadOnlySpan<byte> chunk, IReadOnlyList<Hash256> path) =>
        file.Bytes is >= 0 and <= FileBytesMax && index >= 0 && index < ChunkCount(file.Bytes)
        && chunk.Length == ChunkLength(file.Bytes, index)
        && HashTree.Verify(file.Root, Leaf(chunk), new HashPosition(index, ChunkCount(file.Bytes)), path);
}
