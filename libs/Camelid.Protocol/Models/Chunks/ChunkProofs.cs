namespace Camelid.Protocol.Models.Chunks;

/// <summary>
/// Rule J-33: the paths of all chunks of a file, from a tree that is built once: two hashes for each chunk are kept,
/// and a path is read off instead of computed.
/// </summary>
public sealed class ChunkProofs
{
    private readonly Hash256[][] levels;

    /// <summary>The tree over the leaves of a file.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are none, or too many.</exception>
    public ChunkProofs(IReadOnlyList<Hash256> leaves)
    {
        ArgumentOutOfRangeException.ThrowIfZero(leaves.Count, nameof(leaves));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(leaves.Count, HashTree.LeavesMax, nameof(leaves));
        List<Hash256[]> built = [[.. leaves]];
        for (Hash256[] level = built[0]; level.Length > 1; level = built[^1])
        {
            built.Add(HashTree.Above(level));
        }

        levels = [.. built];
    }

    /// <summary>The root of the file.</summary>
    public Hash256 Root => levels[^1][0];

    /// <summary>The path of a chunk, lowest first.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such chunk.</exception>
    public IReadOnlyList<Hash256> PathOf(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, levels[0].Length);
        List<Hash256> path = new(HashTree.PathMax);
        foreach (Hash256[] level in levels)
        {
            if ((index ^ 1) < level.Length)
            {
                path.Add(level[index ^ 1]);
            }

            index >>= 1;
        }

        return path;
    }
}
