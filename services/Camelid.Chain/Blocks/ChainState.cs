using Camelid.Chain.Keys;
using Camelid.Chain.Storage;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Keys;

namespace Camelid.Chain.Blocks;

/// <summary>
/// Rule C-32: the known headers and the unspent outputs of the active chain: the one with the most work of which every
/// block is here, the first seen where two are equal. Each block is in the log before it counts. Synchronous; asks
/// neither clock nor network.
/// </summary>
internal sealed class ChainState : IDisposable
{
    private readonly Lock gate = new();
    private readonly IChainStore store;
    private readonly ChainIdentity identity;
    private readonly ActiveChain active;
    private readonly BlockTree tree;
    private readonly BlockPruning pruning;
    private readonly ChainActivation activation;
    private readonly BlockJudge judge;

    private ChainState(IChainStore store, ChainIdentity identity, ChainStateOptions options)
    {
        this.store = store;
        this.identity = identity;
        BlockEntry genesis = new(identity.Network.Genesis)
        {
            Stored = StoredBlock.Of(identity.Network.Genesis, default),
            WasConnected = true,
        };
        tree = new BlockTree(genesis);
        active = new ActiveChain(identity, store, genesis, options);
        pruning = new BlockPruning(store, tree, active, options);
        activation = new ChainActivation(store, tree, active, pruning);
        judge = new BlockJudge(identity.Network, store, tree, active, activation);
    }

    /// <summary>The network.</summary>
    public Network Network => identity.Network;

    /// <summary>The curve.</summary>
    public ISecp256k1 Curve => identity.Curve;

    /// <summary>The curve for transactions that wait: it may remember what held (rule C-22).</summary>
    public ISecp256k1 PoolCurve => identity.Checks.PoolCurve;

    /// <summary>The operator's keys.</summary>
    public OperatorKeys Keys => identity.Keys;

    /// <summary>What the disk lost, and why it takes nothing at present.</summary>
    public IChainStore Store => store;

    /// <summary>Opens a store, and goes to where the chain was left.</summary>
    /// <exception cref="StorageRefusedException">The store is another network's.</exception>
    public static ChainState Open(IChainStore store, ChainIdentity identity, ChainStateOptions? options = null)
    {
        ChainState state = new(store, identity, options ?? new ChainStateOptions());
        try
        {
            state.Load();
            return state;
        }
        catch (IOException)
        {
            store.Dispose();
            throw;
        }
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
            return judge.Find(header, out entry);
        }
    }

    /// <summary>
    /// Judges a block, writes it to the log, and makes its chain the active one where it has the most work and no gap.
    /// </summary>
    /// <param name="block">The block.</param>
    /// <param name="durability">
    /// <see cref="Durability.AtFlush"/> only while syncing, when nobody is told of each block.
    /// </param>
    public BlockAcceptance Submit(Block block, Durability durability = Durability.Now)
    {
        lock (gate)
        {
            return judge.Accept(block, null, durability);
        }
    }

    /// <summary>Waits until all blocks that were taken are on the disk.</summary>
    /// <returns>False where the disk takes them not: a later call tries it again.</returns>
    public bool Flush()
    {
        lock (gate)
        {
            return judge.TryFlush();
        }
    }

    /// <summary>Keeps the unspent outputs, so that the next start replays nothing.</summary>
    public void SaveSnapshot()
    {
        lock (gate)
        {
            active.SaveSnapshot();
        }
    }

    /// <summary>Sets a block and all that build on it aside, durably, as if it broke a rule.</summary>
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

            if (active.Contains(entry) && !active.IsInReach(entry.Parent))
            {
                return new BlockAcceptance { Code = RuleCode.BlockDataMissing };
            }

            if (!TrySetAside([.. judge.SetAside, hash]))
            {
                return new BlockAcceptance { Code = RuleCode.BlockNotStored };
            }

            BlockEntry before = active.Tip;
            ReachFailure? stuck = active.Contains(entry) ? active.DisconnectDownTo(entry.Height - 1) : null;
            if (stuck is { } failure)
            {
                activation.LoseData(failure.Entry);
            }

            tree.Refuse(entry);
            return activation.Run(before);
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

            if (!TrySetAside([.. judge.SetAside.Where(other => !tree.IsRelated(other, entry))]))
            {
                return new BlockAcceptance { Code = RuleCode.BlockNotStored };
            }

            tree.Reconsider(entry);
            store.Note(new JournalRecord { Kind = JournalKind.Reconsidered, Hash = hash });
            return activation.Run(active.Tip);
        }
    }

    /// <summary>The transactions of a block.</summary>
    /// <exception cref="BlockUnavailableException">They are not on the disk.</exception>
    public Block ReadBlock(BlockEntry entry) => TryReadBlock(entry) ?? throw new BlockUnavailableException(entry.Hash);

    /// <summary>The transactions of a block, or null where they are not here, were pruned, or can't be read.</summary>
    public Block? TryReadBlock(BlockEntry entry)
    {
        lock (gate)
        {
            Block? block = active.TryReadBlock(entry);
            if (block is null && entry.HasBlock)
            {
                activation.LoseBlock(entry);
            }

            return block;
        }
    }

    /// <summary>The fee of each transaction of a connected block, in grains; empty where not on the disk.</summary>
    public IReadOnlyList<long> ReadFees(BlockEntry entry)
    {
        lock (gate)
        {
            return entry.Parent is null ? [0]
                : entry.Undo.Position.IsNone ? []
                : store.ReadUndo(entry.Hash, entry.Undo.Position)?.FeeGrains ?? [];
        }
    }

    /// <inheritdoc/>
    public void Dispose() => store.Dispose();

    /// <summary>The bits of the block that follows an entry.</summary>
    public uint NextBits(BlockEntry parent) =>
        Difficulty.NextBits(Network, parent.Height, parent.EffectiveSeconds);

    private bool TrySetAside(HashSet<BlockHash> hashes)
    {
        if (hashes.SetEquals(judge.SetAside))
        {
            return true;
        }

        try
        {
            store.SaveSetAside(hashes);
            judge.SetAside.Clear();
            judge.SetAside.UnionWith(hashes);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private void Load()
    {
        ChainLoading loading = new(identity, store, tree, active);
        loading.Run();
        activation.Run(active.Tip);
        Queue<FramePosition> open = new(loading.Found);
        for (int waiting = 0; waiting <= open.Count && open.TryDequeue(out FramePosition position);)
        {
            // Blocks that came before their parents lie before them.
            bool isKnown = store.ReadBlock(position) is not { } block
                || AcceptFound(block, position, loading) != RuleCode.WrongPreviousBlock;
            waiting = isKnown ? 0 : waiting + 1;
            if (!isKnown)
            {
                open.Enqueue(position);
            }
        }

        // Only now: what builds on a block that was set aside must be known, for when it is reconsidered.
        judge.SetAside.UnionWith(loading.SetAside);
        foreach (BlockHash hash in judge.SetAside)
        {
            if (tree.TryFind(hash, out BlockEntry? entry))
            {
                tree.Refuse(entry);
            }
        }

        activation.Run(active.Tip);
        judge.TryFlush();
        pruning.Run();
    }

    private RuleCode AcceptFound(Block block, FramePosition position, ChainLoading loading)
    {
        if (judge.Find(block.Header, out BlockEntry? _) == RuleCode.Accepted
            && tree.TryFind(block.Hash, out BlockEntry? entry))
        {
            loading.Recall(entry);
        }

        return judge.Accept(block, position, Durability.AtFlush).Code;
    }
}
