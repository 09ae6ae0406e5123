using System.Diagnostics;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;

namespace Camelid.Chain.Blocks;

/// <summary>
/// The blocks that are connected, genesis first, with the unspent outputs that they leave. Goes from block to block;
/// which one is wanted, others decide.
/// </summary>
internal sealed class ActiveChain
{
    /// <summary>Deepest reorg: undo data of deeper blocks are not kept.</summary>
    public const int ReorgBlocksMax = 288;

    private readonly ChainIdentity identity;
    private readonly BlockLog log;
    private readonly List<BlockEntry> entries;

    /// <summary>A chain of the first block only.</summary>
    public ActiveChain(ChainIdentity identity, BlockLog log, BlockEntry genesis)
    {
        this.identity = identity;
        this.log = log;
        entries = [genesis];
        Outputs = new UtxoSet(identity.Keys);
    }

    /// <summary>The blocks: the index is the height.</summary>
    public IReadOnlyList<BlockEntry> Entries => entries;

    /// <summary>The last block.</summary>
    public BlockEntry Tip => entries[^1];

    /// <summary>The unspent outputs.</summary>
    public UtxoSet Outputs { get; }

    /// <summary>True where the block is connected.</summary>
    public bool Contains(BlockEntry entry) => entry.Height < entries.Count && entries[entry.Height] == entry;

    /// <summary>The blocks above a height.</summary>
    public IReadOnlyList<BlockEntry> Above(int height) => entries[(height + 1)..];

    /// <summary>The transactions of a block that is here.</summary>
    public Block ReadBlock(BlockEntry entry) => entry.Parent is null
        ? identity.Network.Genesis
        : entry.HasBlock && Block.TryDecode(log.Read(entry.Stored.Position), out Block? block)
            ? block
            : throw new UnreachableException($"block {entry.Hash} of the log was readable and is not any more");

    /// <summary>What a block on this parent is judged by.</summary>
    public ChainContext ContextAfter(BlockEntry parent) =>
        new(identity.Network, identity.Checks.BlockCurve, parent.Hash, parent.MedianTimePast())
        {
            Scripts = identity.Checks.Runner,
            Bits = Difficulty.NextBits(identity.Network, parent.Height, parent.EffectiveSeconds),
        };

    /// <summary>Judges a block on the tip; changes nothing.</summary>
    public ConnectResult Judge(Block block) =>
        ChainConnector.Connect(block, Tip.Height + 1, ContextAfter(Tip), Outputs);

    /// <summary>Connects a block on the tip that was judged.</summary>
    public void Connect(BlockEntry entry, ConnectResult result)
    {
        Outputs.Apply(result.Changes);
        entry.FeeGrains = [.. result.TransactionFees.Select(fee => fee.Grains)];
        entry.Undo = result.Undo;
        entries.Add(entry);
        if (entry.Height > ReorgBlocksMax)
        {
            entries[entry.Height - ReorgBlocksMax].Undo = null;
        }
    }

    /// <summary>True where the undo data reach back to where a branch began.</summary>
    public bool IsInReach(BlockEntry target) =>
        Tip.Height - BlockEntry.ForkOf(Tip, target).Height <= ReorgBlocksMax;

    /// <summary>Goes to a block; where one on the way is refused, stays at the one before it and says which.</summary>
    public (BlockEntry Entry, RuleCode Code)? TryReach(BlockEntry target)
    {
        int forkHeight = BlockEntry.ForkOf(Tip, target).Height;
        DisconnectDownTo(forkHeight);
        for (int height = forkHeight + 1; height <= target.Height; height++)
        {
            BlockEntry entry = target.Ancestor(height);
            ConnectResult result = Judge(ReadBlock(entry));
            if (result.Code != RuleCode.Accepted)
            {
                return (entry, result.Code);
            }

            Connect(entry, result);
        }

        return null;
    }

    /// <summary>Rule C-19: disconnects blocks until the tip has a height.</summary>
    public void DisconnectDownTo(int height)
    {
        while (Tip.Height > height)
        {
            BlockEntry tip = Tip;
            BlockUndo undo = tip.Undo ?? throw new UnreachableException($"block {tip.Hash} has no undo data");
            Outputs.Apply(ChainConnector.Disconnect(ReadBlock(tip), undo, Outputs));
            tip.Undo = null;
            entries.RemoveAt(entries.Count - 1);
        }
    }
}
