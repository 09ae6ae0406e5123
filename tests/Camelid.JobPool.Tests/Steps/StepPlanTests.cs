using Camelid.JobPool.Jobs;
using Camelid.JobPool.Steps;
using Camelid.Protocol.Jobs;

namespace Camelid.JobPool.Tests.Steps;

/// <summary>The next step follows from the row and the clock alone.</summary>
public sealed class StepPlanTests
{
    private const long Deadline = 2_000_000_000;
    private const long Now = 1_999_999_000_000;

    private static readonly JobRow Row = new()
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
        TestamentExpiry = Deadline,
        Sent = Now,
        Committed = Now,
        LeaseUntil = Now + 1,
    };

    private static readonly JobRow Offered = Row with { OfferTxid = [1], Attempt = 1 };
    private static readonly JobRow Accepted = Offered with { PaymentState = "accepted" };
    private static readonly JobRow Committed = Accepted with { PaymentState = "committed", OutputKey = [1] };
    private static readonly JobRow Verified = Committed with { VerificationState = "passed" };

    internal static readonly (string Name, JobRow Row, long Now, StepKind Kind)[] Table =
    [
        ("created", Row, Now, StepKind.OpenOffer),
        ("deadline, one before", Row, (Deadline * 1000) - 1, StepKind.OpenOffer),
        ("deadline", Row, Deadline * 1000, StepKind.Lapse),
        ("cancelled at once", Row with { IsCancelled = 1 }, Now, StepKind.Withdraw),
        ("offered", Row with { OfferTxid = [1] }, Now, StepKind.Assign),
        ("sent", Offered, Now + 14_999, StepKind.None),
        ("sent and lost", Offered, Now + 15_000, StepKind.SendComputeAgain),
        ("leased", Accepted, Now, StepKind.None),
        ("lease lapsed", Accepted, Now + 1, StepKind.NextAttempt),
        ("last lease lapsed", Accepted with { Attempt = 5 }, Now + 1, StepKind.GiveUpComputing),
        ("cancelled worker gone", Accepted with { IsCancelled = 1 }, Now + 1, StepKind.Withdraw),
        ("leased at the deadline", Accepted, Deadline * 1000, StepKind.Lapse),
        ("output after the deadline", Accepted with { OutputKey = [1] }, Deadline * 1000, StepKind.Commit),
        ("committed", Committed, Now + 4_999, StepKind.None),
        ("verifier silent", Committed, Now + 5_000, StepKind.SendVerifyAgain),
        ("verifier gone", Committed, Now + 60_000, StepKind.GiveUpVerifying),
        ("passed", Verified, Now, StepKind.Pay),
        ("inconclusive", Committed with { VerificationState = "inconclusive" }, Now, StepKind.Pay),
        ("failed", Committed with { VerificationState = "failed" }, Now, StepKind.Reject),
        ("failed after payment", Committed with { VerificationState = "failed", PaymentTxid = [1] }, Now,
            StepKind.WatchPayment),
        ("testament expired", Verified, Deadline * 1000, StepKind.ExpireTestament),
        ("paying", Verified with { PaymentTxid = [1] }, Now, StepKind.WatchPayment),
        ("paid", Verified with { PaymentState = "paid", PaymentTxid = [1] }, Now, StepKind.WatchPayment),
        ("delivered", Verified with { PaymentState = "delivered" }, Now, StepKind.WatchClaim),
        ("settled", Verified with { PaymentState = "settled", IsOpen = 0 }, Now, StepKind.None),
        ("settled, disturbed", Verified with { PaymentState = "settled" }, Now, StepKind.WatchClaim),
        ("expired", Offered with { PaymentState = "expired" }, Now, StepKind.CloseOffer),
        ("expired and closed", Offered with { PaymentState = "expired", IsOfferClosed = 1 }, Now, StepKind.Close),
        ("expired for good", Offered with { PaymentState = "expired", IsOfferClosed = 1, IsOpen = 0 }, Now,
            StepKind.None),
        ("expired, its payment signed", Verified with { PaymentState = "expired", PaymentTxid = [1], IsOpen = 0 }, Now,
            StepKind.WatchPayment),
        ("refunded", Verified with { PaymentState = "refunded" }, Now, StepKind.Close),
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

    [Fact]
    public void Facets_move_by_the_tables_only()
    {
        JobChange change = JobFacets.Move(JobChange.Of(Row), PaymentCause.AssignmentSigned, 7);
        Assert.Equal("accepted", change.Row.PaymentState);
        Assert.Equal("assignment-signed", Assert.Single(change.Transitions).Cause);
        Assert.Throws<System.Diagnostics.UnreachableException>(
            () => JobFacets.Move(JobChange.Of(Row), PaymentCause.ClaimMined, 7));
    }
}
