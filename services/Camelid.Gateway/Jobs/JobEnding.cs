using Camelid.Contracts.JobPool.V1;
using Camelid.Gateway.Errors;
using Camelid.Gateway.Hosting;

namespace Camelid.Gateway.Jobs;

/// <summary>What to say of a job that ended without an answer: the job, why, and where its money is.</summary>
internal static class JobEnding
{
    private const string PaymentFacet = "payment";
    private const string CancelledByClient = "the client cancelled";

    /// <summary>Ends that JobPool names before its sentence.</summary>
    private static readonly Dictionary<string, (int Status, string Code)> Named = new(StringComparer.Ordinal)
    {
        ["worker-refused"] = (StatusCodes.Status503ServiceUnavailable, "worker_refused"),
        ["worker-lost"] = (StatusCodes.Status503ServiceUnavailable, "worker_lost"),
        ["unclaimed"] = (StatusCodes.Status503ServiceUnavailable, "worker_lost"),
        ["commitment-refused"] = (StatusCodes.Status502BadGateway, "commitment_refused"),
        ["wrong-key"] = (StatusCodes.Status502BadGateway, "wrong_key"),
    };

    /// <summary>True where nothing more can come of the job.</summary>
    public static bool IsEnd(JobDetails job) =>
        job.Summary.PaymentState is "expired" or "refunded" or "slashed" or "dismissed" || job.Failure.Length > 0;

    /// <summary>The refusal.</summary>
    public static ApiError ErrorOf(JobDetails job, string failure)
    {
        JobTransition? last = job.Transitions.LastOrDefault(change => change.Facet == PaymentFacet);
        (int status, string code) = Named.TryGetValue(failure.Split(':')[0], out (int, string) named)
            ? named
            : ByCause(last, failure);
        string reason = failure.Length > 0 ? failure : $"it is {job.Summary.PaymentState}";
        string money = job.Summary.Money.Length > 0 ? $" {job.Summary.Money.TrimEnd('.')}." : "";
        return new ApiError
        {
            Status = status,
            Message = $"Job {HexText.Of(job.Summary.JobId)} ended without an answer: {reason.TrimEnd('.')}.{money}",
            Type = status == StatusCodes.Status409Conflict ? "invalid_request_error" : "server_error",
            Code = code,
        };
    }

    private static (int Status, string Code) ByCause(JobTransition? last, string failure) =>
        (last?.Cause, last?.From) switch
        {
            ("withdrawn", _) when failure.StartsWith(CancelledByClient, StringComparison.Ordinal) =>
                (StatusCodes.Status409Conflict, "cancelled"),
            ("withdrawn", _) => (StatusCodes.Status503ServiceUnavailable, "worker_lost"),
            ("deadline-passed", "accepted") => (StatusCodes.Status503ServiceUnavailable, "worker_lost"),
            ("deadline-passed" or "testament-expired", _) => (StatusCodes.Status503ServiceUnavailable, "job_lapsed"),
            ("refund-mined", _) => (StatusCodes.Status503ServiceUnavailable, "worker_lost"),
            _ => (StatusCodes.Status502BadGateway, "job_failed"),
        };
}
