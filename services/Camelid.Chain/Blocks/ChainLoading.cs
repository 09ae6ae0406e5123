using Camelid.Chain.Storage;
using Camelid.Protocol.Blocks;

namespace Camelid.Chain.Blocks;

/// <summary>
/// Rule C-36: a start takes the newest good snapshot and replays the blocks behind it, without the scripts that were
/// judged before. What is damaged is made again from blocks, or waits for peers.
/// </summary>
internal sealed class ChainLoading(ChainIdentity identity, IChainStore store, BlockTree tree, ActiveChain active)
{
    /// <summary>Depth to which lost undo data are worth an older snapshot, in blocks.</summary>
    private const int UndoDepth = 288;

    private readonly StoredChain stored = store.Load();

    /// <summary>Blocks of which the journal says nothing, in their order: they are to be judged as new ones.</summary>
    public IReadOnlyList<FramePosition> Found => stored.Found;

    /// <summary>The blocks that the operator set aside.</summary>
    public IReadOnlyCollection<BlockHash> SetAside => stored.SetAside;

    /// <summary>Fills the tree, and sets the active chain on a snapshot where there is one.</summary>
    public void Run()
    {
        foreach (StoredEntry entry in stored.Entries)
        {
            if (!tree.TryFind(entry.Hash, out BlockEntry? _)
                && tree.TryFind(entry.Header.PreviousHash, out BlockEntry? parent))
            {
                BlockEntry added = tree.Add(entry.Header, entry.Hash, parent);
                (added.Undo, added.WasConnected, added.IsPruned) = (entry.Undo, entry.WasConnected, entry.IsPruned);
            }
        }

        Dictionary<BlockHash, StoredEntry> byHash = stored.Entries.ToDictionary(entry => entry.Hash);
        StartAtSnapshot(byHash);
        foreach (StoredEntry entry in stored.Entries.OrderBy(entry => entry.Block.Position.Segment)
            .ThenBy(entry => entry.Block.Position.Offset))
        {
            SetStored(entry);
        }

        foreach ((BlockHash hash, bool isRefused) in stored.Refusals)
        {
            if (tree.TryFind(hash, out BlockEntry? entry))
            {
                (isRefused ? (Action<BlockEntry>)tree.Refuse : tree.Reconsider)(entry);
            }
        }
    }

    /// <summary>What the undo log knows of a block that the journal does not.</summary>
    public void Recall(BlockEntry entry)
    {
        if (stored.FoundUndo.TryGetValue(entry.Hash, out UndoPlace undo) && !entry.WasConnected)
        {
            (entry.Undo, entry.WasConnected) = (undo, true);
            store.Note(new JournalRecord { Kind = JournalKind.Undo, Hash = entry.Hash, Undo = undo });
        }
    }

    /// <summary>The blocks of a chain, genesis first.</summary>
    private static BlockEntry[] ChainOf(BlockEntry tip)
    {
        BlockEntry[] chain = new BlockEntry[tip.Height + 1];
        for (BlockEntry? entry = tip; entry is not null; entry = entry.Parent)
        {
            chain[entry.Height] = entry;
        }

        return chain;
    }

    private void SetStored(StoredEntry entry)
    {
        if (entry.Block.TransactionCount == 0 || !tree.TryFind(entry.Hash, out BlockEntry? found))
        {
            return;
        }

        StoredBlock block = new(entry.Block.Position, entry.Block.TransactionCount, entry.Block.ClaimedGrains);
        if (block.Position.IsNone)
        {
            found.Stored = block;
        }
        else
        {
            tree.SetStored(found, block);
        }
    }

    private void StartAtSnapshot(Dictionary<BlockHash, StoredEntry> byHash)
    {
        List<(StoredSnapshot Snapshot, BlockEntry[] Chain, bool IsWhole)> usable = [];
        foreach (StoredSnapshot snapshot in stored.Snapshots)
        {
            if (tree.TryFind(snapshot.Tip, out BlockEntry? tip) && tip.Height == snapshot.Height)
            {
                BlockEntry[] chain = ChainOf(tip);
                usable.Add((snapshot, chain, chain.Skip(1).TakeLast(UndoDepth).All(entry =>
                    !entry.Undo.Position.IsNone)));
            }
        }

        // Undo data that were lost are made again on the way from an older snapshot, or from genesis.
        bool canReplay = usable.Count > 0 && usable[0].Chain.Skip(1).All(entry =>
            byHash.TryGetValue(entry.Hash, out StoredEntry? found) && !found.Block.Position.IsNone);
        foreach ((StoredSnapshot snapshot, BlockEntry[] chain, bool isWhole) in usable.OrderByDescending(
            candidate => candidate.IsWhole))
        {
            if (!isWhole && canReplay)
            {
                return;
            }

            if (store.LoadSnapshot(snapshot, identity.Salt) is { } outputs)
            {
                active.StartAt(chain, outputs);
                tree.SetReached(chain);
                return;
            }
        }
    }
}
