using Camelid.JobPool.Jobs;

namespace Camelid.JobPool.Api;

/// <summary><c>/api/jobs</c>: what operators read. Hashes are hexadecimal digits in byte order.</summary>
internal static class JobRoutes
{
    public static void Map(WebApplication app)
    {
        app.MapGet("/api/jobs", ListAsync);
        app.MapGet("/api/jobs/summary", SummaryAsync);
        app.MapGet("/api/jobs/{id}", GetAsync);
    }

    /// <summary><c>?limit=50&amp;before=UNIX_MS</c>: newest first.</summary>
    private static async Task<IResult> ListAsync(JobStore store, CancellationToken cancellationToken, int limit = 50, long before = 0)
    {
        if (limit is < 1 or > JobStore.ListMax || before < 0)
        {
            return Results.Problem($"limit: 1 … {JobStore.ListMax}; before: Unix milliseconds", statusCode: 400);
        }

        IReadOnlyList<JobRow> rows = await store.ListAsync(before, limit, cancellationToken);
        return Results.Json(new { jobs = rows.Select(Document) });
    }

    private static async Task<IResult> SummaryAsync(JobStore store, CancellationToken cancellationToken)
    {
        IReadOnlyList<JobCount> counts = await store.CountAsync(cancellationToken);
        return Results.Json(new
        {
            total = counts.Sum(count => count.Jobs),
            byState = counts.ToDictionary(count => count.State, count => count.Jobs),
        });
    }

    private static async Task<IResult> GetAsync(string id, JobStore store, CancellationToken cancellationToken)
    {
        if (!Protocol.Jobs.JobId.TryParse(id, out Protocol.Jobs.JobId jobId))
        {
            return Results.Problem("id: must be 64 lower-case hexadecimal digits", statusCode: 400);
        }

        if (await store.FindAsync(jobId.ToString(), cancellationToken) is not { } row)
        {
            return Results.Problem($"there is no job {jobId}", statusCode: 404);
        }

        IReadOnlyList<JobTransitionRow> transitions = await store.ListTransitionsAsync(row.JobId, cancellationToken);
        return Results.Json(new
        {
            job = Document(row),
            transitions = transitions.Select(step => new
            {
                facet = step.Facet, from = step.FromState, to = step.ToState, cause = step.Cause, atUnixMs = step.At,
            }),
        });
    }

    private static object Document(JobRow row) => new
    {
        jobId = row.JobId,
        account = row.Account,
        paymentState = row.PaymentState,
        verificationState = row.VerificationState,
        modelRoot = Hex(row.ModelRoot),
        createdUnixMs = row.Created,
        updatedUnixMs = row.Updated,
        deadlineUnix = row.Deadline,
        promptTokens = row.PromptTokenCount,
        outputTokens = row.OutputTokenCount,
        finishReason = row.FinishReason,
        attempt = row.Attempt,
        worker = row.Worker,
        rewardGrains = row.RewardGrains,
        paymentGrains = row.PaymentGrains,
        offerTxid = Hex(row.OfferTxid),
        paymentTxid = Hex(row.PaymentTxid),
        paymentHeight = row.PaymentHeight,
        claimTxid = Hex(row.ClaimTxid),
        claimHeight = row.ClaimHeight,
        refundTxid = Hex(row.RefundTxid),
        failure = row.Failure,
    };

    private static string? Hex(byte[]? bytes) => bytes is null ? null : Convert.ToHexStringLower(bytes);
}
