using Camelid.Chain.Checks;
using Camelid.Chain.Keys;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Keys;

namespace Camelid.Chain.Blocks;

/// <summary>The network, the curve and the operator's keys: what the state is judged by and sorted with.</summary>
internal sealed record ChainIdentity(Network Network, ISecp256k1 Curve, OperatorKeys Keys)
{
    /// <summary>What runs the scripts of blocks and mempool.</summary>
    public ScriptChecks Checks { get; init; } = ScriptChecks.Plain(Curve);
}

/// <summary>
/// Rule C-32: the known headers and the unspent outputs of the active chain: the one with the most work of which every
/// block is here, the first seen where two are equal. Each block is in the log before it counts. Synchronous; asks
/// neither clock nor network.
/// </summary>
internal sealed class ChainState : IDisposable
{
    private readonly Lock gate = new();
    private readonly BlockLog log;
    private readonly ChainIdentity identity;
    private readonly ActiveChain active;
    private readonly BlockTree tree;

    private ChainState(BlockLog log, ChainIdentity identity)
    {
        this.log = log;
        this.identity = identity;
        BlockEntry genesis = new(identity.Network.Genesis)
        {
            Stored = StoredBlock.Of(identity.Network.Genesis, default),
            FeeGrains = [0],
        };
        tree = new BlockTree(genesis);
        active = new ActiveChain(identity, log, genesis);
    }

    /// <summary>The network.</summary>
    public Network Network => identity.Network;

    /// <summary>The curve.</summary>
    public ISecp256k1 Curve => identity.Curve;

    /// <summary>The curve for transactions that wait: it may remember what held (rule C-22).</summary>
    public ISecp256k1 PoolCurve => identity.Checks.PoolCurve;

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
        Queue<BlockPosition> open = new(frames);
        for (int waiting = 0; open.TryDequeue(out BlockPosition position) && waiting <= open.Count;)
        {
            RuleCode code = Block.TryDecode(log.Read(position), out Block? block)
                ? state.Accept(block, () => position).Code
                : RuleCode.Unset;

            // Blocks that came before their parents lie before them.
            waiting = code == RuleCode.WrongPreviousBlock ? waiting + 1 : 0;
            if (code == RuleCode.WrongPreviousBlock)
            {
                open.Enqueue(position);
            }
            else if (code != RuleCode.Accepted && (block is null || !state.tree.TryFind(block.Hash, out BlockEntry? _)))
            {
                // A branch that was refused when it was tried is in the log, known and refused again.
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
            return read(new ChainReading(active.Entries, tree, active.Outputs));
        }
    }

    /// <summary>Takes keys where the operator had none, and finds what belongs to them.</summary>
    public void AdoptKeys(KeyRing ring)
    {
        lock (gate)
        {
            identity.Keys.Adopt(ring);
            active.Outputs.SortOwn();
        }
    }

    /// <summary>Judges a header and keeps it; its block may come later.</summary>
    /// <param name="header">The header.</param>
    /// <param name="entry">Its entry where it is known now, refused or not.</param>
    public RuleCode AcceptHeader(BlockHeader header, out BlockEntry? entry)
    {
        lock (gate)
        {
            return Find(header, out entry);
        }
    }

    /// <summary>
    /// Judges a block, writes it to the log, and makes its chain the active one where it has the most work and no gap.
    /// </summary>
    public BlockAcceptance Submit(Block block)
    {
        lock (gate)
        {
            return Accept(block, () => log.Append(block.Encode()));
        }
    }

    /// <summary>Sets a block and all that build on it aside, as if it broke a rule.</summary>
    public BlockAcceptance Invalidate(BlockHash hash)
    {
        lock (gate)
        {
            if (!tree.TryFind(hash, out BlockEntry? entry))
            {
                return new BlockAcceptance { Code = RuleCode.BlockUnknown };
            }

            if (entry.Parent is null)
            {
                return new BlockAcceptance { Code = RuleCode.GenesisStays };
            }

            BlockEntry before = active.Tip;
            if (active.Contains(entry))
            {
                active.DisconnectDownTo(entry.Height - 1);
            }

            tree.Refuse(entry);
            return Activate(before);
        }
    }

    /// <summary>Takes back that a block, its ancestors or what builds on it were refused or set aside.</summary>
    public BlockAcceptance Reconsider(BlockHash hash)
    {
        lock (gate)
        {
            if (!tree.TryFind(hash, out BlockEntry? entry))
            {
                return new BlockAcceptance { Code = RuleCode.BlockUnknown };
            }

            tree.Reconsider(entry);
            return Activate(active.Tip);
        }
    }

    /// <summary>The transactions of a block that is here.</summary>
    public Block ReadBlock(BlockEntry entry) => active.ReadBlock(entry);

    /// <inheritdoc/>
    public void Dispose() => log.Dispose();

    /// <summary>The bits of the block that follows an entry.</summary>
    public uint NextBits(BlockEntry parent) =>
        Difficulty.NextBits(Network, parent.Height, parent.EffectiveSeconds);

    private RuleCode Find(BlockHeader header, out BlockEntry? entry)
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
        return code;
    }

    private BlockAcceptance Accept(Block block, Func<BlockPosition> write)
    {
        RuleCode code = Find(block.Header, out BlockEntry? entry);
        if (code != RuleCode.Accepted || entry!.HasBlock)
        {
            return new BlockAcceptance { Code = code };
        }

        code = BlockRules.CheckBlock(block, Network);
        code = code == RuleCode.Accepted ? Coinbase.Check(block.Transactions[0], entry.Height, Network) : code;
        if (code != RuleCode.Accepted)
        {
            return Refuse(entry, code);
        }

        return entry.Parent == active.Tip ? Extend(block, entry, write) : Branch(block, entry, write);
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
        }

        return new BlockAcceptance { Code = code };
    }

    /// <summary>A block on the tip is connected before it is written: a bad one takes no room.</summary>
    private BlockAcceptance Extend(Block block, BlockEntry entry, Func<BlockPosition> write)
    {
        BlockEntry before = active.Tip;
        ConnectResult result = active.Judge(block);
        if (result.Code != RuleCode.Accepted)
        {
            return Refuse(entry, result.Code);
        }

        tree.SetStored(entry, StoredBlock.Of(block, write()));
        active.Connect(entry, result);
        return Activate(before);
    }

    /// <summary>A block elsewhere: kept, and its chain tried where it has more work and no gap.</summary>
    private BlockAcceptance Branch(Block block, BlockEntry entry, Func<BlockPosition> write)
    {
        tree.SetStored(entry, StoredBlock.Of(block, write()));
        BlockAcceptance acceptance = Activate(active.Tip);
        foreach ((BlockEntry refused, RuleCode code) in acceptance.Refused)
        {
            if (refused.Height <= entry.Height && entry.Ancestor(refused.Height) == refused)
            {
                return acceptance with { Code = code };
            }
        }

        return acceptance;
    }

    /// <summary>Makes the best connectable chain the active one; those that break a rule are refused.</summary>
    /// <param name="before">The tip when the caller began.</param>
    private BlockAcceptance Activate(BlockEntry before)
    {
        List<(BlockEntry, RuleCode)> refused = [];
        while (tree.BestConnectable() is { } target && IsBetter(target, active.Tip) && active.IsInReach(target))
        {
            if (active.TryReach(target) is { } failure)
            {
                refused.Add(failure);
                tree.Refuse(failure.Entry);
            }
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

    private static bool IsBetter(BlockEntry target, BlockEntry tip) => target != tip
        && (tip.IsRefused || target.Work > tip.Work
            || (target.Work == tip.Work && target.Sequence < tip.Sequence));
}
