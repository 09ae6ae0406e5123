using Camelid.JobPool.Jobs;
using Camelid.Protocol.Jobs;

namespace Camelid.JobPool.Steps;

/// <summary>
/// The ways in which a job ends without a payment. Its deposit is given back by the step that follows.
/// </summary>
internal static class EndSteps
{
    /// <summary>[J11] The deadline passed without a testament: <c>expired</c>, and the offer is closed next.</summary>
    public static StepResult Lapse(JobRow row, long now) => End(
        JobChange.Of(row), PaymentCause.DeadlinePassed, now,
        "the deadline passed before a worker committed to an output");

    /// <summary>Another operator's worker took the job and did not commit before the deadline: nothing was paid.
    /// </summary>
    public static StepResult LoseWorker(JobRow row, long now) => End(
        JobChange.Of(row), PaymentCause.DeadlinePassed, now,
        $"worker-lost: node {row.Worker} took the job and sent no answer before its deadline; nothing was paid");

    /// <summary>The testament expired without a payment in a block.</summary>
    public static StepResult ExpireTestament(JobRow row, long now) => End(
        JobChange.Of(row), PaymentCause.TestamentExpired, now, "the testament expired before a payment was in a block");

    /// <summary>The client gave up, or no worker can run the job.</summary>
    public static StepResult Withdraw(JobChange change, long now, string failure) =>
        End(change, PaymentCause.Withdrawn, now, failure);

    /// <summary>The verifier found a rule broken: nothing is paid.</summary>
    public static StepResult Reject(JobRow row, long now) => End(
        JobChange.Of(row), PaymentCause.OutputRejected, now,
        row.Failure.Length > 0 ? row.Failure : "verification-failed: the output broke a rule of its job");

    private static StepResult End(JobChange change, PaymentCause cause, long now, string failure) =>
        StepResult.Of(JobFacets.Move(
            change with { Row = change.Row with { IsAnswered = 1, Failure = failure, LeaseUntil = 0 } }, cause, now));
}
