namespace Camelid.Protocol.Models;

/// <summary>
/// Rule J-07: a Merkle tree over leaf hashes: node = SHA256(0x01 ‖ left ‖ right); a last node without a partner rises
/// unchanged. Leaves begin with 0x00, so that no node passes for a leaf.
/// </summary>
/// <remarks>
/// Bitcoin's tree doubles the last node, so two lists share one root (CVE-2012-2459). Here no list shares a root with
/// another of the same count, and the count always travels, signed, beside the root.
/// </remarks>
public static class HashTree
{
    /// <summary>First byte of what a leaf hashes.</summary>
    public const byte LeafPrefix = 0x00;

    /// <summary>First byte of what a node hashes.</summary>
    public const byte NodePrefix = 0x01;

    /// <summary>Most leaves: a model of 4 TiB.</summary>
    public const int LeavesMax = 1 << 22;

    /// <summary>Most hashes in a path.</summary>
    public const int PathMax = 22;

    /// <summary>The root of 1 … <see cref="LeavesMax"/> leaves.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are none, or too many.</exception>
    public static Hash256 Root(IReadOnlyList<Hash256> leaves)
    {
        Hash256[] level = CheckedLeaves(leaves);
        while (level.Length > 1)
        {
            level = Above(level);
        }

        return level[0];
    }

    /// <summary>The hashes beside the way from leaf <paramref name="index"/> to the root, lowest first.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such leaf.</exception>
    public static IReadOnlyList<Hash256> Path(IReadOnlyList<Hash256> leaves, int index)
    {
        Hash256[] level = CheckedLeaves(leaves);
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, level.Length);
        List<Hash256> path = [];
        for (; level.Length > 1; level = Above(level), index >>= 1)
        {
            if ((index ^ 1) < level.Length)
            {
                path.Add(level[index ^ 1]);
            }
        }

        return path;
    }

    /// <summary>True only where the leaf stands at that index among that many under that root.</summary>
    public static bool Verify(Hash256 root, Hash256 leaf, HashPosition position, IReadOnlyList<Hash256> path)
    {
        if (position.Count is < 1 or > LeavesMax || position.Index < 0 || position.Index >= position.Count)
        {
            return false;
        }

        Hash256 node = leaf;
        int used = 0;
        int index = position.Index;
        for (int width = position.Count; width > 1; width = (width + 1) >> 1, index >>= 1)
        {
            if ((index ^ 1) >= width)
            {
                continue;
            }

            if (used == path.Count)
            {
                return false;
            }

            Hash256 beside = path[used++];
            node = (index & 1) == 0 ? Node(node, beside) : Node(beside, node);
        }

        return used == path.Count && node == root;
    }

    /// <summary>How many hashes the path of a leaf has.</summary>
    public static int PathLength(HashPosition position)
    {
        int length = 0;
        int index = position.Index;
        for (int width = position.Count; width > 1; width = (width + 1) >> 1, index >>= 1)
        {
            length += (index ^ 1) < width ? 1 : 0;
        }

        return length;
    }

    /// <summary>The hash of two nodes.</summary>
    internal static Hash256 Node(Hash256 left, Hash256 right)
    {
        Span<byte> bytes = stackalloc byte[1 + (2 * Hash256.Bytes)];
        bytes[0] = NodePrefix;
        left.CopyTo(bytes[1..]);
        right.CopyTo(bytes[(1 + Hash256.Bytes)..]);
        return Hashes.Sha256(bytes);
    }

    /// <summary>The nodes one level higher.</summary>
    internal static Hash256[] Above(Hash256[] level)
    {
        Hash256[] above = new Hash256[(level.Length + 1) >> 1];
        for (int i = 0; i < above.Length; i++)
        {
            above[i] = (2 * i) + 1 < level.Length ? Node(level[2 * i], level[(2 * i) + 1]) : level[2 * i];
        }

        return above;
    }

    private static Hash256[] CheckedLeaves(IReadOnlyList<Hash256> leaves)
    {
        ArgumentOutOfRangeException.ThrowIfZero(leaves.Count, nameof(leaves));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(leaves.Count, LeavesMax, nameof(leaves));
        return [.. leaves];
    }
}

/// <summary>A place in a list of known length.</summary>
/// <param name="Index">The place, 0 … Count − 1.</param>
/// <param name="Count">The length.</param>
public readonly record struct HashPosition(int Index, int Count);
