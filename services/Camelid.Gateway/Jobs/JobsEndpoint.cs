using System.Text.Json;
using Camelid.Client;
using Camelid.Client.Jobs;
using Camelid.Contracts.JobPool.V1;
using Camelid.Gateway.Completions;
using Camelid.Gateway.Errors;
using Camelid.Gateway.Hosting;
using Camelid.Gateway.Keys;
using Grpc.Core;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace Camelid.Gateway.Jobs;

/// <summary><c>/v1/jobs</c>: the living state of jobs, their events, and their cancellation.</summary>
internal sealed class JobsEndpoint(
    JobAccess access, JobWatch watch, JobPoolRpc.JobPoolRpcClient jobPool, IHostApplicationLifetime lifetime,
    IOptions<GatewayOptions> options)
{
    private const int ListMax = 1000;
    private const int ListDefault = 50;

    /// <summary>Maps the routes.</summary>
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/jobs", (HttpContext context, JobsEndpoint jobs, int? limit) =>
            jobs.ListAsync(context, limit));
        routes.MapGet("/v1/jobs/{id}",
            (string id, HttpContext context, JobsEndpoint jobs, bool? stream, TimeProvider time) => stream == true
                ? jobs.StreamAsync(id, context, time)
                : jobs.GetAsync(id, context));
        routes.MapPost("/v1/jobs/{id}/cancel", (string id, HttpContext context, JobsEndpoint jobs) =>
            jobs.CancelAsync(id, context));
        routes.MapDelete("/v1/jobs/{id}", (string id, HttpContext context, JobsEndpoint jobs) =>
            jobs.CancelAsync(id, context));
    }

    private async Task ListAsync(HttpContext context, int? limit)
    {
        if (!context.Features.GetRequiredFeature<ApiKey>().Has(ApiKey.OperatorScope))
        {
            throw new ApiException(new ApiError
            {
                Status = StatusCodes.Status403Forbidden,
                Message = $"Listing jobs needs a key with the scope '{ApiKey.OperatorScope}'.",
                Code = "insufficient_scope",
            });
        }

        if (limit is < 1 or > ListMax)
        {
            throw ApiError.BadRequest($"'limit' must be 1 … {ListMax}.", "limit");
        }

        ListJobsReply reply = await jobPool.ListJobsAsync(
            new ListJobsRequest { Limit = limit ?? ListDefault }, cancellationToken: context.RequestAborted);
        JobListDocument document = new() { Data = [.. reply.Jobs.Select(JobMapping.ToDocument)] };
        await context.Response.WriteAsJsonAsync(
            document, CamelidJson.Default.JobListDocument, cancellationToken: context.RequestAborted);
    }

    private async Task GetAsync(string id, HttpContext context)
    {
        JobDetails job = await access.FindAsync(id, context);
        JobDocument document = JobMapping.ToDocument(job, await TextOfAsync(job, context.RequestAborted));
        await context.Response.WriteAsJsonAsync(
            document, CamelidJson.Default.JobDocument, cancellationToken: context.RequestAborted);
    }

    /// <summary>The job's events from <c>from_index</c> on: a client whose stream broke goes on here.</summary>
    private async Task StreamAsync(string id, HttpContext context, TimeProvider time)
    {
        JobDetails job = await access.FindAsync(id, context);
        uint fromIndex = uint.TryParse(context.Request.Query["from_index"], out uint index) ? index : 0;
        using CancellationTokenSource any = CancellationTokenSource.CreateLinkedTokenSource(
            context.RequestAborted, lifetime.ApplicationStopping);
        context.Response.Headers[CamelidClient.JobHeader] = id;
        await using EventStream stream = await EventStream.OpenAsync(
            context.Response, time, TimeSpan.FromSeconds(options.Value.PingSeconds));
        try
        {
            await foreach (JobEvent jobEvent in watch.WatchAsync(job.Summary.JobId, fromIndex, any.Token))
            {
                string json = JsonSerializer.Serialize(ToDocument(jobEvent), CamelidJson.Default.JobEventDocument);
                await stream.SendAsync(json, any.Token);
            }

            await stream.SendDoneAsync(any.Token);
        }
        catch (RpcException exception) when (!any.IsCancellationRequested)
        {
            await stream.SendAsync(
                JsonSerializer.Serialize(RpcErrors.From(exception).ToDocument(), AnswerJson.Documents.ErrorDocument),
                any.Token);
        }
    }

    private async Task CancelAsync(string id, HttpContext context)
    {
        JobDetails job = await access.FindAsync(id, context);
        await jobPool.CancelJobAsync(
            new CancelJobRequest { JobId = job.Summary.JobId }, cancellationToken: context.RequestAborted);
        context.Response.StatusCode = StatusCodes.Status202Accepted;
        JobDocument document = JobMapping.ToDocument(job, null);
        await context.Response.WriteAsJsonAsync(
            document, CamelidJson.Default.JobDocument, cancellationToken: context.RequestAborted);
    }

    private static JobEventDocument ToDocument(JobEvent jobEvent) => jobEvent.EventCase switch
    {
        JobEvent.EventOneofCase.Token => new JobEventDocument
        {
            Token = new JobTokenDocument(jobEvent.Token.Index, jobEvent.Token.TokenId, jobEvent.Token.Text),
        },
        JobEvent.EventOneofCase.State => new JobEventDocument { State = JobMapping.ToDocument(jobEvent.State) },
        _ => new JobEventDocument
        {
            Answer = JobMapping.ToDocument(jobEvent.Answer.Job, jobEvent.Answer.Text) with
            {
                Failure = jobEvent.Answer.Failure.Length == 0 ? null : jobEvent.Answer.Failure,
            },
        },
    };

    private async Task<string?> TextOfAsync(JobDetails job, CancellationToken cancellationToken)
    {
        if (job.OutputRoot.IsEmpty)
        {
            return null;
        }

        try
        {
            Receipt receipt = await jobPool.GetReceiptAsync(
                new GetReceiptRequest { JobId = job.Summary.JobId }, cancellationToken: cancellationToken);
            return receipt.Text;
        }
        catch (RpcException exception) when (exception.StatusCode == StatusCode.FailedPrecondition)
        {
            // Committed by another operator: its ciphertext opens once it is paid.
            return null;
        }
    }
}
