using Camelid.Chain.Storage;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;

namespace Camelid.Chain.Blocks;

/// <summary>
/// Judges headers and blocks, and keeps those that hold: <see cref="ChainState"/> without its lock.
/// </summary>
internal sealed class BlockJudge(
    Network network, IChainStore store, BlockTree tree, ActiveChain active, ChainActivation activation)
{
    /// <summary>Bytes of blocks that may wait for a flush.</summary>
    private const int UnflushedBytesMax = 8 << 20;

    /// <summary>
    /// True where a block waits for ancestors: without their headers, which only the journal has, it would be lost.
    /// </summary>
    private bool hasGap;

    /// <summary>The blocks that the operator set aside; one that is not known yet is refused when it comes.</summary>
    public HashSet<BlockHash> SetAside { get; } = [];

    /// <summary>Judges a header and keeps it.</summary>
    /// <param name="header">The header.</param>
    /// <param name="entry">Its entry where it is known now, refused or not.</param>
    public RuleCode Find(BlockHeader header, out BlockEntry? entry)
    {
        BlockHash hash = header.Hash;
        if (tree.TryFind(hash, out entry))
        {
            return entry.IsRefused ? RuleCode.BlockRefusedBefore : RuleCode.Accepted;
        }

        if (!tree.TryFind(header.PreviousHash, out BlockEntry? parent))
        {
            return RuleCode.WrongPreviousBlock;
        }

        RuleCode code = parent.IsRefused
            ? RuleCode.ParentRefused
            : BlockRules.CheckHeader(header, active.ContextAfter(parent).Header);
        entry = code == RuleCode.Accepted ? tree.Add(header, hash, parent) : null;
        if (entry is not null)
        {
            store.Note(new JournalRecord { Kind = JournalKind.Header, Header = header });
            if (SetAside.Contains(hash))
            {
                tree.Refuse(entry);
                return RuleCode.BlockRefusedBefore;
            }
        }

        return code;
    }

    /// <summary>Takes a block in.</summary>
    /// <param name="block">The block.</param>
    /// <param name="position">Where it lies already, or null where it must be written.</param>
    /// <param name="durability">When it must be on the disk.</param>
    public BlockAcceptance Accept(Block block, FramePosition? position, Durability durability)
    {
        RuleCode code = Find(block.Header, out BlockEntry? entry);
        if (code != RuleCode.Accepted || entry!.HasBlock)
        {
            bool isSafe = code != RuleCode.Accepted || durability == Durability.AtFlush || TryFlush();
            return new BlockAcceptance { Code = isSafe ? code : RuleCode.BlockNotStored };
        }

        code = BlockRules.CheckBlock(block, network);
        code = code == RuleCode.Accepted ? Coinbase.Check(block.Transactions[0], entry.Height, network) : code;
        if (code != RuleCode.Accepted)
        {
            return Refuse(entry, code);
        }

        return entry.Parent == active.Tip
            ? Extend(block, entry, position, durability)
            : Branch(block, entry, position, durability);
    }

    /// <summary>
    /// Refuses a block. Transactions that do not belong to the header say nothing about it: the right ones may come.
    /// </summary>
    private BlockAcceptance Refuse(BlockEntry entry, RuleCode code)
    {
        if (code is not (RuleCode.MerkleRootMismatch or RuleCode.MerkleTreeMutated
            or RuleCode.BlockWithoutTransactions))
        {
            tree.Refuse(entry);
            store.Note(new JournalRecord { Kind = JournalKind.Refused, Hash = entry.Hash });
        }

        return new BlockAcceptance { Code = code };
    }

    /// <summary>A block on the tip is connected before it is written: a bad one takes no room.</summary>
    private BlockAcceptance Extend(Block block, BlockEntry entry, FramePosition? position, Durability durability)
    {
        BlockEntry before = active.Tip;
        ConnectResult result = active.Judge(entry, block);
        if (result.Code != RuleCode.Accepted)
        {
            return Refuse(entry, result.Code);
        }

        try
        {
            active.StoreUndo(entry, result);
        }
        catch (IOException)
        {
            // A block that lies on the disk already stays known, and is connected when there is room.
            return position is null
                ? new BlockAcceptance { Code = RuleCode.BlockNotStored }
                : Branch(block, entry, position, durability);
        }

        if (!TryStore(block, entry, position, durability))
        {
            return new BlockAcceptance { Code = RuleCode.BlockNotStored };
        }

        active.Connect(entry, result);
        return activation.Run(before);
    }

    /// <summary>A block elsewhere: kept, and its chain tried where it has more work and no gap.</summary>
    private BlockAcceptance Branch(Block block, BlockEntry entry, FramePosition? position, Durability durability)
    {
        if (!TryStore(block, entry, position, durability))
        {
            return new BlockAcceptance { Code = RuleCode.BlockNotStored };
        }

        BlockAcceptance acceptance = activation.Run(active.Tip);
        foreach ((BlockEntry refused, RuleCode code) in acceptance.Refused)
        {
            if (refused.Height <= entry.Height && entry.Ancestor(refused.Height) == refused)
            {
                return acceptance with { Code = code };
            }
        }

        return acceptance;
    }

    /// <summary>Rule C-37: a block that the disk takes not has changed nothing, and may come again.</summary>
    private bool TryStore(Block block, BlockEntry entry, FramePosition? position, Durability durability)
    {
        BlockPlace place;
        try
        {
            place = position is { } there ? BlockPlace.Of(block, there) : store.AddBlock(block);
        }
        catch (IOException)
        {
            return false;
        }

        hasGap |= !entry.Parent!.HasAncestorBlocks;
        store.Note(new JournalRecord { Kind = JournalKind.Block, Hash = entry.Hash, Block = place });
        bool waits = durability == Durability.Now || store.UnflushedBytes > UnflushedBytesMax;
        if (position is null && waits && !TryFlush())
        {
            store.DropBlock(place);
            return false;
        }

        tree.SetStored(entry, StoredBlock.Of(block, place.Position));
        return true;
    }

    /// <summary>Waits until all blocks that were taken are on the disk; false where the disk takes them not.</summary>
    public bool TryFlush()
    {
        try
        {
            if (hasGap)
            {
                store.FlushAll();
                hasGap = false;
            }

            store.Flush();
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
