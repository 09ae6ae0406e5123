using System.Diagnostics;
using Camelid.Chain.Keys;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Keys;

namespace Camelid.Chain.Blocks;

/// <summary>The network, the curve and the operator's keys: what the state is judged by and sorted with.</summary>
internal sealed record ChainIdentity(Network Network, ISecp256k1 Curve, OperatorKeys Keys);

/// <summary>
/// Rule C-32: the known blocks and the unspent outputs of the active chain: the one with the most work, the first
/// seen where two are equal. Rebuilt from the log at start; each new block is in the log before it counts.
/// </summary>
internal sealed class ChainState : IDisposable
{
    /// <summary>Deepest reorg: undo data of deeper blocks are not kept.</summary>
    public const int ReorgBlocksMax = 288;

    private readonly Lock gate = new();
    private readonly BlockLog log;
    private readonly ChainIdentity identity;
    private readonly UtxoSet outputs;
    private readonly List<BlockEntry> active = [];
    private readonly Dictionary<BlockHash, BlockEntry> known = [];

    private ChainState(BlockLog log, ChainIdentity identity)
    {
        this.log = log;
        this.identity = identity;
        outputs = new UtxoSet(identity.Keys);
        Block genesis = identity.Network.Genesis;
        BlockEntry entry = EntryOf(genesis, null, default);
        entry.FeeGrains = [0];
        known.Add(entry.Hash, entry);
        active.Add(entry);
    }

    /// <summary>The network.</summary>
    public Network Network => identity.Network;

    /// <summary>The curve.</summary>
    public ISecp256k1 Curve => identity.Curve;

    /// <summary>The operator's keys.</summary>
    public OperatorKeys Keys => identity.Keys;

    /// <summary>Bytes of a block that a crash had cut off, dropped at opening.</summary>
    public long DroppedBytes => log.DroppedBytes;

    /// <summary>Opens the log and replays it, judging every block anew.</summary>
    /// <exception cref="BlockLogDamagedException">It is damaged, or holds a block that the rules refuse.</exception>
    public static ChainState Open(string path, ChainIdentity identity)
    {
        BlockLog log = BlockLog.Open(path, identity.Network.GenesisHash, out IReadOnlyList<BlockPosition> frames);
        ChainState state = new(log, identity);
        foreach (BlockPosition position in frames)
        {
            RuleCode code = Block.TryDecode(log.Read(position), out Block? block)
                ? state.Accept(block, () => position).Code
                : RuleCode.Unset;

            // A branch that was refused when it was tried is in the log, known and refused again.
            if (code != RuleCode.Accepted && (block is null || !state.known.ContainsKey(block.Hash)))
            {
                state.Dispose();
                throw new BlockLogDamagedException(
                    $"{path}: the block at offset {position.Offset} is refused ({code.ToReason()}). It was written by "
                    + "another version: move the file away and let the node start its chain again.");
            }
        }

        return state;
    }

    /// <summary>Reads under the lock; <paramref name="read"/> must be quick and must not keep the reading.</summary>
    public T Read<T>(Func<ChainReading, T> read)
    {
        lock (gate)
        {
            return read(new ChainReading(active, known, outputs));
        }
    }

    /// <summary>
    /// Judges a block, writes it to the log, and makes its chain the active one where it has the most work.
    /// </summary>
    public BlockAcceptance Submit(Block block) => Accept(block, () => log.Append(block.Encode()));

    /// <summary>The transactions of a block that is known.</summary>
    public Block ReadBlock(BlockEntry entry) => entry.Parent is null
        ? identity.Network.Genesis
        : Block.TryDecode(log.Read(entry.Position), out Block? block)
            ? block
            : throw new UnreachableException($"block {entry.Hash} of the log was readable and is not any more");

    /// <inheritdoc/>
    public void Dispose() => log.Dispose();

    internal static uint MedianTimeOf(BlockEntry tip)
    {
        List<uint> times = [];
        BlockEntry? entry = tip;
        while (entry is not null && times.Count < BlockRules.MedianTimeBlocks)
        {
            times.Add(entry.Header.Time);
            entry = entry.Parent;
        }

        return BlockRules.MedianTimePast(times);
    }

    private static BlockEntry EntryOf(Block block, BlockEntry? parent, BlockPosition position) => new()
    {
        Header = block.Header,
        Hash = block.Hash,
        Height = parent is null ? 0 : parent.Height + 1,
        Work = (parent?.Work ?? 0) + ProofOfWork.Work(block.Header.Bits),
        Parent = parent,
        Position = position,
        TransactionCount = block.Transactions.Count,
        BytesCount = BlockHeader.Bytes + block.Transactions.Sum(transaction => transaction.ByteCount),
        ClaimedGrains = block.Transactions[0].Outputs.Sum(output => output.Value.Grains),
    };

    private BlockAcceptance Accept(Block block, Func<BlockPosition> write)
    {
        lock (gate)
        {
            if (known.TryGetValue(block.Hash, out BlockEntry? entry))
            {
                return new BlockAcceptance { Code = entry.IsRefused ? RuleCode.WrongPreviousBlock : RuleCode.Accepted };
            }

            if (!known.TryGetValue(block.Header.PreviousHash, out BlockEntry? parent) || parent.IsRefused)
            {
                return new BlockAcceptance { Code = RuleCode.WrongPreviousBlock };
            }

            return parent == active[^1] ? Extend(block, parent, write) : Branch(block, parent, write);
        }
    }

    private BlockAcceptance Extend(Block block, BlockEntry parent, Func<BlockPosition> write)
    {
        ConnectResult result = ChainConnector.Connect(block, parent.Height + 1, ContextAfter(parent), outputs);
        if (result.Code != RuleCode.Accepted)
        {
            return new BlockAcceptance { Code = result.Code };
        }

        BlockEntry entry = EntryOf(block, parent, write());
        known.Add(entry.Hash, entry);
        Connect(entry, result);
        return new BlockAcceptance { Code = RuleCode.Accepted, Connected = [entry] };
    }

    /// <summary>A block beside the active chain: kept, and taken as the tip where its chain has more work.</summary>
    private BlockAcceptance Branch(Block block, BlockEntry parent, Func<BlockPosition> write)
    {
        RuleCode code = BlockRules.CheckHeader(block.Header, parent.Hash, MedianTimeOf(parent));
        code = code == RuleCode.Accepted ? BlockRules.CheckBlock(block, Network) : code;
        code = code == RuleCode.Accepted ? Coinbase.Check(block.Transactions[0], parent.Height + 1, Network) : code;
        if (code != RuleCode.Accepted)
        {
            return new BlockAcceptance { Code = code };
        }

        BlockEntry entry = EntryOf(block, parent, write());
        known.Add(entry.Hash, entry);
        return entry.Work > active[^1].Work ? Reorganise(entry) : new BlockAcceptance { Code = RuleCode.Accepted };
    }

    private BlockAcceptance Reorganise(BlockEntry target)
    {
        Stack<BlockEntry> branch = [];
        BlockEntry above = target;
        while (active.Count <= above.Height || active[above.Height] != above)
        {
            branch.Push(above);
            above = above.Parent!;
        }

        int forkHeight = branch.Peek().Height - 1;
        if (active.Count - 1 - forkHeight > ReorgBlocksMax)
        {
            return new BlockAcceptance { Code = RuleCode.Accepted };
        }

        List<BlockEntry> disconnected = DisconnectDownTo(forkHeight);
        List<BlockEntry> connected = [];
        foreach (BlockEntry entry in branch)
        {
            ConnectResult result = ChainConnector.Connect(
                ReadBlock(entry), entry.Height, ContextAfter(active[^1]), outputs);
            if (result.Code != RuleCode.Accepted)
            {
                RefuseFrom(branch, entry);
                Restore(forkHeight, disconnected);
                return new BlockAcceptance { Code = result.Code };
            }

            Connect(entry, result);
            connected.Add(entry);
        }

        return new BlockAcceptance { Code = RuleCode.Accepted, Connected = connected, Disconnected = disconnected };
    }

    private static void RefuseFrom(IEnumerable<BlockEntry> branch, BlockEntry first)
    {
        foreach (BlockEntry entry in branch.SkipWhile(entry => entry != first))
        {
            entry.IsRefused = true;
        }
    }

    private void Restore(int forkHeight, List<BlockEntry> disconnected)
    {
        DisconnectDownTo(forkHeight);
        foreach (BlockEntry entry in Enumerable.Reverse(disconnected))
        {
            ConnectResult result = ChainConnector.Connect(
                ReadBlock(entry), entry.Height, ContextAfter(active[^1]), outputs);
            if (result.Code != RuleCode.Accepted)
            {
                throw new UnreachableException($"block {entry.Hash} was connected before and is refused now");
            }

            Connect(entry, result);
        }
    }

    private List<BlockEntry> DisconnectDownTo(int height)
    {
        List<BlockEntry> disconnected = [];
        while (active.Count - 1 > height)
        {
            BlockEntry tip = active[^1];
            BlockUndo undo = tip.Undo ?? throw new UnreachableException($"block {tip.Hash} has no undo data");
            outputs.Apply(ChainConnector.Disconnect(ReadBlock(tip), undo, outputs));
            tip.Undo = null;
            active.RemoveAt(active.Count - 1);
            disconnected.Add(tip);
        }

        return disconnected;
    }

    private void Connect(BlockEntry entry, ConnectResult result)
    {
        outputs.Apply(result.Changes);
        entry.FeeGrains = [.. result.TransactionFees.Select(fee => fee.Grains)];
        entry.Undo = result.Undo;
        active.Add(entry);
        if (entry.Height > ReorgBlocksMax)
        {
            active[entry.Height - ReorgBlocksMax].Undo = null;
        }
    }

    private ChainContext ContextAfter(BlockEntry parent) => new(Network, Curve, parent.Hash, MedianTimeOf(parent));
}
