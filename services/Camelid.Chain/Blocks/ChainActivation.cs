using Camelid.Chain.Storage;
using Camelid.Protocol;

namespace Camelid.Chain.Blocks;

/// <summary>Goes from the active chain to a better one, and copes with what stops it on the way.</summary>
internal sealed class ChainActivation(IChainStore store, BlockTree tree, ActiveChain active, BlockPruning pruning)
{
    /// <summary>Makes the best connectable chain the active one; those that break a rule are refused.</summary>
    /// <param name="before">The tip when the caller began.</param>
    public BlockAcceptance Run(BlockEntry before)
    {
        List<(BlockEntry, RuleCode)> refused = [];
        try
        {
            while (tree.BestConnectable() is { } target && IsBetter(target, active.Tip) && active.IsInReach(target))
            {
                if (active.TryReach(target) is { } failure)
                {
                    Note(failure, refused);
                }
            }
        }
        catch (IOException)
        {
            ReturnTo(before);
        }

        if (active.SaveSnapshotWhereDue())
        {
            pruning.Run();
        }

        BlockEntry fork = BlockEntry.ForkOf(before, active.Tip);
        List<BlockEntry> left = [];
        for (BlockEntry entry = before; entry != fork; entry = entry.Parent!)
        {
            left.Add(entry);
        }

        return new BlockAcceptance
        {
            Code = RuleCode.Accepted,
            Connected = active.Above(fork.Height),
            Disconnected = left,
            Refused = refused,
        };
    }

    private void Note(ReachFailure failure, List<(BlockEntry, RuleCode)> refused)
    {
        if (failure.Code == RuleCode.BlockDataMissing)
        {
            LoseData(failure.Entry);
            return;
        }

        refused.Add((failure.Entry, failure.Code));
        tree.Refuse(failure.Entry);
        store.Note(new JournalRecord { Kind = JournalKind.Refused, Hash = failure.Entry.Hash });
    }

    /// <summary>
    /// What a walk needed of a block can't be read: the block is fetched again; undo data are made again by the next
    /// start.
    /// </summary>
    public void LoseData(BlockEntry entry)
    {
        if (active.TryReadBlock(entry) is null)
        {
            LoseBlock(entry);
            return;
        }

        entry.Undo = entry.Undo with { Position = default };
        store.Note(new JournalRecord { Kind = JournalKind.UndoLost, Hash = entry.Hash });
    }

    /// <summary>A block can't be read any more: it is no longer here, and may come again.</summary>
    public void LoseBlock(BlockEntry entry)
    {
        (active.Contains(entry) ? (Action<BlockEntry>)tree.LoseConnected : tree.Lose)(entry);
        store.Note(new JournalRecord { Kind = JournalKind.BlockLost, Hash = entry.Hash });
    }

    /// <summary>A full disk stopped a reorg: the blocks of before need no more room.</summary>
    private void ReturnTo(BlockEntry tip)
    {
        try
        {
            if (!tip.IsRefused && active.TryReach(tip) is { } failure)
            {
                Note(failure, []);
            }
        }
        catch (IOException)
        {
            // Where not even that goes, the chain stays at the block that it has come to; the next call goes on.
        }
    }

    private static bool IsBetter(BlockEntry target, BlockEntry tip) => target != tip
        && (tip.IsRefused || target.Work > tip.Work
            || (target.Work == tip.Work && target.Sequence < tip.Sequence));
}
