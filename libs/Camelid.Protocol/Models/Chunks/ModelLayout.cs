namespace Camelid.Protocol.Models.Chunks;

/// <summary>
/// Rule J-34: the chunks of a model in one row: files by path (ordinal), the chunks of each in order, numbered from 0.
/// </summary>
public sealed class ModelLayout
{
    /// <summary>Most chunks of a model that is distributed: 4 TiB.</summary>
    public const int ChunksMax = HashTree.LeavesMax;

    private readonly int[] firsts;

    private ModelLayout(ModelFile[] files, int[] firsts, int chunksCount) =>
        (Files, this.firsts, ChunksCount) = (files, firsts, chunksCount);

    /// <summary>The files, by path.</summary>
    public IReadOnlyList<ModelFile> Files { get; }

    /// <summary>Chunks of all files, 1 … <see cref="ChunksMax"/>.</summary>
    public int ChunksCount { get; }

    /// <summary>Bytes of all files.</summary>
    public long BytesCount => Files.Sum(file => file.Bytes);

    /// <summary>
    /// The layout of files that are listed once each and in order; null for any others, and for too many chunks.
    /// </summary>
    public static ModelLayout? Of(IReadOnlyList<ModelFile> files)
    {
        if (files.Count is 0 or > ModelRoot.FilesMax)
        {
            return null;
        }

        int[] firsts = new int[files.Count];
        long count = 0;
        for (int i = 0; i < files.Count; i++)
        {
            ModelFile file = files[i];
            if (!ModelFile.IsPath(file.Path) || file.Bytes is < 0 or > ChunkTree.FileBytesMax
                || (i > 0 && string.CompareOrdinal(files[i - 1].Path, file.Path) >= 0))
            {
                return null;
            }

            firsts[i] = (int)count;
            count += ChunkTree.ChunkCount(file.Bytes);
            if (count > ChunksMax)
            {
                return null;
            }
        }

        return new ModelLayout([.. files], firsts, (int)count);
    }

    /// <summary>Where a chunk stands.</summary>
    /// <param name="number">0 … <see cref="ChunksCount"/> − 1.</param>
    public ChunkPlace PlaceOf(int number)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(number);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(number, ChunksCount);
        int found = Array.BinarySearch(firsts, number);
        int file = found >= 0 ? found : ~found - 1;
        return new ChunkPlace(file, number - firsts[file]);
    }

    /// <summary>The number of the chunk at a place; null where there is none.</summary>
    public int? NumberOf(ChunkPlace place) =>
        place.File >= 0 && place.File < Files.Count && place.Index >= 0
        && place.Index < ChunkTree.ChunkCount(Files[place.File].Bytes)
            ? firsts[place.File] + place.Index
            : null;

    /// <summary>Bytes of the chunk at a place of this model.</summary>
    public int LengthOf(ChunkPlace place) => ChunkTree.ChunkLength(Files[place.File].Bytes, place.Index);
}

/// <summary>A chunk of a model.</summary>
/// <param name="File">Which of the files, by path, from 0.</param>
/// <param name="Index">Which chunk of that file, from 0.</param>
public readonly record struct ChunkPlace(int File, int Index);
