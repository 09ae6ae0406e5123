using Camelid.Protocol;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Mempool;

/// <summary>A transaction that asks to be let in, as far as it is known before its scripts run.</summary>
internal sealed record PoolCandidate
{
    /// <summary>The transaction.</summary>
    public required Transaction Transaction { get; init; }

    /// <summary>What it does.</summary>
    public required PoolKind Kind { get; init; }

    /// <summary>Its fee, in grains.</summary>
    public required long FeeGrains { get; init; }

    /// <summary>Rule M-03: the bytes that it pays for.</summary>
    public required int PricedBytes { get; init; }

    /// <summary>The waiting transactions whose outputs it spends, each once.</summary>
    public required IReadOnlyList<PoolNode> Parents { get; init; }

    /// <summary>The waiting transactions that spend what it spends, each once, in the order of its inputs.</summary>
    public required IReadOnlyList<PoolNode> Conflicts { get; init; }

    /// <summary>True where the next block may hold it by its lock time.</summary>
    public required bool IsFinal { get; init; }

    /// <summary>True for a job transaction.</summary>
    public bool IsJob => Kind is PoolKind.Offer or PoolKind.Payment;
}

/// <summary>When a transaction may take the place of others that wait.</summary>
internal static class PoolReplacement
{
    /// <summary>
    /// Rules M-07 to M-09: may it take the place of all that conflicts with it, and of all that rests on that?
    /// </summary>
    /// <param name="candidate">What asks.</param>
    /// <param name="leaving">All that would leave: the conflicts and what rests on them.</param>
    /// <param name="increment">Rule M-04: the price that a replacement adds for its own bytes.</param>
    /// <param name="now">Unix seconds.</param>
    public static RuleCode Check(
        PoolCandidate candidate, IReadOnlyList<PoolNode> leaving, FeeRate increment, uint now)
    {
        if (candidate.Conflicts.Count == 0)
        {
            return RuleCode.Accepted;
        }

        if (candidate.IsJob || candidate.Conflicts.Any(conflict => conflict.Entry.IsJob))
        {
            return candidate.Conflicts.Count == 1
                ? CheckJob(candidate.Conflicts[0].Entry, candidate, increment, now)
                : RuleCode.Conflict;
        }

        return CheckOrdinary(candidate, leaving, increment);
    }

    /// <summary>
    /// Rules M-07 and M-08: an ordinary transaction or redemption replaces others where it pays a higher price than
    /// each that it conflicts with, at least the fees of all that leaves, and the increment for its own bytes; where at
    /// most 100 leave; where it spends no unconfirmed output that they did not spend, and none of their own; and where
    /// it may be mined now. No one has to signal anything.
    /// </summary>
    /// <remarks>
    /// The absolute fee pays for what was passed on already: else a few bytes could send megabytes around the network.
    /// The last condition is ours: a refund that still waits for the median of block times must not push a claim out.
    /// </remarks>
    private static RuleCode CheckOrdinary(
        PoolCandidate candidate, IReadOnlyList<PoolNode> leaving, FeeRate increment)
    {
        if (!candidate.IsFinal)
        {
            return RuleCode.ReplacementWaits;
        }

        if (leaving.Count > PoolPolicy.ReplacedMax)
        {
            return RuleCode.ReplacesTooMany;
        }

        foreach (PoolNode parent in candidate.Parents)
        {
            if (leaving.Contains(parent))
            {
                return RuleCode.ReplacementSpendsReplaced;
            }

            if (!candidate.Conflicts.Any(conflict => conflict.Parents.Contains(parent)))
            {
                return RuleCode.ReplacementAddsUnconfirmed;
            }
        }

        FeeRatio own = new(candidate.FeeGrains, candidate.PricedBytes);
        long least = leaving.Sum(node => node.Entry.Fee.Grains) + increment.FeeFor(candidate.PricedBytes);
        bool isDearer = candidate.Conflicts.All(conflict => own.CompareTo(conflict.Own.Ratio) > 0);
        return isDearer && candidate.FeeGrains >= least
            ? RuleCode.Accepted
            : RuleCode.FeeTooLow;
    }

    /// <summary>
    /// Rules E-31 and M-09: of one job, a higher rank replaces a lower one at equal or higher fee: a payment before the
    /// closing of an offer, which is due, before the offer, which is not. Of equal rank, an earlier rotation, or the
    /// same payment with smaller change, replaces where it adds the increment for its bytes. Nothing else replaces a
    /// job transaction, and a job transaction replaces nothing else.
    /// </summary>
    /// <remarks>
    /// Ranks make the free replacements of one deposit at most two. Without them, a client could sign closings each a
    /// second earlier than the last, and each would travel through the network for nothing.
    /// </remarks>
    private static RuleCode CheckJob(PoolEntry old, PoolCandidate candidate, FeeRate increment, uint now)
    {
        if (!old.IsJob || !candidate.IsJob)
        {
            return RuleCode.Conflict;
        }

        if (old.Transaction.JobId != candidate.Transaction.JobId)
        {
            return RuleCode.DepositInUse;
        }

        int rank = Rank(candidate.Kind, candidate.Transaction, now);
        int oldRank = Rank(old.Kind, old.Transaction, now);
        long least = old.Fee.Grains;
        if (rank == oldRank)
        {
            bool isSameButEarlierOrDearer = candidate.Kind == PoolKind.Payment
                ? PoolStandard.Payments(old.Transaction).SequenceEqual(PoolStandard.Payments(candidate.Transaction))
                    && candidate.Transaction.LockTime == old.Transaction.LockTime
                : candidate.Transaction.LockTime < old.Transaction.LockTime;
            if (!isSameButEarlierOrDearer)
            {
                return RuleCode.Conflict;
            }

            least += increment.FeeFor(candidate.PricedBytes);
        }

        return rank < oldRank ? RuleCode.Conflict
            : candidate.FeeGrains >= least ? RuleCode.Accepted
            : RuleCode.FeeTooLow;
    }

    private static int Rank(PoolKind kind, Transaction transaction, uint now) =>
        kind == PoolKind.Payment ? 2 : transaction.LockTime <= now ? 1 : 0;
}
