using Camelid.Client;
using Camelid.Contracts.JobPool.V1;
using Camelid.Gateway.Completions;
using Camelid.Gateway.Hosting;
using Camelid.Gateway.Keys;
using Camelid.Gateway.Retries;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace Camelid.Gateway.Jobs;

/// <summary>
/// <c>POST /v1/jobs</c>: a job that any operator's worker may run. It is answered at once with the job; the answer is
/// fetched later.
/// </summary>
internal sealed class BatchEndpoint(
    RequestPreparation preparation, JobOpening opening, JobPoolRpc.JobPoolRpcClient jobPool,
    IOptions<GatewayOptions> options)
{
    private const string Route = "/v1/jobs";

    /// <summary>Maps the route.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost(
        Route, (HttpContext context, BatchEndpoint endpoint) => endpoint.OpenAsync(context));

    private async Task OpenAsync(HttpContext context)
    {
        CancellationToken aborted = context.RequestAborted;
        ReadOnlyMemory<byte> body = await RequestBody.ReadAsync(context.Request, aborted);
        RequestIdentity identity = RequestIdentity.Of(
            context.Features.GetRequiredFeature<ApiKey>().Account, Route, context.Request.Headers, body.Span);
        BatchCall call = BatchCall.Parse(body, options.Value.BatchDeadlineSeconds);
        PreparedRequest request = call.Chat is { } chat
            ? await preparation.PrepareAsync(chat, identity, aborted)
            : await preparation.PrepareAsync(call.Completion!, identity, aborted);
        IReadOnlyList<OpenedJob> jobs = await opening.OpenAsync(
            request with { Batch = call.Terms }, context.Response, aborted);
        JobDetails job = await jobPool.GetJobAsync(
            new GetJobRequest { JobId = jobs[0].Id }, cancellationToken: aborted);
        context.Response.StatusCode = StatusCodes.Status202Accepted;
        context.Response.Headers.Location = $"{Route}/{jobs[0].IdText}";
        await context.Response.WriteAsJsonAsync(
            JobMapping.ToDocument(job, null), CamelidJson.Default.JobDocument, cancellationToken: aborted);
    }
}
