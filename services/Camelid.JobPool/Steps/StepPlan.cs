using Camelid.JobPool.Jobs;
using Camelid.JobPool.Trade;
using Camelid.Protocol.Jobs;

namespace Camelid.JobPool.Steps;

/// <summary>What is to be done with a job now.</summary>
internal enum StepKind
{
    None = 0,
    OpenOffer,
    Assign,
    SendComputeAgain,
    NextAttempt,
    Lapse,
    Withdraw,
    GiveUpComputing,
    Commit,
    SendVerifyAgain,
    GiveUpVerifying,
    Reject,
    Pay,
    WatchPayment,
    ExpireTestament,
    WatchClaim,
    CloseOffer,
    Close,
    ChooseWorker,
    SendOrder,
    LoseWorker,
    WatchPurchase,
    WatchPurchaseClaim,
    RequestCheck,
    AcceptOrder,
    SendCommitment,
    WatchSale,
    WatchSaleClaim,
}

/// <summary>
/// The next step of a job, from its row and the clock alone: whoever asks, after whatever crash, gets the same answer.
/// </summary>
internal static class StepPlan
{
    /// <summary>Milliseconds until a step that could not be finished is tried again.</summary>
    public const long RetryMs = 5000;

    /// <summary>The step to take at <paramref name="nowMs"/>.</summary>
    public static StepKind Choose(JobRow row, JobPoolOptions options, long nowMs) => row.Side switch
    {
        JobSide.Bought => PurchasePlan.Choose(row, options, nowMs),
        JobSide.Sold => SalePlan.Choose(row, options, nowMs),
        _ => ChooseOwn(row, options, nowMs),
    };

    private static StepKind ChooseOwn(JobRow row, JobPoolOptions options, long nowMs) => JobFacets.PaymentOf(row) switch
    {
        PaymentState.Created => OfCreated(row, options, nowMs),
        PaymentState.Accepted => OfAccepted(row, options, nowMs),
        PaymentState.Committed => OfCommitted(row, options, nowMs),
        PaymentState.Paid => StepKind.WatchPayment,
        PaymentState.Expired when row.PaymentTxid is not null => StepKind.WatchPayment,
        PaymentState.Delivered => StepKind.WatchClaim,
        PaymentState.Settled => row.IsOpen == 1 ? StepKind.WatchClaim : StepKind.None,
        PaymentState.Expired or PaymentState.Dismissed when row.IsOfferClosed == 0 && row.PaymentTxid is null
            => StepKind.CloseOffer,
        _ => row.IsOpen == 1 ? StepKind.Close : StepKind.None,
    };

    /// <summary>When the job is to be looked at again if nothing happens before, Unix milliseconds.</summary>
    public static long NextDue(JobRow row, JobPoolOptions options, long nowMs)
    {
        long due = row.Side switch
        {
            JobSide.Bought => PurchasePlan.NextDue(row, nowMs),
            JobSide.Sold => SalePlan.NextDue(row, options, nowMs),
            _ => NextDueOfOwn(row, options, nowMs),
        };
        return Math.Max(due, nowMs + 1);
    }

    private static long NextDueOfOwn(JobRow row, JobPoolOptions options, long nowMs)
    {
        long deadlineMs = row.Deadline * 1000;
        return JobFacets.PaymentOf(row) switch
        {
            PaymentState.Created when row.OfferTxid is not null && row.Attempt > 0
                => Math.Min(row.Sent + LeaseMs(options), deadlineMs),
            PaymentState.Accepted when row.OutputKey is null => Math.Min(row.LeaseUntil, deadlineMs),
            _ => nowMs + RetryMs,
        };
    }

    /// <summary>Milliseconds that a lease lasts after a report.</summary>
    public static long LeaseMs(JobPoolOptions options) => options.LeaseSeconds * 1000L;

    private static StepKind OfCreated(JobRow row, JobPoolOptions options, long nowMs) => row switch
    {
        { IsCancelled: 1 } => StepKind.Withdraw,
        _ when nowMs >= row.Deadline * 1000 => StepKind.Lapse,
        { OfferTxid: null } => StepKind.OpenOffer,
        { Attempt: 0 } => StepKind.Assign,
        _ when nowMs - row.Sent >= LeaseMs(options) => StepKind.SendComputeAgain,
        _ => StepKind.None,
    };

    private static StepKind OfAccepted(JobRow row, JobPoolOptions options, long nowMs) => row switch
    {
        // The output is here: it is worth committing to, whatever the clock says.
        { OutputKey: not null } => StepKind.Commit,
        _ when nowMs >= row.Deadline * 1000 => StepKind.Lapse,
        _ when nowMs < row.LeaseUntil => StepKind.None,
        { IsCancelled: 1 } => StepKind.Withdraw,
        _ => row.Attempt >= options.AttemptsMax ? StepKind.GiveUpComputing : StepKind.NextAttempt,
    };

    private static StepKind OfPending(JobRow row, JobPoolOptions options, long nowMs) => row switch
    {
        _ when nowMs - row.Committed >= options.VerifySecondsMax * 1000L => StepKind.GiveUpVerifying,
        _ when nowMs - row.Sent >= options.VerifyAgainSeconds * 1000L => StepKind.SendVerifyAgain,
        _ => StepKind.None,
    };

    private static StepKind OfCommitted(JobRow row, JobPoolOptions options, long nowMs)
    {
        VerificationState verification = JobFacets.VerificationOf(row);
        return row switch
        {
            _ when verification == VerificationState.Failed && row.PaymentTxid is null => StepKind.Reject,
            _ when verification == VerificationState.Pending => OfPending(row, options, nowMs),
            { PaymentTxid: not null } => StepKind.WatchPayment,
            _ => nowMs >= row.TestamentExpiry * 1000 ? StepKind.ExpireTestament : StepKind.Pay,
        };
    }
}
