using System.Diagnostics.CodeAnalysis;
using Camelid.Chain.Blocks;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Mempool;

/// <summary>
/// The mempool: ordinary standard transactions, and job transactions, which wait there before their lock time. In
/// memory only: the operator's own job transactions are stored and handed in again.
/// </summary>
internal sealed class TransactionPool(ChainState state, TimeProvider time) : IUtxoView
{
    /// <summary>Most waiting transactions.</summary>
    public const int CountMax = 20_000;

    /// <summary>Most bytes of waiting transactions.</summary>
    public const long BytesMax = 32_000_000;

    /// <summary>How far ahead a lock time may be, in seconds: 14 days.</summary>
    public const uint LockTimeAheadSecondsMax = 14 * 24 * 3600;

    private readonly Lock gate = new();
    private readonly Dictionary<Txid, PoolEntry> entries = [];
    private readonly Dictionary<OutPoint, Txid> spenders = [];
    private long bytes;
    private long sequence;

    /// <summary>Raised when a transaction joins.</summary>
    public TipSignal Joined { get; } = new();

    /// <summary>Waiting transactions.</summary>
    public int Count
    {
        get
        {
            lock (gate)
            {
                return entries.Count;
            }
        }
    }

    /// <summary>The waiting transactions in order of arrival, at most <paramref name="limit"/>.</summary>
    public IReadOnlyList<PoolEntry> List(int limit = CountMax)
    {
        lock (gate)
        {
            return [.. entries.Values.OrderBy(entry => entry.Sequence).Take(limit)];
        }
    }

    /// <summary>A waiting transaction.</summary>
    public bool TryFind(Txid txid, [NotNullWhen(true)] out PoolEntry? entry)
    {
        lock (gate)
        {
            return entries.TryGetValue(txid, out entry);
        }
    }

    /// <summary>True where a waiting transaction spends this output.</summary>
    public bool Spends(OutPoint outPoint)
    {
        lock (gate)
        {
            return spenders.ContainsKey(outPoint);
        }
    }

    /// <summary>Judges a transaction and lets it wait.</summary>
    /// <param name="transaction">The transaction.</param>
    /// <param name="paymentLockTime">created + W of its job, or null where this node does not know the job.</param>
    public PoolVerdict Accept(Transaction transaction, uint? paymentLockTime)
    {
        PoolVerdict verdict;
        lock (gate)
        {
            verdict = entries.ContainsKey(transaction.Txid)
                ? PoolVerdict.Accepted
                : state.Read(reading => Judge(transaction, paymentLockTime, reading));
        }

        if (verdict.IsAccepted)
        {
            Joined.Raise();
        }

        return verdict;
    }

    /// <summary>Forgets what a block holds, and what it makes impossible.</summary>
    public void Remove(Block block)
    {
        lock (gate)
        {
            foreach (Transaction transaction in block.Transactions)
            {
                if (entries.TryGetValue(transaction.Txid, out PoolEntry? mined))
                {
                    Forget(mined);
                }

                foreach (TxInput input in transaction.Inputs)
                {
                    if (spenders.TryGetValue(input.Previous, out Txid conflicting))
                    {
                        ForgetWithChildren(entries[conflicting]);
                    }
                }
            }
        }
    }

    /// <summary>After a reorg: judges everything anew, with the transactions of the blocks that left.</summary>
    public void Rejudge(IEnumerable<Transaction> disconnected)
    {
        lock (gate)
        {
            Transaction[] all = [.. disconnected.Where(transaction => !transaction.IsCoinbase),
                .. List().Select(entry => entry.Transaction)];
            entries.Clear();
            spenders.Clear();
            bytes = 0;
            foreach (Transaction transaction in all.DistinctBy(transaction => transaction.Txid))
            {
                state.Read(reading => Judge(transaction, null, reading));
            }
        }
    }

    /// <summary>The transactions that may be in the next block at this time, parents first.</summary>
    /// <param name="blockTime">The time of the block, Unix seconds.</param>
    public IReadOnlyList<TransactionWithFee> Select(uint blockTime)
    {
        lock (gate)
        {
            return state.Read(reading => BlockSelection.Choose(
                entries.Values, Context(reading, blockTime, reading.MedianTimePast), reading.Outputs));
        }
    }

    /// <summary>The unspent outputs with those that waiting transactions make.</summary>
    bool IUtxoView.TryGet(OutPoint outPoint, [NotNullWhen(true)] out Utxo? utxo)
    {
        if (entries.TryGetValue(outPoint.Txid, out PoolEntry? parent))
        {
            Transaction made = parent.Transaction;
            utxo = outPoint.Index < made.Outputs.Count
                ? new Utxo(made.Outputs[(int)outPoint.Index], int.MaxValue, false, 0, made.JobId)
                : null;
            return utxo is not null;
        }

        utxo = state.Read(reading => reading.Outputs.TryGet(outPoint, out Utxo? found) ? found : null);
        return utxo is not null;
    }

    private PoolVerdict Judge(Transaction transaction, uint? paymentLockTime, ChainReading reading)
    {
        RuleCode code = transaction.IsCoinbase ? RuleCode.CoinbaseOutsideBlock : TransactionRules.Check(transaction);
        if (code != RuleCode.Accepted)
        {
            return PoolVerdict.Refused(code);
        }

        if (!PoolStandard.IsStandard(transaction))
        {
            return PoolVerdict.Refused(PoolVerdict.NotStandard);
        }

        uint now = (uint)time.GetUtcNow().ToUnixTimeSeconds();
        uint lockTime = transaction.LockTime >= Transaction.LockTimeThreshold ? transaction.LockTime : 0;
        if (lockTime > now + LockTimeAheadSecondsMax)
        {
            return PoolVerdict.Refused(PoolVerdict.LockTimeTooFar);
        }

        // Judged as in a block of the time that it waits for: an offer or payment waits here for its lock time, and an
        // ordinary lock time that has passed by the clock waits for the median to follow.
        uint blockTime = Math.Max(now, transaction.JobId.IsNone ? 0 : lockTime);
        SpendContext context = Context(reading, blockTime, Math.Max(now, reading.MedianTimePast));
        SpendResult result = TransactionRules.CheckSpend(transaction, context, this);
        return result.Code == RuleCode.Accepted
            ? JudgeConflicts(transaction, result, paymentLockTime)
            : PoolVerdict.Refused(result.Code);
    }

    private PoolVerdict JudgeConflicts(Transaction transaction, SpendResult result, uint? paymentLockTime)
    {
        long payments = PoolStandard.PaymentGrains(transaction);
        if (result.SpendsThroughCheckJob && payments > 0 && paymentLockTime is { } due && transaction.LockTime != due)
        {
            return PoolVerdict.Refused(PoolVerdict.JobLockTime);
        }

        PoolEntry entry = new()
        {
            Transaction = transaction,
            Fee = result.Fee,
            IsJob = result.SpendsThroughCheckJob,
            PaymentGrains = payments,
            Sequence = sequence++,
        };
        HashSet<PoolEntry> replaced = [];
        foreach (TxInput input in transaction.Inputs)
        {
            if (entries.TryGetValue(input.Previous.Txid, out PoolEntry? parent) && parent.IsJob)
            {
                return PoolVerdict.Refused(PoolVerdict.SpendsUnconfirmedJob);
            }

            if (spenders.TryGetValue(input.Previous, out Txid other))
            {
                PoolVerdict verdict = PoolStandard.MayReplace(entries[other], entry);
                if (!verdict.IsAccepted)
                {
                    return verdict;
                }

                replaced.Add(entries[other]);
            }
        }

        if (entries.Count - replaced.Count >= CountMax || bytes + transaction.ByteCount > BytesMax)
        {
            return PoolVerdict.Refused(PoolVerdict.Full);
        }

        foreach (PoolEntry old in replaced)
        {
            ForgetWithChildren(old);
        }

        Remember(entry);
        return PoolVerdict.Accepted;
    }

    private void Remember(PoolEntry entry)
    {
        entries.Add(entry.Transaction.Txid, entry);
        bytes += entry.Transaction.ByteCount;
        foreach (TxInput input in entry.Transaction.Inputs)
        {
            spenders.Add(input.Previous, entry.Transaction.Txid);
        }
    }

    private void Forget(PoolEntry entry)
    {
        entries.Remove(entry.Transaction.Txid);
        bytes -= entry.Transaction.ByteCount;
        foreach (TxInput input in entry.Transaction.Inputs)
        {
            spenders.Remove(input.Previous);
        }
    }

    private void ForgetWithChildren(PoolEntry entry)
    {
        Stack<PoolEntry> open = new([entry]);
        while (open.TryPop(out PoolEntry? next))
        {
            Forget(next);
            for (int i = 0; i < next.Transaction.Outputs.Count; i++)
            {
                if (spenders.TryGetValue(new OutPoint(next.Transaction.Txid, (uint)i), out Txid child))
                {
                    open.Push(entries[child]);
                }
            }
        }
    }

    private SpendContext Context(ChainReading reading, uint blockTime, uint medianTimePast) =>
        new(reading.Tip.Height + 1, blockTime, medianTimePast, state.Network, state.PoolCurve);
}
