using Camelid.JobPool.Jobs;
using Camelid.JobPool.Steps;
using Camelid.Protocol.Jobs;

namespace Camelid.JobPool.Trade;

/// <summary>The next step of a job that is run here for another operator's client, from its row and the clock alone.
/// </summary>
internal static class SalePlan
{
    /// <summary>The step to take at <paramref name="nowMs"/>.</summary>
    public static StepKind Choose(JobRow row, JobPoolOptions options, long nowMs) => JobFacets.PaymentOf(row) switch
    {
        PaymentState.Created => OfCreated(row, options, nowMs),
        PaymentState.Accepted => OfAccepted(row, options, nowMs),
        PaymentState.Committed when SendsCommitment(row, nowMs) => StepKind.SendCommitment,
        PaymentState.Committed or PaymentState.Paid => StepKind.WatchSale,
        PaymentState.Expired when row.PaymentTxid is not null => StepKind.WatchSale,
        PaymentState.Delivered => StepKind.WatchSaleClaim,
        PaymentState.Settled => row.IsOpen == 1 ? StepKind.WatchSaleClaim : StepKind.None,
        _ => row.IsOpen == 1 ? StepKind.Close : StepKind.None,
    };

    /// <summary>When the job is to be looked at again if nothing happens before, Unix milliseconds.</summary>
    public static long NextDue(JobRow row, JobPoolOptions options, long nowMs) => JobFacets.PaymentOf(row) switch
    {
        PaymentState.Created when row.OrderAnswerSignature is not null
            => Math.Min(row.Sent + StepPlan.LeaseMs(options), row.Deadline * 1000),
        PaymentState.Accepted when row.OutputKey is null => Math.Min(row.LeaseUntil, row.Deadline * 1000),
        PaymentState.Committed when WantsCommitmentSent(row)
            => Math.Min(row.Sent + PauseMs(row, nowMs), nowMs + StepPlan.RetryMs),
        _ => nowMs + StepPlan.RetryMs,
    };

    /// <summary>Often at first, then ever less: a client may be away for long, and loses nothing by it.</summary>
    public static long PauseMs(JobRow row, long nowMs) => (nowMs - row.Committed) switch
    {
        < 30_000 => 3_000,
        < 300_000 => 15_000,
        _ => 60_000,
    };

    private static bool SendsCommitment(JobRow row, long nowMs) =>
        WantsCommitmentSent(row) && nowMs - row.Sent >= PauseMs(row, nowMs) && nowMs < row.TestamentExpiry * 1000;

    private static bool WantsCommitmentSent(JobRow row) => row.PaymentTxid is null && row.PeerAnswered == 0;

    private static StepKind OfCreated(JobRow row, JobPoolOptions options, long nowMs) => row switch
    {
        _ when nowMs >= row.Deadline * 1000 => StepKind.Lapse,
        { OrderAnswerSignature: null } => StepKind.AcceptOrder,
        _ when nowMs - row.Sent >= StepPlan.LeaseMs(options) => StepKind.SendComputeAgain,
        _ => StepKind.None,
    };

    private static StepKind OfAccepted(JobRow row, JobPoolOptions options, long nowMs) => row switch
    {
        { OutputKey: not null } => StepKind.Commit,
        _ when nowMs >= row.Deadline * 1000 => StepKind.Lapse,
        _ when nowMs < row.LeaseUntil => StepKind.None,
        _ => row.Attempt >= options.AttemptsMax ? StepKind.GiveUpComputing : StepKind.NextAttempt,
    };
}
