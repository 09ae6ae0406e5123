using Camelid.Contracts.JobPool.V1;
using Camelid.JobPool.Jobs;
using Camelid.JobPool.Steps;
using Camelid.JobPool.Tokens;
using Camelid.Protocol.Jobs;
using Grpc.Core;

namespace Camelid.JobPool.Rpc;

/// <summary>A worker's reports on one job: the first takes the lease, each further one extends it.</summary>
internal sealed class WorkerStream(
    JobStore store, JobSteps steps, TokenBoards boards, JobPoolOptions options, TimeProvider time)
{
    private const int TokensPerReportMax = 4096;
    private const int AttemptsToSaveMax = 8;

    /// <summary>A database write for each token would be the bottleneck: the lease is written at most this often.</summary>
    private long ExtendAfterMs => StepPlan.LeaseMs(options) / 3;

    private long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    public async Task ReadAsync(IAsyncStreamReader<TokenReport> reports, CancellationToken cancellationToken)
    {
        if (!await reports.MoveNext(cancellationToken))
        {
            throw Refused(StatusCode.InvalidArgument, "a stream begins with a report that names job, attempt and worker");
        }

        TokenReport first = reports.Current;
        string jobId = Convert.ToHexStringLower(first.JobId.Span);
        TokenBoard board = boards.Of(jobId);
        if (!board.TryBeginStream())
        {
            throw Refused(StatusCode.AlreadyExists, "another stream reports on this job");
        }

        try
        {
            JobRow held = await TakeLeaseAsync(jobId, first, cancellationToken);
            boards.Signal(jobId);
            await FollowAsync(held, board, reports, cancellationToken);
        }
        finally
        {
            board.EndStream();
        }
    }

    /// <summary><c>created</c> to <c>accepted</c>, or the same worker again, or another one after the lease lapsed.</summary>
    private async Task<JobRow> TakeLeaseAsync(string jobId, TokenReport report, CancellationToken cancellationToken)
    {
        for (int attempt = 0; attempt < AttemptsToSaveMax; attempt++)
        {
            JobRow row = await store.FindAsync(jobId, cancellationToken)
                ?? throw Refused(StatusCode.NotFound, "there is no such job");
            CheckMayHold(row, report);
            long leaseUntil = Now + StepPlan.LeaseMs(options);
            JobChange change = JobChange.Of(row with { Worker = report.Worker, LeaseUntil = leaseUntil });
            if (JobFacets.PaymentOf(row) == PaymentState.Created)
            {
                change = JobFacets.Move(change, PaymentCause.AssignmentSigned, Now);
            }

            if (await steps.SaveAsync(row, StepResult.Of(change), cancellationToken))
            {
                return change.Row;
            }
        }

        throw Refused(StatusCode.Aborted, "the job changed while the lease was taken");
    }

    private void CheckMayHold(JobRow row, TokenReport report)
    {
        PaymentState state = JobFacets.PaymentOf(row);
        if (row.Attempt != report.Attempt || state is not (PaymentState.Created or PaymentState.Accepted)
            || row.OutputKey is not null)
        {
            throw Refused(StatusCode.Aborted, $"attempt {report.Attempt} is stale: the job is {row.PaymentState}, "
                + $"attempt {row.Attempt}");
        }

        if (row.IsCancelled == 1)
        {
            throw Refused(StatusCode.Cancelled, "the client gave the job up");
        }

        if (state == PaymentState.Accepted && row.Worker.Length > 0 && row.Worker != report.Worker
            && row.LeaseUntil > Now)
        {
            throw Refused(StatusCode.AlreadyExists, $"{row.Worker} holds the lease");
        }
    }

    private async Task FollowAsync(
        JobRow held, TokenBoard board, IAsyncStreamReader<TokenReport> reports, CancellationToken cancellationToken)
    {
        uint tokensMax = OfferSteps.ParametersOf(held).MaxTokens;
        long extended = Now;
        do
        {
            TokenReport report = reports.Current;
            if (report.Tokens.Count > TokensPerReportMax || report.Tokens.Any(token => token.Index >= tokensMax))
            {
                throw Refused(StatusCode.InvalidArgument,
                    $"tokens: at most {TokensPerReportMax} in a report, with an index below {tokensMax}");
            }

            board.Add(report.Tokens, Now);
            if (Now - extended >= ExtendAfterMs)
            {
                extended = Now;
                await ExtendAsync(held, cancellationToken);
            }
        }
        while (await NextAsync(reports, board, cancellationToken));
    }

    private async Task ExtendAsync(JobRow held, CancellationToken cancellationToken)
    {
        if (await store.ExtendLeaseAsync(held, Now + StepPlan.LeaseMs(options), cancellationToken))
        {
            return;
        }

        JobRow? row = await store.FindAsync(held.JobId, cancellationToken);
        throw row is { IsCancelled: 1 }
            ? Refused(StatusCode.Cancelled, "the client gave the job up")
            : Refused(StatusCode.Aborted, "the lease is lost: another attempt runs, or the job ended");
    }

    /// <summary>The next report, or CANCELLED the moment the client gives up.</summary>
    private static async Task<bool> NextAsync(
        IAsyncStreamReader<TokenReport> reports, TokenBoard board, CancellationToken cancellationToken)
    {
        Task<bool> next = reports.MoveNext(cancellationToken);
        await Task.WhenAny(next, board.Cancelled);
        return board.Cancelled.IsCompleted
            ? throw Refused(StatusCode.Cancelled, "the client gave the job up")
            : await next;
    }

    private static RpcException Refused(StatusCode status, string message) => new(new Status(status, message));
}
