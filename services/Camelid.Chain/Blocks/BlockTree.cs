using System.Diagnostics.CodeAnalysis;
using Camelid.Protocol.Blocks;

namespace Camelid.Chain.Blocks;

/// <summary>
/// The known headers, from genesis on; which of them can be connected, and which are refused. Holds no transactions.
/// </summary>
internal sealed class BlockTree
{
    private readonly Dictionary<BlockHash, BlockEntry> known = [];
    private readonly Dictionary<BlockHash, List<BlockEntry>> waiting = [];
    private readonly HashSet<BlockEntry> leaves = [];
    private readonly HashSet<BlockEntry> lost = [];
    private long sequence;

    /// <summary>A tree of the first block only.</summary>
    public BlockTree(BlockEntry genesis)
    {
        known.Add(genesis.Hash, genesis);
        leaves.Add(genesis);
        BestHeader = genesis;
    }

    /// <summary>Headers known.</summary>
    public int Count => known.Count;

    /// <summary>The header with the most work that is not refused, the first seen where two are equal.</summary>
    public BlockEntry BestHeader { get; private set; }

    /// <summary>All entries, in no order.</summary>
    public IEnumerable<BlockEntry> All => known.Values;

    /// <summary>Connected blocks that the disk lost: they are to be fetched again.</summary>
    public IReadOnlyCollection<BlockEntry> Lost => lost;

    /// <summary>The entry of a hash.</summary>
    public bool TryFind(BlockHash hash, [NotNullWhen(true)] out BlockEntry? entry) =>
        known.TryGetValue(hash, out entry);

    /// <summary>Adds a header, judged before, on a parent that is known and not refused.</summary>
    public BlockEntry Add(BlockHeader header, BlockHash hash, BlockEntry parent)
    {
        BlockEntry entry = new(header, hash, parent);
        known.Add(hash, entry);
        if (entry.Work > BestHeader.Work)
        {
            BestHeader = entry;
        }

        return entry;
    }

    /// <summary>The block of an entry is on the disk: it and what waited for it may have become connectable.</summary>
    public void SetStored(BlockEntry entry, StoredBlock stored)
    {
        entry.Stored = stored;
        entry.IsPruned = false;
        lost.Remove(entry);
        BlockEntry parent = entry.Parent!;
        if (entry.HasAncestorBlocks)
        {
            entry.Sequence = entry.Sequence == 0 ? ++sequence : entry.Sequence;
            return;
        }

        if (!parent.HasAncestorBlocks)
        {
            Wait(entry);
            return;
        }

        Stack<BlockEntry> open = new([entry]);
        while (open.TryPop(out BlockEntry? next))
        {
            next.HasAncestorBlocks = true;
            next.Sequence = ++sequence;
            if (!next.IsRefused)
            {
                leaves.Remove(next.Parent!);
                leaves.Add(next);
            }

            if (waiting.Remove(next.Hash, out List<BlockEntry>? children))
            {
                children.ForEach(open.Push);
            }
        }
    }

    /// <summary>
    /// A chain of which the unspent outputs are known can be built on, whether its blocks are here or not.
    /// </summary>
    public void SetReached(IEnumerable<BlockEntry> chain)
    {
        foreach (BlockEntry entry in chain)
        {
            entry.HasAncestorBlocks = true;
            if (!entry.HasBlock && !entry.IsPruned)
            {
                lost.Add(entry);
            }
        }

        Recount();
    }

    /// <summary>The disk lost a block that is connected: it can be built on, and is to be fetched again.</summary>
    public void LoseConnected(BlockEntry entry)
    {
        entry.Stored = entry.Stored! with { Position = default };
        lost.Add(entry);
    }

    /// <summary>Blocks were removed to save room. Connected ones can still be built on.</summary>
    public void Prune(IEnumerable<BlockEntry> aside, IEnumerable<BlockEntry> connected)
    {
        foreach (BlockEntry entry in connected)
        {
            entry.Stored = entry.Stored! with { Position = default };
        }

        foreach (BlockEntry entry in aside)
        {
            Lose(entry);
        }
    }

    /// <summary>The disk lost a block that is not connected: what builds on it waits until it comes again.</summary>
    public void Lose(BlockEntry entry)
    {
        entry.Stored = entry.Stored! with { Position = default };
        foreach (BlockEntry next in known.Values.Where(next => next.HasAncestorBlocks
            && next.Height >= entry.Height && next.Ancestor(entry.Height) == entry).ToArray())
        {
            next.HasAncestorBlocks = false;
            if (next != entry && next.HasBlock)
            {
                Wait(next);
            }
        }

        Recount();
    }

    /// <summary>The connectable entry with the most work, the first seen where two are equal.</summary>
    public BlockEntry BestConnectable()
    {
        BlockEntry? best = null;
        foreach (BlockEntry leaf in leaves)
        {
            if (best is null || leaf.Work > best.Work || (leaf.Work == best.Work && leaf.Sequence < best.Sequence))
            {
                best = leaf;
            }
        }

        return best!;
    }

    /// <summary>Refuses an entry and all that build on it.</summary>
    public void Refuse(BlockEntry entry)
    {
        foreach (BlockEntry next in known.Values)
        {
            next.IsRefused |= next.Height >= entry.Height && next.Ancestor(entry.Height) == entry;
        }

        Recount();
    }

    /// <summary>Takes the refusal of an entry, of its ancestors and of its descendants back.</summary>
    public void Reconsider(BlockEntry entry)
    {
        foreach (BlockEntry next in known.Values)
        {
            bool isRelated = next.Height >= entry.Height
                ? next.Ancestor(entry.Height) == entry
                : entry.Ancestor(next.Height) == next;
            next.IsRefused &= !isRelated;
        }

        Recount();
    }

    /// <summary>True where one of the two is known to build on the other, or they are the same.</summary>
    public bool IsRelated(BlockHash hash, BlockEntry entry)
    {
        BlockEntry? other = TryFind(hash, out BlockEntry? found) ? found : null;
        BlockEntry? fork = other is null ? null : BlockEntry.ForkOf(other, entry);
        return fork is not null && (fork == other || fork == entry);
    }

    private void Wait(BlockEntry entry)
    {
        if (!waiting.TryGetValue(entry.Parent!.Hash, out List<BlockEntry>? siblings))
        {
            waiting[entry.Parent.Hash] = siblings = [];
        }

        siblings.Add(entry);
    }

    private void Recount()
    {
        leaves.Clear();
        HashSet<BlockEntry> parents = [];
        BlockEntry[] good = [.. known.Values.Where(entry => !entry.IsRefused)];
        parents.UnionWith(good.Where(entry => entry.HasAncestorBlocks && entry.Parent is not null)
            .Select(entry => entry.Parent!));
        leaves.UnionWith(good.Where(entry => entry.HasAncestorBlocks && !parents.Contains(entry)));
        BestHeader = good.Aggregate((best, entry) =>
            entry.Work > best.Work || (entry.Work == best.Work && entry == BestHeader) ? entry : best);
    }
}
