using Camelid.JobPool.Jobs;
using Camelid.Protocol.Jobs;

namespace Camelid.JobPool.Steps;

/// <summary>The ways in which a job ends without a payment. Its deposit is given back by the step that follows.</summary>
internal static class EndSteps
{
    /// <summary>[J11] The deadline passed without a testament: <c>expired</c>, and the offer is closed next.</summary>
    public static StepResult Lapse(JobRow row, long now) => End(
        row, PaymentCause.DeadlinePassed, now, "the deadline passed before a worker committed to an output");

    /// <summary>The testament expired without a payment in a block.</summary>
    public static StepResult ExpireTestament(JobRow row, long now) => End(
        row, PaymentCause.TestamentExpired, now, "the testament expired before a payment was in a block");

    /// <summary>The client gave up, or no worker can run the job.</summary>
    public static StepResult Withdraw(JobRow row, long now, string failure) =>
        End(row, PaymentCause.Withdrawn, now, failure);

    /// <summary>The verifier found a rule broken: nothing is paid.</summary>
    public static StepResult Reject(JobRow row, long now) => End(
        row, PaymentCause.OutputRejected, now,
        row.Failure.Length > 0 ? row.Failure : "verification-failed: the output broke a rule of its job");

    private static StepResult End(JobRow row, PaymentCause cause, long now, string failure) => StepResult.Of(JobFacets.Move(
        JobChange.Of(row with { IsAnswered = 1, Failure = failure, LeaseUntil = 0 }), cause, now));
}
