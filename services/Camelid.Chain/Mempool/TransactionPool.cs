using System.Diagnostics.CodeAnalysis;
using Camelid.Chain.Blocks;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Mempool;

/// <summary>
/// The mempool: ordinary standard transactions, and job transactions, which wait there before their lock time.
/// Synchronous and deterministic: the same calls at the same times give the same contents.
/// </summary>
/// <remarks>
/// One lock covers all of it. It is taken before the chain's, never after: nobody asks the pool inside
/// <see cref="ChainState.Read"/>. Events are raised after it was left, in order for calls of one thread; calls of
/// several threads may cross, which <see cref="PoolEntry.Sequence"/> makes visible.
/// </remarks>
internal sealed class TransactionPool
{
    /// <summary>Most entries in one answer of <see cref="List"/> and <see cref="ArrivedAfter"/>.</summary>
    public const int ListMax = 1_000_000;

    private readonly Lock gate = new();
    private readonly ChainState state;
    private readonly TimeProvider time;
    private readonly PoolContents contents;
    private readonly PoolJudge judge;
    private readonly PoolFollower follower;

    /// <summary>An empty one.</summary>
    public TransactionPool(ChainState state, PoolPolicy policy, TimeProvider time)
    {
        this.state = state;
        this.time = time;
        Policy = policy;
        contents = new PoolContents(policy);
        judge = new PoolJudge(state, policy, contents.Graph);
        follower = new PoolFollower(state, contents, judge);
    }

    /// <summary>Raised for each transaction that comes or goes.</summary>
    public event Action<PoolChange>? Changed;

    /// <summary>Raised when a transaction joins.</summary>
    public TipSignal Joined { get; } = new();

    /// <summary>What it goes by.</summary>
    public PoolPolicy Policy { get; }

    /// <summary>What is known of fees. It has a lock of its own, taken after the pool's.</summary>
    public FeeEstimator Fees { get; } = new();

    /// <summary>Waiting transactions.</summary>
    public int Count => Statistics().Count;

    /// <summary>Rule M-11: what an ordinary transaction must pay now; peers are told not to send less.</summary>
    public FeeRate MinimumRate
    {
        get
        {
            lock (gate)
            {
                return contents.MinimumRate(Now);
            }
        }
    }

    private uint Now => (uint)time.GetUtcNow().ToUnixTimeSeconds();

    /// <summary>The numbers for an operator.</summary>
    public PoolStatistics Statistics()
    {
        lock (gate)
        {
            return new PoolStatistics
            {
                Count = contents.Graph.Count,
                Bytes = contents.Graph.Bytes,
                MemoryBytes = contents.Graph.MemoryBytes,
                MinimumRate = contents.MinimumRate(Now),
                Departures = Enum.GetValues<PoolDeparture>().ToDictionary(why => why, contents.DeparturesOf),
            };
        }
    }

    /// <summary>The waiting transactions in order of arrival, at most <paramref name="limit"/>.</summary>
    public IReadOnlyList<PoolEntry> List(int limit = ListMax)
    {
        lock (gate)
        {
            return [.. contents.Graph.ByArrival.Take(limit).Select(node => node.Entry)];
        }
    }

    /// <summary>
    /// What arrived after a place in the order and still waits, earliest first: what a peer is to hear of next.
    /// </summary>
    /// <param name="sequence">The sequence of the last entry known; 0 for all.</param>
    /// <param name="limit">Most entries; the rest comes with the next question.</param>
    public IReadOnlyList<PoolEntry> ArrivedAfter(long sequence, int limit)
    {
        lock (gate)
        {
            return [.. contents.Graph.ArrivedAfter(sequence).Take(limit).Select(node => node.Entry)];
        }
    }

    /// <summary>True where this transaction waits.</summary>
    public bool Has(Txid txid) => TryFind(txid, out PoolEntry? _);

    /// <summary>A waiting transaction.</summary>
    public bool TryFind(Txid txid, [NotNullWhen(true)] out PoolEntry? entry)
    {
        lock (gate)
        {
            return (entry = contents.Graph.TryFind(txid, out PoolNode? node) ? node.Entry : null) is not null;
        }
    }

    /// <summary>True where a waiting transaction spends this output.</summary>
    public bool Spends(OutPoint outPoint) => TryFindSpender(outPoint, out PoolEntry? _);

    /// <summary>What of all that waits spends an output.</summary>
    public bool TryFindSpender(OutPoint outPoint, [NotNullWhen(true)] out PoolEntry? spender)
    {
        lock (gate)
        {
            return (spender = contents.Graph.TryFindSpender(outPoint, out PoolNode? by) ? by.Entry : null) is not null;
        }
    }

    /// <summary>Rule M-23: what this one spends and is neither here nor unspent in the chain.</summary>
    public IReadOnlyList<Txid> MissingParents(Transaction transaction)
    {
        lock (gate)
        {
            return state.Read(reading => transaction.Inputs.Select(input => input.Previous)
                .Where(outPoint => !contents.Graph.TryFind(outPoint.Txid, out PoolNode? _)
                    && !reading.Outputs.TryGet(outPoint, out Utxo? _))
                .Select(outPoint => outPoint.Txid).Distinct().ToArray());
        }
    }

    /// <summary>Judges a transaction and lets it wait. One that waits already is accepted again.</summary>
    /// <param name="transaction">The transaction.</param>
    /// <param name="paymentLockTime">created + W of its job, or null where this node does not know the job.</param>
    public PoolVerdict Accept(Transaction transaction, uint? paymentLockTime = null) =>
        Accept(transaction, paymentLockTime, null);

    /// <summary>Rule M-20: lets one of the last run wait again, if it may; its waiting time goes on.</summary>
    public PoolVerdict Restore(KeptTransaction kept) => Accept(kept.Transaction, null, kept.ArrivedUnix);

    /// <summary>Rule M-20: all that waits, parents before children.</summary>
    public IReadOnlyList<KeptTransaction> Keep()
    {
        lock (gate)
        {
            return [.. contents.Graph.ByArrival.OrderBy(node => node.Ancestors.Count)
                .Select(node => new KeptTransaction(node.Entry.Transaction, node.Entry.ArrivedUnix))];
        }
    }

    /// <summary>
    /// Rules M-18 and M-19: what to pay so that a block holds an ordinary transaction within 1 … 144 blocks; never less
    /// than the price that this pool asks.
    /// </summary>
    public FeeEstimate EstimateFee(int targetBlocks) => Fees.Estimate(targetBlocks, MinimumRate);

    /// <summary>Brings the pool to the tip that these changes of the chain led to.</summary>
    /// <param name="change">What the chain did; the chain has done it already.</param>
    public void Follow(BlockAcceptance change)
    {
        (int Height, Block Block)[] connected =
            [.. change.Connected.Select(entry => (entry.Height, state.ReadBlock(entry)))];

        // What the disk can't give back of a block that left the chain is not offered again: its owners may do that.
        Block[] disconnected = [.. change.Disconnected.Reverse().Select(state.TryReadBlock).OfType<Block>()];
        Run(now =>
        {
            foreach ((int height, Block block) in connected)
            {
                Fees.Connected(height, follower.Connect(block));
            }

            if (disconnected.Length > 0)
            {
                follower.Disconnect(disconnected, now);
            }

            if (connected.Length > 0)
            {
                contents.BlockConnected(now);
            }

            contents.Expire(now);
            contents.Trim(now);
            return true;
        });
    }

    /// <summary>Rule M-13: forgets what has waited too long. Asked whenever something comes, too.</summary>
    public void Expire() => Run(now =>
    {
        contents.Expire(now);
        return true;
    });

    /// <summary>Rule M-16: the transactions of the best next block of this time, parents first.</summary>
    /// <param name="blockTime">The time of the block, Unix seconds; a later one may hold them too.</param>
    public IReadOnlyList<TransactionWithFee> Select(uint blockTime)
    {
        lock (gate)
        {
            return state.Read(reading => new BlockSelection(
                contents.Graph,
                new SpendContext(
                    reading.Tip.Height + 1, blockTime, reading.MedianTimePast, state.Network, state.PoolCurve),
                reading.Outputs).Choose());
        }
    }

    private PoolVerdict Accept(Transaction transaction, uint? paymentLockTime, long? arrivedUnix) => Run(now =>
    {
        contents.Expire(now);
        if (contents.Graph.TryFind(transaction.Txid, out PoolNode? _))
        {
            return PoolVerdict.Known;
        }

        PoolJudgement judgement = judge.Judge(new PoolQuestion
        {
            Transaction = transaction,
            PaymentLockTime = paymentLockTime,
            Now = now,
            ArrivedUnix = arrivedUnix ?? now,
            MinimumRate = contents.MinimumRate(now),
        });
        if (judgement.Code != RuleCode.Accepted)
        {
            return PoolVerdict.Refused(judgement.Code);
        }

        if (!contents.TryTake(judgement, now))
        {
            return PoolVerdict.Refused(RuleCode.MempoolFull);
        }

        if (judgement.TeachesFees && arrivedUnix is null)
        {
            Fees.Entered(judgement.Entry!);
        }

        return PoolVerdict.Accepted;
    });

    private void Teach(IReadOnlyList<PoolChange> changes)
    {
        int height = changes.Count == 0 ? 0 : state.Read(reading => reading.Tip.Height);
        foreach (PoolChange change in changes)
        {
            if (change.Departure is { } why and not PoolDeparture.Mined)
            {
                Fees.Left(change.Entry, why, height);
            }
        }
    }

    /// <summary>Does something under the lock, then tells what came and went.</summary>
    private T Run<T>(Func<uint, T> work)
    {
        T result;
        IReadOnlyList<PoolChange> changes;
        lock (gate)
        {
            result = work(Now);
            changes = contents.TakeChanges();
            Teach(changes);
        }

        foreach (PoolChange change in changes)
        {
            Changed?.Invoke(change);
        }

        if (changes.Any(change => change.Departure is null))
        {
            Joined.Raise();
        }

        return result;
    }
}
