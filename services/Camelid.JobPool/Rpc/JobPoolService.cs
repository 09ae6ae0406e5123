using System.Threading.Channels;
using Camelid.Contracts.JobPool.V1;
using Camelid.JobPool.Jobs;
using Camelid.JobPool.Receipts;
using Camelid.JobPool.Steps;
using Camelid.JobPool.Submission;
using Camelid.JobPool.Tokens;
using Camelid.JobPool.Workers;
using Camelid.Protocol;
using Camelid.Protocol.Jobs;
using Google.Protobuf;
using Grpc.Core;

namespace Camelid.JobPool.Rpc;

/// <summary>The job pool's questions and answers.</summary>
internal sealed class JobPoolService(
    JobStore store, JobSteps steps, JobSubmission submission, JobPoolService.Views views)
    : JobPoolRpc.JobPoolRpcBase
{
    /// <summary>The parts that only look.</summary>
    internal sealed record Views(
        JobWatch Watch, WorkerStream Workers, WorkerRoster Roster, JobFeed Feed, ReceiptView Receipts,
        Readiness Readiness);

    private const int WorkerNameMax = 256;

    public override Task<SubmitJobReply> SubmitJob(SubmitJobRequest request, ServerCallContext context) =>
        submission.SubmitAsync(request, context.CancellationToken);

    public override async Task WatchJob(
        WatchJobRequest request, IServerStreamWriter<JobEvent> responseStream, ServerCallContext context)
    {
        if (request.FromIndex > JobParameters.TokensMax)
        {
            throw new RpcException(new Status(
                StatusCode.InvalidArgument, $"from_index: must be at most {JobParameters.TokensMax}"));
        }

        JobRow row = await FindAsync(request.JobId, context);
        await views.Watch.WatchAsync(
            row, request.FromIndex, jobEvent => responseStream.WriteAsync(jobEvent, context.CancellationToken),
            context.CancellationToken);
    }

    public override async Task<JobDetails> GetJob(GetJobRequest request, ServerCallContext context)
    {
        JobRow row = await FindAsync(request.JobId, context);
        return JobMapping.Details(row, await store.ListTransitionsAsync(row.JobId, context.CancellationToken));
    }

    public override async Task<ListJobsReply> ListJobs(ListJobsRequest request, ServerCallContext context)
    {
        IReadOnlyList<JobRow> rows = await store.ListAsync(
            request.BeforeCreatedUnixMs, request.Limit, context.CancellationToken);
        return new ListJobsReply { Jobs = { rows.Select(JobMapping.Summary) } };
    }

    public override async Task<Receipt> GetReceipt(GetReceiptRequest request, ServerCallContext context)
    {
        JobRow row = await FindAsync(request.JobId, context);
        if (row.Testament is null || row.Output is null)
        {
            throw new RpcException(new Status(
                StatusCode.FailedPrecondition,
                $"the job is {row.PaymentState}: it has a receipt once its output is committed and known here"));
        }

        return await views.Receipts.OfAsync(row, context.CancellationToken);
    }

    public override async Task<CancelJobReply> CancelJob(CancelJobRequest request, ServerCallContext context)
    {
        JobRow row = await FindAsync(request.JobId, context);
        await steps.ApplyAsync(
            row.JobId,
            (current, _) => current is { IsCancelled: 0, OutputKey: null } && JobFacets.PaymentOf(current)
                is PaymentState.Created or PaymentState.Accepted
                ? JobChange.Of(current with { IsCancelled = 1 })
                : null,
            context.CancellationToken);
        return new CancelJobReply();
    }

    public override async Task WatchJobs(
        WatchJobsRequest request, IServerStreamWriter<JobSummary> responseStream, ServerCallContext context)
    {
        Channel<JobSummary> page = views.Feed.Open();
        try
        {
            IReadOnlyList<JobRow> newest = await store.ListAsync(0, request.Limit, context.CancellationToken);
            foreach (JobRow row in newest.Reverse())
            {
                await responseStream.WriteAsync(JobMapping.Summary(row), context.CancellationToken);
            }

            await foreach (JobSummary summary in page.Reader.ReadAllAsync(context.CancellationToken))
            {
                await responseStream.WriteAsync(summary, context.CancellationToken);
            }
        }
        finally
        {
            views.Feed.Close(page);
        }
    }

    public override Task<ReadinessReply> GetReadiness(GetReadinessRequest request, ServerCallContext context) =>
        views.Readiness.LookAsync(context.CancellationToken);

    public override async Task<GetPopularityReply> GetPopularity(
        GetPopularityRequest request, ServerCallContext context)
    {
        GetPopularityReply reply = new();
        reply.Models.AddRange((await store.CountSettledAsync(context.CancellationToken)).Select(count =>
            new ModelPopularity
            {
                ModelRoot = ByteString.CopyFrom(count.ModelRoot), SettledJobs = (ulong)count.Jobs,
            }));
        return reply;
    }

    public override async Task<StreamTokensReply> StreamTokens(
        IAsyncStreamReader<TokenReport> requestStream, ServerCallContext context)
    {
        await views.Workers.ReadAsync(requestStream, context.CancellationToken);
        return new StreamTokensReply();
    }

    public override Task<WorkerReportReply> ReportWorker(WorkerReport request, ServerCallContext context)
    {
        if (request.Worker.Length is 0 or > WorkerNameMax
            || request.ModelRoots.Any(root => root.Length != Hash256.Bytes))
        {
            throw new RpcException(new Status(
                StatusCode.InvalidArgument, $"worker: 1 … {WorkerNameMax} characters; model_roots: 32 bytes each"));
        }

        return views.Roster.Note(request)
            ? Task.FromResult(new WorkerReportReply())
            : throw new RpcException(new Status(
                StatusCode.ResourceExhausted, $"{WorkerRoster.WorkersMax} workers report already"));
    }

    private async Task<JobRow> FindAsync(ByteString jobId, ServerCallContext context)
    {
        if (jobId.Length != Hash256.Bytes)
        {
            throw new RpcException(new Status(
                StatusCode.InvalidArgument, $"job_id: must be {Hash256.Bytes} bytes, not {jobId.Length}"));
        }

        string id = Convert.ToHexStringLower(jobId.Span);
        return await store.FindAsync(id, context.CancellationToken)
            ?? throw new RpcException(new Status(StatusCode.NotFound, $"there is no job {id}"));
    }
}
