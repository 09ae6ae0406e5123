using Camelid.Chain.Storage;
using Camelid.Protocol.Blocks;

namespace Camelid.Chain.Blocks;

/// <summary>A block that is not on the disk: never came, was pruned, or can't be read any more.</summary>
internal sealed class BlockUnavailableException(BlockHash hash)
    : IOException($"block {hash} is not on this node's disk");

/// <summary>
/// Rule C-38: removes the oldest files of blocks and undo data beyond a size, but never one with a block that a
/// snapshot or a reorg of 288 blocks may need.
/// </summary>
internal sealed class BlockPruning(
    IChainStore store, BlockTree tree, ActiveChain active, ChainStateOptions options)
{
    /// <summary>Blocks below the tip that are kept whatever their size.</summary>
    public const int KeptBlocks = 288;

    /// <summary>Removes what is too much. A disk that takes not even that is asked again next time.</summary>
    public void Run()
    {
        if (options.PruneBytes <= 0)
        {
            return;
        }

        try
        {
            while (store.BlockAndUndoBytes() > options.PruneBytes && store.OldestBlockSegment() is { } segment
                && TryRemove(segment))
            {
            }
        }
        catch (IOException)
        {
            // The store says why.
        }
    }

    private bool TryRemove(int segment)
    {
        int limit = Math.Min(active.Tip.Height - options.KeptBlocks, store.OldestSnapshotHeight);
        BlockEntry[] gone = [.. tree.All.Where(entry =>
            entry.HasBlock && entry.Parent is not null && entry.Stored.Position.Segment == segment)];
        if (gone.Any(entry => entry.Height >= limit))
        {
            return false;
        }

        int firstUndo = active.Entries.Skip(limit).Where(entry => !entry.Undo.Position.IsNone)
            .Select(entry => entry.Undo.Position.Segment).DefaultIfEmpty(0).Min();
        foreach (BlockEntry entry in gone)
        {
            // One beside the chain is asked for again, should its branch come to have the most work.
            entry.IsPruned = active.Contains(entry);
            JournalKind kind = entry.IsPruned ? JournalKind.BlockPruned : JournalKind.BlockLost;
            store.Note(new JournalRecord { Kind = kind, Hash = entry.Hash });
        }

        foreach (BlockEntry entry in tree.All.Where(entry =>
            !entry.Undo.Position.IsNone && entry.Undo.Position.Segment < firstUndo))
        {
            entry.Undo = entry.Undo with { Position = default };
            store.Note(new JournalRecord { Kind = JournalKind.UndoLost, Hash = entry.Hash });
        }

        tree.Prune(gone.Where(entry => !active.Contains(entry)), gone.Where(active.Contains));
        store.RemoveBlocks(segment, firstUndo);
        return true;
    }
}
