using Camelid.JobPool.Jobs;
using Camelid.JobPool.Steps;
using Camelid.Protocol.Jobs;

namespace Camelid.JobPool.Trade;

/// <summary>The next step of a job that another operator runs for us, from its row and the clock alone.</summary>
internal static class PurchasePlan
{
    /// <summary>Milliseconds after which the first order without an answer is sent again; each time twice as many.
    /// </summary>
    public const long OrderAgainMs = 2000;

    /// <summary>… and at most so many.</summary>
    public const long OrderAgainMaxMs = 30_000;

    /// <summary>The longest pause between two questions to a verifier, in milliseconds.</summary>
    public const long CheckAgainMaxMs = 20_000;

    /// <summary>Milliseconds until a worker or a deposit is looked for again.</summary>
    public const long LookAgainMs = 1000;

    /// <summary>The step to take at <paramref name="nowMs"/>.</summary>
    public static StepKind Choose(JobRow row, JobPoolOptions options, long nowMs) => JobFacets.PaymentOf(row) switch
    {
        PaymentState.Created => OfCreated(row, nowMs),
        PaymentState.Accepted => OfAccepted(row, nowMs),
        PaymentState.Committed when row.PaymentTxid is null
            => nowMs >= row.TestamentExpiry * 1000 ? StepKind.ExpireTestament : StepKind.Pay,
        PaymentState.Committed or PaymentState.Paid => StepKind.WatchPurchase,
        PaymentState.Expired when row.PaymentTxid is not null => StepKind.WatchPurchase,
        PaymentState.Delivered or PaymentState.Settled => OfDelivered(row, options, nowMs),
        PaymentState.Expired or PaymentState.Dismissed when row.IsOfferClosed == 0 && row.PaymentTxid is null
            => StepKind.CloseOffer,
        _ => row.IsOpen == 1 ? StepKind.Close : StepKind.None,
    };

    /// <summary>When the job is to be looked at again if nothing happens before, Unix milliseconds.</summary>
    public static long NextDue(JobRow row, long nowMs)
    {
        long deadlineMs = row.Deadline * 1000;
        return JobFacets.PaymentOf(row) switch
        {
            PaymentState.Created when row.StakeId is null => Math.Min(nowMs + LookAgainMs, deadlineMs),
            PaymentState.Created => Math.Min(row.Sent + OrderPauseMs(row), deadlineMs),
            PaymentState.Accepted => deadlineMs,
            _ => nowMs + StepPlan.RetryMs,
        };
    }

    /// <summary>Ever longer, so that many jobs at once do not drown their own answers.</summary>
    public static long OrderPauseMs(JobRow row) =>
        Math.Min(OrderAgainMs << (int)Math.Clamp(row.Attempt - 2, 0, 8), OrderAgainMaxMs);

    /// <summary>The same for checks, by how long after the delivery the last one was sent.</summary>
    public static long CheckPauseMs(JobRow row, JobPoolOptions options) => Math.Clamp(
        row.Sent - row.Delivered, options.VerifyAgainSeconds * 1000L, CheckAgainMaxMs);

    /// <summary>True where the answer is here and nobody has checked it yet.</summary>
    public static bool WaitsForVerdict(JobRow row) =>
        row.Delivered > 0 && JobFacets.VerificationOf(row) == VerificationState.Pending;

    private static StepKind OfCreated(JobRow row, long nowMs) => row switch
    {
        { IsCancelled: 1 } => StepKind.Withdraw,
        _ when nowMs >= row.Deadline * 1000 => StepKind.Lapse,
        { OfferTxid: null } => StepKind.OpenOffer,
        { StakeId: null } => StepKind.ChooseWorker,
        _ when nowMs - row.Sent >= OrderPauseMs(row) => StepKind.SendOrder,
        _ => StepKind.None,
    };

    private static StepKind OfAccepted(JobRow row, long nowMs) => row switch
    {
        { IsCancelled: 1 } => StepKind.Withdraw,
        _ when nowMs >= row.Deadline * 1000 => StepKind.LoseWorker,
        _ => StepKind.None,
    };

    private static StepKind OfDelivered(JobRow row, JobPoolOptions options, long nowMs) => row switch
    {
        _ when !WaitsForVerdict(row) => row.IsOpen == 1 ? StepKind.WatchPurchaseClaim : StepKind.None,
        { VerifyBy: VerifyChoice.None } => StepKind.GiveUpVerifying,
        _ when nowMs - row.Delivered >= options.VerifySecondsMax * 1000L => StepKind.GiveUpVerifying,
        _ when nowMs - row.Sent >= CheckPauseMs(row, options) => StepKind.RequestCheck,
        _ => StepKind.WatchPurchaseClaim,
    };
}

/// <summary>Who checks a bought answer.</summary>
internal static class VerifyChoice
{
    /// <summary>This operator's verifier where it has one, else another operator's.</summary>
    public const string Any = "any";

    /// <summary>This operator's verifier.</summary>
    public const string Own = "own";

    /// <summary>Another operator's, who is not the worker's.</summary>
    public const string Third = "third";

    /// <summary>Nobody: the verification is inconclusive at once.</summary>
    public const string None = "none";

    /// <summary>True for one of the words, and for none at all, which means any.</summary>
    public static bool IsOne(string text) => text is "" or Any or Own or Third or None;
}
