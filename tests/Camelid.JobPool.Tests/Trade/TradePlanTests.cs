using Camelid.JobPool.Jobs;
using Camelid.JobPool.Steps;
using Camelid.JobPool.Trade;

namespace Camelid.JobPool.Tests.Trade;

/// <summary>The next step of a job between operators follows from its row and the clock alone.</summary>
public sealed class TradePlanTests
{
    private const long Deadline = 2_000_000_000;
    private const long DeadlineMs = Deadline * 1000;
    private const long Now = 1_999_999_000_000;

    private static readonly JobRow Bought = new()
    {
        JobId = new string('1', 64),
        RequestKey = "key",
        PaymentState = "created",
        VerificationState = "pending",
        IsOpen = 1,
        Parameters = [],
        ModelRoot = [],
        Nonce = [],
        Deadline = Deadline,
        TestamentExpiry = Deadline + 500,
        Sent = Now,
        Side = JobSide.Bought,
    };

    private static readonly JobRow Offered = Bought with { OfferTxid = [1] };
    private static readonly JobRow Ordered = Offered with { StakeId = [1], Attempt = 2 };
    private static readonly JobRow Taken = Ordered with { PaymentState = "accepted" };
    private static readonly JobRow Promised = Taken with { PaymentState = "committed", TestamentHash = [1] };
    private static readonly JobRow Paying = Promised with { PaymentTxid = [1] };
    private static readonly JobRow Delivered = Paying with { PaymentState = "delivered", Delivered = Now };

    private static readonly JobRow Sold = Bought with
    {
        Side = JobSide.Sold, OfferTxid = [1], IsOfferClosed = 1, StakeId = [1], Committed = Now,
    };

    private static readonly JobRow Answered = Sold with { OrderAnswerSignature = [1], Attempt = 1 };
    private static readonly JobRow Computing = Answered with { PaymentState = "accepted", LeaseUntil = Now + 1 };
    private static readonly JobRow Sent = Computing with { PaymentState = "committed", OutputKey = [1] };

    private static readonly (string Name, JobRow Row, long Now, StepKind Kind)[] Table =
    [
        ("bought: created", Bought, Now, StepKind.OpenOffer),
        ("bought: cancelled at once", Bought with { IsCancelled = 1 }, Now, StepKind.Withdraw),
        ("bought: offered", Offered, Now, StepKind.ChooseWorker),
        ("bought: nobody came", Offered, DeadlineMs, StepKind.Lapse),
        ("bought: ordered", Ordered, Now + 1_999, StepKind.None),
        ("bought: no answer", Ordered, Now + 2_000, StepKind.SendOrder),
        ("bought: no answer to the second", Ordered with { Attempt = 3 }, Now + 3_999, StepKind.None),
        ("bought: still none", Ordered with { Attempt = 3 }, Now + 4_000, StepKind.SendOrder),
        ("bought: none to many", Ordered with { Attempt = 99 }, Now + 29_999, StepKind.None),
        ("bought: not one more", Ordered with { Attempt = 99 }, Now + 30_000, StepKind.SendOrder),
        ("bought: never an answer", Ordered, DeadlineMs, StepKind.Lapse),
        ("bought: taken", Taken, DeadlineMs - 1, StepKind.None),
        ("bought: taken and cancelled", Taken with { IsCancelled = 1 }, Now, StepKind.Withdraw),
        ("bought: worker lost", Taken, DeadlineMs, StepKind.LoseWorker),
        ("bought: promised", Promised, DeadlineMs, StepKind.Pay),
        ("bought: promised too long ago", Promised, DeadlineMs + 500_000, StepKind.ExpireTestament),
        ("bought: paying", Paying, Now, StepKind.WatchPurchase),
        ("bought: paid", Paying with { PaymentState = "paid" }, Now, StepKind.WatchPurchase),
        ("bought: delivered, just asked", Delivered, Now + 4_999, StepKind.WatchPurchaseClaim),
        ("bought: delivered, verifier silent", Delivered, Now + 5_000, StepKind.RequestCheck),
        ("bought: asked long ago", Delivered with { Sent = Now + 15_000 }, Now + 29_999, StepKind.WatchPurchaseClaim),
        ("bought: asked longer ago", Delivered with { Sent = Now + 15_000 }, Now + 30_000, StepKind.RequestCheck),
        ("bought: delivered, verifier gone", Delivered, Now + 60_000, StepKind.GiveUpVerifying),
        ("bought: nobody is to check", Delivered with { VerifyBy = "none" }, Now, StepKind.GiveUpVerifying),
        ("bought: checked", Delivered with { VerificationState = "passed" }, Now + 60_000,
            StepKind.WatchPurchaseClaim),
        ("bought: settled, not checked", Delivered with { PaymentState = "settled" }, Now + 5_000,
            StepKind.RequestCheck),
        ("bought: settled and closed",
            Delivered with { PaymentState = "settled", VerificationState = "passed", IsOpen = 0 }, Now, StepKind.None),
        ("bought: settled, checked, open",
            Delivered with { PaymentState = "settled", VerificationState = "failed" }, Now,
            StepKind.WatchPurchaseClaim),
        ("bought: expired", Ordered with { PaymentState = "expired" }, Now, StepKind.CloseOffer),
        ("bought: expired, paid for", Paying with { PaymentState = "expired" }, Now, StepKind.WatchPurchase),
        ("bought: refunded", Paying with { PaymentState = "refunded" }, Now, StepKind.Close),
        ("sold: created", Sold, Now, StepKind.AcceptOrder),
        ("sold: too late", Sold, DeadlineMs, StepKind.Lapse),
        ("sold: answered", Answered, Now + 14_999, StepKind.None),
        ("sold: nobody took it", Answered, Now + 15_000, StepKind.SendComputeAgain),
        ("sold: computing", Computing, Now, StepKind.None),
        ("sold: lease lapsed", Computing, Now + 1, StepKind.NextAttempt),
        ("sold: last lease lapsed", Computing with { Attempt = 5 }, Now + 1, StepKind.GiveUpComputing),
        ("sold: computing at the deadline", Computing, DeadlineMs, StepKind.Lapse),
        ("sold: computed after the deadline", Computing with { OutputKey = [1] }, DeadlineMs, StepKind.Commit),
        ("sold: committed, to be sent", Sent with { Sent = 0 }, Now, StepKind.SendCommitment),
        ("sold: sent a moment ago", Sent, Now + 2_999, StepKind.WatchSale),
        ("sold: no receipt", Sent, Now + 3_000, StepKind.SendCommitment),
        ("sold: no receipt for long", Sent with { Sent = Now + 400_000 }, Now + 459_999, StepKind.WatchSale),
        ("sold: no receipt for longer", Sent with { Sent = Now + 400_000 }, Now + 460_000, StepKind.SendCommitment),
        ("sold: received", Sent with { PeerAnswered = Now }, Now + 60_000, StepKind.WatchSale),
        ("sold: paid", Sent with { PaymentState = "paid", PaymentTxid = [1] }, Now, StepKind.WatchSale),
        ("sold: claimed", Sent with { PaymentState = "delivered", PaymentTxid = [1] }, Now, StepKind.WatchSaleClaim),
        ("sold: settled", Sent with { PaymentState = "settled", IsOpen = 0 }, Now, StepKind.None),
        ("sold: expired", Sent with { PaymentState = "expired" }, Now, StepKind.Close),
        ("sold: expired, paid for", Sent with { PaymentState = "expired", PaymentTxid = [1] }, Now, StepKind.WatchSale),
    ];

    public static TheoryData<string> Names => [.. Table.Select(entry => entry.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_row_and_a_time_give_one_step(string name)
    {
        (_, JobRow row, long now, StepKind kind) = Table.Single(entry => entry.Name == name);
        Assert.Equal(kind, StepPlan.Choose(row, new JobPoolOptions(), now));
        Assert.True(StepPlan.NextDue(row, new JobPoolOptions(), now) > now);
    }

    /// <summary>A bought job never takes a step of a sold one, nor the other way about.</summary>
    [Fact]
    public void Each_side_has_its_own_steps()
    {
        StepKind[] ofWorkers = [StepKind.AcceptOrder, StepKind.SendCommitment, StepKind.WatchSale,
            StepKind.WatchSaleClaim, StepKind.Commit, StepKind.NextAttempt];
        StepKind[] ofClients = [StepKind.OpenOffer, StepKind.ChooseWorker, StepKind.SendOrder, StepKind.Pay,
            StepKind.CloseOffer, StepKind.RequestCheck];
        Assert.DoesNotContain(Table, entry => entry.Row.Side == JobSide.Bought && ofWorkers.Contains(entry.Kind));
        Assert.DoesNotContain(Table, entry => entry.Row.Side == JobSide.Sold && ofClients.Contains(entry.Kind));
    }

    [Theory]
    [InlineData(0, 3_000)]
    [InlineData(29_999, 3_000)]
    [InlineData(30_000, 15_000)]
    [InlineData(300_000, 60_000)]
    public void A_commitment_is_repeated_ever_less_often(long sinceMs, long pauseMs) =>
        Assert.Equal(pauseMs, SalePlan.PauseMs(Sent, Now + sinceMs));
}
