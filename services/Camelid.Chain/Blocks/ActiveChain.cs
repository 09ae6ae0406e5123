using Camelid.Chain.Storage;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Scripts;

namespace Camelid.Chain.Blocks;

/// <summary>Where a walk along blocks ended too early, and why.</summary>
/// <param name="Entry">The block.</param>
/// <param name="Code">The rule that refused it, or <see cref="RuleCode.BlockDataMissing"/>.</param>
internal readonly record struct ReachFailure(BlockEntry Entry, RuleCode Code);

/// <summary>
/// The blocks that are connected, genesis first, with the unspent outputs that they leave. Goes from block to block;
/// which one is wanted, others decide.
/// </summary>
internal sealed class ActiveChain
{
    /// <summary>Connected blocks after which a long walk waits for the disk.</summary>
    private const int BlocksPerFlush = 256;

    private readonly ChainIdentity identity;
    private readonly IChainStore store;
    private readonly SnapshotPolicy snapshots;
    private List<BlockEntry> entries;

    /// <summary>A chain of the first block only.</summary>
    public ActiveChain(ChainIdentity identity, IChainStore store, BlockEntry genesis, ChainStateOptions options)
    {
        this.identity = identity;
        this.store = store;
        entries = [genesis];
        snapshots = new SnapshotPolicy(store, options);
        Outputs = new UtxoSet(identity.Keys, identity.Salt);
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

    /// <summary>Begins at a block whose unspent outputs a snapshot has.</summary>
    public void StartAt(IReadOnlyList<BlockEntry> chain, CompactOutputs outputs)
    {
        entries = [.. chain];
        Outputs.Replace(outputs);
    }

    /// <summary>The transactions of a block, or null where they are not on the disk.</summary>
    public Block? TryReadBlock(BlockEntry entry) => entry.Parent is null ? identity.Network.Genesis
        : entry.HasBlock && store.ReadBlock(entry.Stored.Position) is { } block && block.Hash == entry.Hash ? block
        : null;

    /// <summary>What a block on this parent is judged by.</summary>
    public ChainContext ContextAfter(BlockEntry parent) =>
        new(identity.Network, identity.Checks.BlockCurve, parent.Hash, parent.MedianTimePast())
        {
            Scripts = identity.Checks.Runner,
            Bits = Difficulty.NextBits(identity.Network, parent.Height, parent.EffectiveSeconds),
        };

    /// <summary>Judges a block on the tip; changes nothing. Scripts of one that was connected before hold.</summary>
    public ConnectResult Judge(BlockEntry entry, Block block)
    {
        ChainContext context = ContextAfter(Tip);
        context = entry.WasConnected ? context with { Scripts = ScriptsJudgedBefore.Instance } : context;
        return ChainConnector.Connect(block, Tip.Height + 1, context, Outputs);
    }

    /// <summary>Keeps what takes a block on the tip off again; once for each block.</summary>
    /// <exception cref="IOException">The disk takes it not: nothing was changed.</exception>
    public void StoreUndo(BlockEntry entry, ConnectResult result)
    {
        if (entry.Undo.Position.IsNone)
        {
            StoredUndo undo = new(result.Undo!, [.. result.TransactionFees.Select(fee => fee.Grains)]);
            entry.Undo = store.AddUndo(entry.Hash, undo);
            store.Note(new JournalRecord { Kind = JournalKind.Undo, Hash = entry.Hash, Undo = entry.Undo });
        }
    }

    /// <summary>Connects a block on the tip that was judged and whose undo data are kept.</summary>
    public void Connect(BlockEntry entry, ConnectResult result)
    {
        Outputs.Apply(result.Changes);
        entry.WasConnected = true;
        entries.Add(entry);
        snapshots.Count(entry);
    }

    /// <summary>True where all blocks above the fork can be taken off.</summary>
    public bool IsInReach(BlockEntry target)
    {
        int fork = BlockEntry.ForkOf(Tip, target).Height;
        for (int height = Tip.Height; height > fork; height--)
        {
            if (!entries[height].CanDisconnect)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Goes to a block; where one on the way stops it, stays at the one before and says which.</summary>
    /// <exception cref="IOException">The disk is full: the chain stays at some block on the way.</exception>
    public ReachFailure? TryReach(BlockEntry target)
    {
        int forkHeight = BlockEntry.ForkOf(Tip, target).Height;
        if (DisconnectDownTo(forkHeight) is { } stuck)
        {
            return stuck;
        }

        for (int height = forkHeight + 1; height <= target.Height; height++)
        {
            BlockEntry entry = target.Ancestor(height);
            if (TryReadBlock(entry) is not { } block)
            {
                return new ReachFailure(entry, RuleCode.BlockDataMissing);
            }

            ConnectResult result = Judge(entry, block);
            if (result.Code != RuleCode.Accepted)
            {
                return new ReachFailure(entry, result.Code);
            }

            StoreUndo(entry, result);
            Connect(entry, result);
            if ((height - forkHeight) % BlocksPerFlush == 0)
            {
                store.Flush();
                SaveSnapshotWhereDue();
            }
        }

        return null;
    }

    /// <summary>Rule C-19: disconnects blocks until the tip has a height.</summary>
    /// <returns>The tip that could not be taken off, or null.</returns>
    public ReachFailure? DisconnectDownTo(int height)
    {
        while (Tip.Height > height)
        {
            BlockEntry tip = Tip;
            if (TryReadBlock(tip) is not { } block
                || store.ReadUndo(tip.Hash, tip.Undo.Position) is not { } undo)
            {
                return new ReachFailure(tip, RuleCode.BlockDataMissing);
            }

            Outputs.Apply(ChainConnector.Disconnect(block, undo.Undo, Outputs));
            entries.RemoveAt(entries.Count - 1);
        }

        return null;
    }

    /// <summary>Rule C-35: keeps the unspent outputs where replaying would begin to cost more than that.</summary>
    public bool SaveSnapshotWhereDue() => snapshots.SaveWhereDue(Tip, Outputs.Compact);

    /// <summary>Keeps the unspent outputs now, where blocks were connected since the last time.</summary>
    public void SaveSnapshot() => snapshots.Save(Tip, Outputs.Compact);

    /// <summary>The batch of a block that was judged before: its scripts ran then.</summary>
    private sealed class ScriptsJudgedBefore : IScriptRunner, IScriptBatch
    {
        public static ScriptsJudgedBefore Instance { get; } = new();

        public IScriptBatch Start() => this;

        public void Add(ScriptContext input)
        {
        }

        public RuleCode Finish() => RuleCode.Accepted;

        public void Dispose()
        {
        }
    }
}
