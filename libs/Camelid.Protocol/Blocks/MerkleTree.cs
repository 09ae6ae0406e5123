using Camelid.Protocol.Transactions;

namespace Camelid.Protocol.Blocks;

/// <summary>Rule C-11: Bitcoin's Merkle tree over transaction ids; an odd level repeats its last node.</summary>
public static class MerkleTree
{
    /// <summary>The deepest branch: no block has 2^24 transactions.</summary>
    public const int DepthMax = 24;

    /// <summary>The root, and whether two neighbours on one level are equal.</summary>
    /// <remarks>
    /// CVE-2012-2459: repeating the last transactions gives the same root, so a mutated block could make a good one's
    /// hash look bad. A list that repeats neighbours is refused by <paramref name="mutated"/>.
    /// </remarks>
    public static Hash256 Root(IReadOnlyList<Hash256> leaves, out bool mutated)
    {
        mutated = false;
        if (leaves.Count == 0)
        {
            return Hash256.Zero;
        }

        Hash256[] level = [.. leaves];
        while (level.Length > 1)
        {
            for (int i = 0; i + 1 < level.Length; i += 2)
            {
                mutated |= level[i] == level[i + 1];
            }

            level = Above(level);
        }

        return level[0];
    }

    /// <summary>The root of the ids of transactions.</summary>
    public static Hash256 Root(IReadOnlyList<Transaction> transactions, out bool mutated) =>
        Root([.. transactions.Select(transaction => transaction.Txid.Value)], out mutated);

    /// <summary>The siblings from a leaf up to the root: a proof that the leaf is in the block.</summary>
    public static IReadOnlyList<Hash256> Branch(IReadOnlyList<Hash256> leaves, int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)leaves.Count, nameof(index));
        List<Hash256> branch = [];
        Hash256[] level = [.. leaves];
        for (int at = index; level.Length > 1; at /= 2)
        {
            branch.Add(level[Math.Min(at ^ 1, level.Length - 1)]);
            level = Above(level);
        }

        return branch;
    }

    /// <summary>The root that a leaf, its index and its branch lead to; null where the branch is too deep.</summary>
    public static Hash256? RootOfBranch(Hash256 leaf, int index, IReadOnlyList<Hash256> branch)
    {
        if (branch.Count > DepthMax || index < 0 || index >> branch.Count != 0)
        {
            return null;
        }

        Hash256 node = leaf;
        for (int depth = 0; depth < branch.Count; depth++)
        {
            node = ((index >> depth) & 1) == 0 ? Node(node, branch[depth]) : Node(branch[depth], node);
        }

        return node;
    }

    private static Hash256[] Above(Hash256[] level)
    {
        Hash256[] above = new Hash256[(level.Length + 1) / 2];
        for (int i = 0; i < above.Length; i++)
        {
            above[i] = Node(level[2 * i], level[Math.Min((2 * i) + 1, level.Length - 1)]);
        }

        return above;
    }

    private static Hash256 Node(Hash256 left, Hash256 right)
    {
        Span<byte> pair = stackalloc byte[2 * Hash256.Bytes];
        left.CopyTo(pair);
        right.CopyTo(pair[Hash256.Bytes..]);
        return Hashes.Sha256d(pair);
    }
}
