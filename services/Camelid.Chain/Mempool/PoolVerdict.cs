using Camelid.Protocol;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Mempool;

/// <summary>May a transaction wait in the mempool?</summary>
/// <param name="IsAccepted">True where it waits there now, or did already.</param>
/// <param name="Reason">Empty where accepted; else the stable name of the rule that refuses it.</param>
internal readonly record struct PoolVerdict(bool IsAccepted, string Reason)
{
    /// <summary>A payment's lock time is not created + W of a job that this node knows.</summary>
    public const string JobLockTime = "job-lock-time";

    /// <summary>It spends what another waiting transaction spends, and may not replace that one.</summary>
    public const string Conflict = "conflict";

    /// <summary>It spends a deposit on which another job is open.</summary>
    public const string DepositInUse = "deposit-in-use";

    /// <summary>It spends an output of a job transaction that is in no block yet.</summary>
    public const string SpendsUnconfirmedJob = "spends-unconfirmed-job";

    /// <summary>An output is none of the templates, or pays nothing.</summary>
    public const string NotStandard = "not-standard";

    /// <summary>The mempool has no room.</summary>
    public const string Full = "mempool-full";

    /// <summary>Its lock time is too far ahead to wait for.</summary>
    public const string LockTimeTooFar = "lock-time-too-far";

    /// <summary>A replacement pays less than what it replaces.</summary>
    public const string FeeTooLow = "fee-too-low";

    /// <summary>It waits.</summary>
    public static PoolVerdict Accepted => new(true, "");

    /// <summary>It does not.</summary>
    public static PoolVerdict Refused(string reason) => new(false, reason);

    /// <summary>It does not, by a rule of the protocol.</summary>
    public static PoolVerdict Refused(RuleCode code) => new(false, code.ToReason());
}

/// <summary>A transaction that waits for a block.</summary>
internal sealed record PoolEntry
{
    /// <summary>The transaction.</summary>
    public required Transaction Transaction { get; init; }

    /// <summary>Its fee.</summary>
    public required Amount Fee { get; init; }

    /// <summary>True where it spends through CHECKJOB: an offer, a payment, or the closing of an offer.</summary>
    public required bool IsJob { get; init; }

    /// <summary>Payments that it makes, in grains; 0 for an offer.</summary>
    public required long PaymentGrains { get; init; }

    /// <summary>Its place in the order of arrival; parents come before children.</summary>
    public required long Sequence { get; init; }
}
