using Camelid.Chain.Blocks;
using Camelid.Chain.Index;
using Camelid.Chain.Mempool;
using Camelid.Chain.Mining;
using Camelid.Chain.Peers.Host;
using Camelid.Contracts.Chain.V1;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Transactions;
using Camelid.ServiceDefaults.Hosting;
using Google.Protobuf;
using Microsoft.Extensions.Options;

namespace Camelid.Chain.Rpc;

/// <summary>By what a node is called ready.</summary>
internal sealed record ReadinessParts(RegtestFunding Funding, NodeRoles Roles, IOptions<ChainOptions> Options);

/// <summary>Answers about the chain, the same for gRPC and for the JSON routes.</summary>
internal sealed class ChainReader(
    ChainState state, BlockIndex index, TransactionPool pool, ReadinessParts readiness, PeerGauge peers)
{
    /// <summary>Most blocks or transactions in one answer.</summary>
    public const int LimitMax = 200;

    /// <summary>Blocks that the index may be behind.</summary>
    private const int BehindIndexMax = 3;

    private (BlockEntry Tip, SupplyReply Supply)? counted;

    /// <summary>The tip and whether the node can serve.</summary>
    public ChainStatus Status()
    {
        string missing = NotReadyReason();
        BlockEntry tip = state.Read(reading => reading.Tip);
        return new ChainStatus
        {
            Network = state.Network.Name,
            GenesisHash = Bytes(state.Network.GenesisHash.Value),
            Height = tip.Height,
            TipHash = Bytes(tip.Hash.Value),
            TipTimeUnix = tip.Header.Time,
            MempoolCount = pool.Count,
            PeerCount = peers.Ready,
            WindowSeconds = state.Network.WindowSeconds,
            Ready = missing.Length == 0,
            NotReadyReason = missing,
        };
    }

    /// <summary>Empty where the stakes of its roles are in blocks, and a client's deposit pool exists.</summary>
    public string NotReadyReason() => state.Read(reading =>
    {
        if (!state.Keys.CanSign)
        {
            return state.Keys.Exists ? "the wallet is locked" : "this node has no wallet";
        }

        foreach (KeyRole role in RegtestFunding.StakedRoles(readiness.Roles))
        {
            if (reading.Outputs.Own(OutputKind.Stake, role).Count == 0)
            {
                return $"the {(role == KeyRole.Worker ? "worker" : "verifier")}'s stake is in no block yet";
            }
        }

        bool needsDeposit = readiness.Options.Value.FundClient && readiness.Roles.IsClient;
        bool hasDeposit = !needsDeposit || reading.Outputs.Own(OutputKind.Deposit, KeyRole.Client).Values
            .Any(deposit => deposit.Output.Value.Grains >= readiness.Funding.WorthyDepositGrains);
        return hasDeposit ? "" : "the client has no deposit in a block yet";
    });

    /// <summary>A block of the active chain, or null.</summary>
    public BlockReply? FindBlock(BlockHash hash) =>
        Reply(state.Read(reading => reading.TryFind(hash, out BlockEntry? entry) ? entry : null));

    /// <summary>A block of the active chain, or null.</summary>
    public BlockReply? FindBlock(int height) =>
        Reply(state.Read(reading => height >= 0 && height < reading.Active.Count ? reading.Active[height] : null));

    /// <summary>Blocks from the tip, or from below a height, downwards.</summary>
    public IReadOnlyList<BlockSummary> Blocks(int beforeHeight, int limit) => state.Read(reading =>
    {
        int from = beforeHeight > 0 ? Math.Min(beforeHeight - 1, reading.Tip.Height) : reading.Tip.Height;
        int count = Math.Min(Math.Clamp(limit, 1, LimitMax), from + 1);
        return Enumerable.Range(0, count).Select(i => Summary(reading.Active[from - i])).ToArray();
    });

    /// <summary>A transaction in a block or in the mempool, or null.</summary>
    public async Task<TransactionReply?> FindTransactionAsync(Txid txid, CancellationToken cancellationToken)
    {
        if (pool.TryFind(txid, out PoolEntry? waiting))
        {
            return Reply(waiting);
        }

        TransactionRow? row = await index.FindAsync(txid, cancellationToken) ?? FindBehindIndex(txid);
        if (row is null)
        {
            return null;
        }

        (BlockEntry? entry, int tip) = state.Read(reading =>
            (row.Height < reading.Active.Count ? reading.Active[(int)row.Height] : null, reading.Tip.Height));
        Transaction? transaction = entry is null
            ? null
            : state.TryReadBlock(entry)?.Transactions.ElementAtOrDefault((int)row.Position);
        return transaction is null || transaction.Txid != txid ? null : new TransactionReply
        {
            Txid = Bytes(txid.Value),
            Raw = ByteString.CopyFrom(transaction.EncodedSpan),
            JobId = JobIdOf(transaction),
            Confirmations = tip - entry!.Height + 1,
            Height = entry.Height,
            BlockHash = Bytes(entry.Hash.Value),
            BlockTimeUnix = entry.Header.Time,
            FeeGrains = row.FeeGrains,
        };
    }

    /// <summary>Looks into the last blocks: what the mempool gave up a moment ago may not be indexed yet.</summary>
    private TransactionRow? FindBehindIndex(Txid txid)
    {
        BlockEntry[] last = state.Read(reading => reading.Active.TakeLast(BehindIndexMax).ToArray());
        foreach (BlockEntry entry in last.Reverse())
        {
            IReadOnlyList<Transaction> transactions = state.TryReadBlock(entry)?.Transactions ?? [];
            for (int i = 0; i < transactions.Count; i++)
            {
                if (transactions[i].Txid == txid)
                {
                    long fee = state.ReadFees(entry).ElementAtOrDefault(i);
                    return new TransactionRow { Height = entry.Height, Position = i, FeeGrains = fee };
                }
            }
        }

        return null;
    }

    /// <summary>Rules M-18 and M-19: what to pay for being in a block within 1 … 144 blocks.</summary>
    public FeeReply Fee(int targetBlocks)
    {
        FeeEstimate estimate = pool.EstimateFee(targetBlocks);
        return new FeeReply
        {
            TargetBlocks = targetBlocks,
            GrainsPerKilobyte = estimate.Rate.GrainsPerKilobyte,
            FromData = estimate.IsFromData,
            MinimumGrainsPerKilobyte = pool.MinimumRate.GrainsPerKilobyte,
        };
    }

    /// <summary>What waits, in order of arrival.</summary>
    public IReadOnlyList<TransactionReply> Mempool(int limit) =>
        [.. pool.List(Math.Clamp(limit, 1, LimitMax)).Select(Reply)];

    /// <summary>Rule C-30: counts every coin, once for each tip: unspent + burned = issued.</summary>
    public SupplyReply Supply() => state.Read(reading =>
    {
        if (counted?.Tip != reading.Tip)
        {
            counted = (reading.Tip, Count(reading));
        }

        return counted.Value.Supply.Clone();
    });

    private static SupplyReply Count(ChainReading reading)
    {
        SupplyReply reply = new() { Height = reading.Tip.Height };
        foreach (BlockEntry entry in reading.Active)
        {
            long fees = entry.Undo.FeesGrains;
            reply.FeesGrains += Math.Min(fees, entry.Stored!.ClaimedGrains);
            reply.IssuedGrains += Math.Max(0, entry.Stored!.ClaimedGrains - fees);
            reply.BurnedGrains += Math.Max(0, fees - entry.Stored!.ClaimedGrains);
        }

        foreach ((OutPoint _, Utxo utxo) in reading.Outputs.All())
        {
            long grains = utxo.Output.Value.Grains;
            OutputKind kind = OutputPurpose.Of(utxo.Output.Script).Kind;
            reply.UnspentGrains += grains;
            reply.DepositsGrains += kind == OutputKind.Deposit ? grains : 0;
            reply.PaymentsGrains += kind == OutputKind.Payment ? grains : 0;
            reply.StakesGrains += kind == OutputKind.Stake ? grains : 0;
        }

        return reply;
    }

    private BlockReply? Reply(BlockEntry? entry)
    {
        if (entry is null || state.TryReadBlock(entry) is not { } block)
        {
            return null;
        }

        BlockReply reply = new()
        {
            Height = entry.Height,
            Hash = Bytes(entry.Hash.Value),
            Raw = ByteString.CopyFrom(block.Encode()),
            TimeUnix = entry.Header.Time,
            Confirmations = state.Read(reading => reading.Tip.Height) - entry.Height + 1,
        };
        reply.Txids.AddRange(block.Transactions.Select(transaction => Bytes(transaction.Txid.Value)));
        return reply;
    }

    private static TransactionReply Reply(PoolEntry waiting) => new()
    {
        Txid = Bytes(waiting.Transaction.Txid.Value),
        Raw = ByteString.CopyFrom(waiting.Transaction.EncodedSpan),
        JobId = JobIdOf(waiting.Transaction),
        FeeGrains = waiting.Fee.Grains,
    };

    private static BlockSummary Summary(BlockEntry entry) => new()
    {
        Height = entry.Height,
        Hash = Bytes(entry.Hash.Value),
        TimeUnix = entry.Header.Time,
        TransactionCount = entry.Stored!.TransactionCount,
        FeesGrains = entry.Undo.FeesGrains,
        BytesCount = entry.Stored!.BytesCount,
    };

    private static ByteString JobIdOf(Transaction transaction) =>
        transaction.JobId.IsNone ? ByteString.Empty : Bytes(transaction.JobId.Value);

    private static ByteString Bytes(Hash256 hash) => ByteString.CopyFrom(hash.ToBytes());
}
