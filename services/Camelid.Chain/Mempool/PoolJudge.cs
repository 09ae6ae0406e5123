using Camelid.Chain.Blocks;
using Camelid.Protocol;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Mempool;

/// <summary>What is asked about a transaction.</summary>
internal sealed record PoolQuestion
{
    /// <summary>The transaction.</summary>
    public required Transaction Transaction { get; init; }

    /// <summary>created + W of its job, or null where this node does not know the job.</summary>
    public uint? PaymentLockTime { get; init; }

    /// <summary>The clock, Unix seconds.</summary>
    public required uint Now { get; init; }

    /// <summary>When it came first, Unix seconds: earlier than now where it comes out of a file.</summary>
    public required long ArrivedUnix { get; init; }

    /// <summary>Rule M-11: the price that ordinary transactions must pay now.</summary>
    public required FeeRate MinimumRate { get; init; }

    /// <summary>Rule M-15: true for one that a block held: what it pays was good enough once.</summary>
    public bool IsReturning { get; init; }
}

/// <summary>What came of it: an entry, and what leaves for its sake.</summary>
internal sealed record PoolJudgement
{
    /// <summary>Accepted, or the first refusal.</summary>
    public required RuleCode Code { get; init; }

    /// <summary>What may wait; its sequence is not given yet. Null where refused.</summary>
    public PoolEntry? Entry { get; init; }

    /// <summary>The waiting transactions that conflict with it.</summary>
    public IReadOnlyList<PoolNode> Conflicts { get; init; } = [];

    /// <summary>Rule M-18: true where it waits for room only: no parent, lock time or job holds it up.</summary>
    public bool TeachesFees { get; init; }

    /// <summary>It may not wait.</summary>
    public static PoolJudgement Refused(RuleCode code) => new() { Code = code };
}

/// <summary>
/// Judges whether a transaction may wait: what costs little first, its scripts last. Changes nothing.
/// </summary>
internal sealed class PoolJudge(ChainState state, PoolPolicy policy, PoolGraph graph)
{
    /// <summary>Judges one transaction that does not wait yet.</summary>
    public PoolJudgement Judge(PoolQuestion question)
    {
        Transaction transaction = question.Transaction;
        RuleCode code = transaction.IsCoinbase ? RuleCode.CoinbaseOutsideBlock : TransactionRules.Check(transaction);
        code = code == RuleCode.Accepted ? PoolStandard.Check(transaction) : code;
        code = code == RuleCode.Accepted ? CheckLockTime(transaction, question.Now) : code;
        if (code != RuleCode.Accepted)
        {
            return PoolJudgement.Refused(code);
        }

        PoolInputs inputs = state.Read(reading => PoolInputs.Find(transaction, graph, reading));
        code = inputs.Code == RuleCode.Accepted ? PoolStandard.CheckSpent(transaction, inputs.Spent) : inputs.Code;
        if (code != RuleCode.Accepted)
        {
            return PoolJudgement.Refused(code);
        }

        Int128 fee = Fee(transaction, inputs);
        if (fee < 0)
        {
            return PoolJudgement.Refused(RuleCode.OutputsAboveInputs);
        }

        PoolCandidate candidate = CandidateOf(transaction, inputs, (long)fee);
        code = CheckPrice(candidate, question);
        code = code == RuleCode.Accepted ? CheckJobLockTime(candidate, question.PaymentLockTime) : code;
        code = code == RuleCode.Accepted ? CheckNeighbours(candidate, question.Now, inputs) : code;
        return code == RuleCode.Accepted ? JudgeScripts(candidate, question, inputs) : PoolJudgement.Refused(code);
    }

    /// <summary>
    /// Rule M-05: a lock time in seconds is at most 14 days ahead: an offer or payment waits here for it. That of any
    /// other transaction must be over by the clock (the median of block times may still lag behind it), and one in
    /// blocks must let the next block hold it; the scripts' judgement sees to both.
    /// </summary>
    private static RuleCode CheckLockTime(Transaction transaction, uint now)
    {
        uint lockTime = transaction.LockTime >= Transaction.LockTimeThreshold ? transaction.LockTime : 0;
        return lockTime > (long)now + PoolPolicy.LockTimeAheadSecondsMax
            ? RuleCode.LockTimeTooFar
            : RuleCode.Accepted;
    }

    private static Int128 Fee(Transaction transaction, PoolInputs inputs)
    {
        Int128 fee = 0;
        foreach (Utxo utxo in inputs.Spent)
        {
            fee += utxo.Output.Value.Grains;
        }

        foreach (TxOutput output in transaction.Outputs)
        {
            fee -= output.Value.Grains;
        }

        return fee;
    }

    private PoolCandidate CandidateOf(Transaction transaction, PoolInputs inputs, long feeGrains)
    {
        List<PoolNode> conflicts = [];
        foreach (TxInput input in transaction.Inputs)
        {
            if (graph.TryFindSpender(input.Previous, out PoolNode? spender) && !conflicts.Contains(spender))
            {
                conflicts.Add(spender);
            }
        }

        return new PoolCandidate
        {
            Transaction = transaction,
            Kind = PoolStandard.KindOf(transaction, inputs.Spent),
            FeeGrains = feeGrains,
            PricedBytes = PoolPolicy.PricedBytes(transaction),
            Parents = inputs.Parents,
            Conflicts = conflicts,
            IsFinal = TransactionRules.IsFinal(transaction, inputs.Height, inputs.MedianTimePast),
        };
    }

    /// <summary>
    /// Rules M-04 and M-12: everything pays the relay fee; what is not guarded pays the rolling minimum too.
    /// </summary>
    private RuleCode CheckPrice(PoolCandidate candidate, PoolQuestion question)
    {
        FeeRate least = candidate.Kind == PoolKind.Ordinary
            ? FeeRate.Max(policy.RelayRate, question.MinimumRate)
            : policy.RelayRate;
        return question.IsReturning || candidate.FeeGrains >= least.FeeFor(candidate.PricedBytes)
            ? RuleCode.Accepted
            : RuleCode.FeeTooLow;
    }

    /// <summary>Rule E-34: a payment's lock time is created + W, where the job is known.</summary>
    private static RuleCode CheckJobLockTime(PoolCandidate candidate, uint? paymentLockTime) =>
        candidate.Kind == PoolKind.Payment && paymentLockTime is { } due && candidate.Transaction.LockTime != due
            ? RuleCode.JobLockTime
            : RuleCode.Accepted;

    private RuleCode CheckNeighbours(PoolCandidate candidate, uint now, PoolInputs inputs)
    {
        List<PoolNode> leaving = candidate.Conflicts.Count == 0 ? [] : graph.WithDescendants(candidate.Conflicts);
        RuleCode code = PoolReplacement.Check(
            candidate, leaving, policy.RelayRate, Math.Max(now, inputs.MedianTimePast));
        return code == RuleCode.Accepted ? CheckChain(candidate, leaving) : code;
    }

    /// <summary>
    /// Rule M-06: with all that it rests on it has at most 25 transactions and 101,000 bytes, and so has each of those
    /// with all that rests on it. What leaves for its sake is not counted.
    /// </summary>
    private RuleCode CheckChain(PoolCandidate candidate, List<PoolNode> leaving)
    {
        int bytes = candidate.Transaction.ByteCount;
        List<PoolNode> ancestors = graph.AncestorsOf(candidate.Parents);
        if (ancestors.Count + 1 > PoolPolicy.UnconfirmedMax
            || ancestors.Sum(ancestor => ancestor.Own.Bytes) + bytes > PoolPolicy.UnconfirmedBytesMax)
        {
            return RuleCode.UnconfirmedChainTooLong;
        }

        Dictionary<PoolNode, PoolTotals> less = [];
        foreach (PoolNode gone in ancestors.Count == 0 ? [] : leaving)
        {
            foreach (PoolNode ancestor in graph.AncestorsOf(gone))
            {
                less[ancestor] = less.GetValueOrDefault(ancestor) + gone.Own;
            }
        }

        foreach (PoolNode ancestor in ancestors)
        {
            PoolTotals rest = ancestor.Descendants - less.GetValueOrDefault(ancestor);
            if (rest.Count + 1 > PoolPolicy.UnconfirmedMax || rest.Bytes + bytes > PoolPolicy.UnconfirmedBytesMax)
            {
                return RuleCode.UnconfirmedChainTooLong;
            }
        }

        return RuleCode.Accepted;
    }

    /// <summary>
    /// Judged as in a block of the time that it waits for: an offer or payment waits here for its lock time, and an
    /// ordinary lock time that has passed by the clock waits for the median to follow.
    /// </summary>
    private PoolJudgement JudgeScripts(PoolCandidate candidate, PoolQuestion question, PoolInputs inputs)
    {
        Transaction transaction = candidate.Transaction;
        uint now = Math.Max(question.Now, inputs.MedianTimePast + 1);
        SpendContext context = new(
            inputs.Height,
            candidate.IsJob ? Math.Max(now, transaction.LockTime) : now,
            Math.Max(question.Now, inputs.MedianTimePast),
            state.Network,
            state.PoolCurve);
        SpendResult result = TransactionRules.CheckSpend(transaction, context, inputs);
        if (result.Code != RuleCode.Accepted)
        {
            return PoolJudgement.Refused(result.Code);
        }

        if (result.SpendsThroughCheckJob != candidate.IsJob)
        {
            return PoolJudgement.Refused(RuleCode.NotStandard);
        }

        long waitsFrom = candidate.IsJob ? Math.Max(question.ArrivedUnix, transaction.LockTime) : question.ArrivedUnix;
        return new PoolJudgement
        {
            Code = RuleCode.Accepted,
            Conflicts = candidate.Conflicts,
            TeachesFees = candidate is { Kind: PoolKind.Ordinary, IsFinal: true, Parents.Count: 0 },
            Entry = new PoolEntry
            {
                Transaction = transaction,
                Fee = result.Fee,
                Kind = candidate.Kind,
                PricedBytes = candidate.PricedBytes,
                SignatureOperations = PoolPolicy.SignatureOperations(transaction),
                SpentSignatureOperations = result.SpentSignatureOperations,
                AsksForVerdicts = PoolStandard.AsksForVerdicts(inputs.Spent),
                Sequence = 0,
                ArrivedUnix = question.ArrivedUnix,
                ArrivedHeight = inputs.Height - 1,
                ExpiresUnix = waitsFrom + policy.ExpirySeconds,
            },
        };
    }
}
