using Camelid.Protocol.Jobs;
using static Camelid.Protocol.Jobs.PaymentCause;
using static Camelid.Protocol.Jobs.PaymentState;

namespace Camelid.Protocol.Tests.Jobs;

/// <summary>Rules J-10 and J-11: every state with every cause.</summary>
public sealed class LifecycleTests
{
    private static readonly Dictionary<(PaymentState, PaymentCause), PaymentState> Payments = new()
    {
        [(Created, AssignmentSigned)] = Accepted,
        [(Created, DeadlinePassed)] = Expired,
        [(Created, Withdrawn)] = Dismissed,
        [(Accepted, TestamentSigned)] = Committed,
        [(Accepted, DeadlinePassed)] = Expired,
        [(Accepted, Withdrawn)] = Dismissed,
        [(Committed, PaymentMined)] = Paid,
        [(Committed, TestamentExpired)] = Expired,
        [(Committed, OutputRejected)] = Dismissed,
        [(Expired, PaymentMined)] = Paid,
        [(Paid, KeyOpened)] = Delivered,
        [(Paid, PaymentDisconnected)] = Committed,
        [(Paid, RefundMined)] = Refunded,
        [(Paid, StakeSlashed)] = Slashed,
        [(Paid, DisputeDismissed)] = Dismissed,
        [(Delivered, ClaimMined)] = Settled,
        [(Delivered, PaymentDisconnected)] = Committed,
        [(Delivered, RefundMined)] = Refunded,
        [(Delivered, StakeSlashed)] = Slashed,
        [(Settled, ClaimDisconnected)] = Delivered,
        [(Settled, StakeSlashed)] = Slashed,
    };

    private static readonly Dictionary<(VerificationState, VerificationCause), VerificationState> Verifications = new()
    {
        [(VerificationState.Pending, VerificationCause.RulesHeld)] = VerificationState.Passed,
        [(VerificationState.Pending, VerificationCause.RuleBroken)] = VerificationState.Failed,
        [(VerificationState.Pending, VerificationCause.EvidenceUnclear)] = VerificationState.Inconclusive,
        [(VerificationState.Pending, VerificationCause.VerifierMissing)] = VerificationState.Inconclusive,
        [(VerificationState.Inconclusive, VerificationCause.RulesHeld)] = VerificationState.Passed,
        [(VerificationState.Inconclusive, VerificationCause.RuleBroken)] = VerificationState.Failed,
    };

    public static TheoryData<PaymentState, PaymentCause> AllPayments =>
        [.. from state in Enum.GetValues<PaymentState>()
            from cause in Enum.GetValues<PaymentCause>()
            select (state, cause)];

    public static TheoryData<VerificationState, VerificationCause> AllVerifications =>
        [.. from state in Enum.GetValues<VerificationState>()
            from cause in Enum.GetValues<VerificationCause>()
            select (state, cause)];

    /// <summary>Rule J-10: what is not in the table is refused.</summary>
    [Theory]
    [Trait("Rule", "J-10")]
    [MemberData(nameof(AllPayments))]
    public void A_payment_moves_only_as_the_table_says(PaymentState state, PaymentCause cause)
    {
        PaymentState? expected = Payments.TryGetValue((state, cause), out PaymentState next) ? next : null;
        Assert.Equal(expected, PaymentLifecycle.Next(state, cause));
        Assert.False(PaymentLifecycle.IsTerminal(state) && expected is not null);
    }

    /// <summary>Rule J-11: what is not in the table is refused.</summary>
    [Theory]
    [Trait("Rule", "J-11")]
    [MemberData(nameof(AllVerifications))]
    public void A_verification_moves_only_as_the_table_says(VerificationState state, VerificationCause cause)
    {
        VerificationState? expected =
            Verifications.TryGetValue((state, cause), out VerificationState next) ? next : null;
        Assert.Equal(expected, VerificationLifecycle.Next(state, cause));
        Assert.False(VerificationLifecycle.IsTerminal(state) && expected is not null);
    }

    /// <summary>Rule J-10: no state is a trap by mistake, and none is beyond reach.</summary>
    [Fact]
    [Trait("Rule", "J-10")]
    public void Every_payment_state_is_reachable_and_only_terminal_ones_are_final()
    {
        HashSet<PaymentState> reached = [Created];
        for (int before = 0; before < reached.Count;)
        {
            before = reached.Count;
            foreach (PaymentState state in reached.ToArray())
            {
                reached.UnionWith(Payments.Where(move => move.Key.Item1 == state).Select(move => move.Value));
            }
        }

        Assert.Equal(Enum.GetValues<PaymentState>().Except([PaymentState.Unset]).Order(), reached.Order());
        Assert.All(reached, state =>
            Assert.Equal(PaymentLifecycle.IsTerminal(state), Payments.Keys.All(move => move.Item1 != state)));
    }

    /// <summary>
    /// Rule J-10: money never leaves twice: a refunded job can't settle, a settled one can't be refunded.
    /// </summary>
    [Fact]
    [Trait("Rule", "J-10")]
    public void Nothing_leads_from_settled_to_refunded()
    {
        Assert.Null(PaymentLifecycle.Next(Settled, RefundMined));
        Assert.Null(PaymentLifecycle.Next(Refunded, ClaimMined));
        Assert.Null(PaymentLifecycle.Next(Settled, ClaimMined));
    }

    [Fact]
    public void A_judged_state_is_a_cause_and_an_unjudged_one_is_not()
    {
        Assert.Equal(VerificationCause.RulesHeld, VerificationLifecycle.CauseOf(VerificationState.Passed));
        Assert.Equal(VerificationCause.RuleBroken, VerificationLifecycle.CauseOf(VerificationState.Failed));
        Assert.Equal(VerificationCause.EvidenceUnclear, VerificationLifecycle.CauseOf(VerificationState.Inconclusive));
        Assert.Throws<ArgumentOutOfRangeException>(() => VerificationLifecycle.CauseOf(VerificationState.Pending));
    }
}
