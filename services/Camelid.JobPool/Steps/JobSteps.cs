using System.Data.Common;
using System.Diagnostics;
using Camelid.JobPool.Jobs;
using Camelid.JobPool.Rpc;
using Camelid.JobPool.Telemetry;
using Camelid.JobPool.Tokens;
using Camelid.JobPool.Trade;
using Camelid.ServiceDefaults.Telemetry;
using Grpc.Core;

namespace Camelid.JobPool.Steps;

/// <summary>
/// Takes a job as far as it can go now. Every caller (the RPC, the consumers, the recovery loop) does the same thing:
/// read the row, take the step that the row asks for, save, again. Each step is safe to repeat, so a crash between
/// any two of them costs time and nothing else.
/// </summary>
internal sealed partial class JobSteps(
    JobStore store, OfferSteps offers, CommitSteps commits, PaymentSteps payments, JobSteps.Context context)
{
    /// <summary>The steps of jobs between operators.</summary>
    internal sealed record TradeSteps(
        PurchaseSteps Purchases, PurchasePaymentSteps Payments, VerificationSteps Checks, SaleSteps Sales);

    /// <summary>What the steps are given besides their collaborators.</summary>
    internal sealed record Context(
        JobPoolOptions Options, TimeProvider Time, TokenBoards Boards, JobFeed Feed, JobMetrics Metrics,
        TradeSteps Trade, IHostApplicationLifetime Lifetime, ILogger<JobSteps> Logger);

    /// <summary>Milliseconds until a step that could not be finished is tried again.</summary>
    public const long RetryMs = StepPlan.RetryMs;

    private const int StepsMax = 32;
    private const int LocksCount = 256;

    private readonly ILogger logger = context.Logger;

    /// <summary>
    /// In this process one job is worked on by one caller at a time; between processes the row's version decides.
    /// </summary>
    private readonly SemaphoreSlim[] locks = [.. Enumerable.Range(0, LocksCount).Select(_ => new SemaphoreSlim(1, 1))];

    private long Now => context.Time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Takes every step that can be taken.</summary>
    /// <returns>Why the job was refused, where that happened now.</returns>
    /// <exception cref="RpcException">Another service could not be asked: the recovery loop goes on from
    /// here.</exception>
    public async Task<StepRefusal?> AdvanceAsync(string jobId, CancellationToken cancellationToken)
    {
        SemaphoreSlim gate = locks[(uint)string.GetHashCode(jobId, StringComparison.Ordinal) % LocksCount];
        await gate.WaitAsync(cancellationToken);
        try
        {
            return await TakeStepsAsync(jobId, cancellationToken);
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>
    /// As <see cref="AdvanceAsync"/>, for callers that cannot do anything about a failure: it is tried again. Where the
    /// process ends meanwhile, the row says where the next start goes on.
    /// </summary>
    public async Task AdvanceOrPostponeAsync(string jobId, CancellationToken cancellationToken)
    {
        CancellationToken stopping = context.Lifetime.ApplicationStopping;
        using CancellationTokenSource ending =
            CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, stopping);
        try
        {
            await AdvanceAsync(jobId, ending.Token);
        }
        catch (Exception exception) when (exception is RpcException or OperationCanceledException
            && stopping.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            // What other services would answer now, they answer then.
        }
        catch (Exception exception) when (exception is RpcException or DbException or TimeoutException
            && !cancellationToken.IsCancellationRequested)
        {
            LogPostponed(jobId, exception.Message);
            await store.PostponeAsync(jobId, Now + RetryMs, cancellationToken);
        }
    }

    /// <summary>Applies what arrived from outside to the row, and then goes on.</summary>
    /// <param name="jobId">The job.</param>
    /// <param name="apply">The change, or null to leave the row as it is. Called again where another writer was
    /// faster.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    public async Task ApplyAsync(
        string jobId, Func<JobRow, long, JobChange?> apply, CancellationToken cancellationToken)
    {
        for (int attempt = 0; attempt < StepsMax; attempt++)
        {
            if (await store.FindAsync(jobId, cancellationToken) is not { } row || apply(row, Now) is not { } change
                || await SaveAsync(row, StepResult.Of(change), cancellationToken))
            {
                break;
            }
        }

        await AdvanceOrPostponeAsync(jobId, cancellationToken);
    }

    private async Task<StepRefusal?> TakeStepsAsync(string jobId, CancellationToken cancellationToken)
    {
        StepRefusal? refusal = null;
        for (int count = 0; count < StepsMax; count++)
        {
            if (await store.FindAsync(jobId, cancellationToken) is not { } row)
            {
                return refusal;
            }

            StepKind kind = StepPlan.Choose(row, context.Options, Now);

            // Around the save as well: messages take the job's trace with them.
            using Activity? activity = kind == StepKind.None
                ? null
                : ServiceTracing.StartJob($"job {JobFacets.NameOf(kind)}", row.JobId, row.Traceparent);
            StepResult result = kind == StepKind.None ? StepResult.Wait : await TakeAsync(kind, row, cancellationToken);
            if (result.Change is null)
            {
                if (row.IsOpen == 1 && row.Due <= Now)
                {
                    await store.PostponeAsync(jobId, StepPlan.NextDue(row, context.Options, Now), cancellationToken);
                }

                return refusal;
            }

            if (await SaveAsync(row, result, cancellationToken))
            {
                refusal ??= result.Refusal;
            }
        }

        LogTooManySteps(jobId);
        return refusal;
    }

    private async Task<StepResult> TakeAsync(StepKind kind, JobRow row, CancellationToken cancellationToken)
    {
        long now = Now;
        return kind switch
        {
            StepKind.OpenOffer => await offers.OpenAsync(row, now, cancellationToken),
            StepKind.Assign => await offers.AssignAsync(row, now, cancellationToken),
            StepKind.SendComputeAgain => OfferSteps.SendAgain(row, now),
            StepKind.NextAttempt => OfferSteps.NextAttempt(row, now),
            StepKind.CloseOffer => await offers.CloseAsync(row, cancellationToken)
                ?? await payments.RecallAsync(row, cancellationToken),
            StepKind.Lapse => EndSteps.Lapse(row, now),
            StepKind.Withdraw => EndSteps.Withdraw(
                JobChange.Of(row), now, "the client cancelled the job before anything was computed"),
            StepKind.GiveUpComputing => EndSteps.Withdraw(
                JobChange.Of(row), now, $"no worker finished the job in {row.Attempt} attempts"),
            StepKind.Commit => await commits.CommitAsync(row, now, cancellationToken),
            StepKind.SendVerifyAgain => CommitSteps.SendVerifyAgain(row, now),
            StepKind.GiveUpVerifying => CommitSteps.GiveUpVerifying(row, now),
            StepKind.Reject => EndSteps.Reject(row, now),
            StepKind.Pay => await payments.PayAsync(row, now, cancellationToken),
            StepKind.WatchPayment => await payments.WatchPaymentAsync(row, now, cancellationToken),
            StepKind.ExpireTestament => EndSteps.ExpireTestament(row, now),
            StepKind.WatchClaim => await payments.WatchClaimAsync(row, now, cancellationToken),
            StepKind.Close => StepResult.Of(JobChange.Of(row with { IsOpen = 0 })),
            _ => await TakeTradeAsync(kind, row, now, cancellationToken),
        };
    }

    private async Task<StepResult> TakeTradeAsync(
        StepKind kind, JobRow row, long now, CancellationToken cancellationToken)
    {
        TradeSteps trade = context.Trade;
        return kind switch
        {
            StepKind.ChooseWorker => await trade.Purchases.ChooseWorkerAsync(row, cancellationToken),
            StepKind.SendOrder => await trade.Purchases.SendOrderAsync(row, now, cancellationToken),
            StepKind.LoseWorker => EndSteps.LoseWorker(row, now),
            StepKind.WatchPurchase => await trade.Payments.WatchAsync(row, now, cancellationToken),
            StepKind.WatchPurchaseClaim => await trade.Payments.WatchClaimAsync(row, now, cancellationToken),
            StepKind.RequestCheck => await trade.Checks.RequestAsync(row, now, cancellationToken),
            StepKind.AcceptOrder => await trade.Sales.AcceptAsync(row, now, cancellationToken),
            StepKind.SendCommitment => await trade.Sales.SendCommitmentAsync(row, now, cancellationToken),
            StepKind.WatchSale => await trade.Sales.WatchAsync(row, now, cancellationToken),
            StepKind.WatchSaleClaim => await trade.Sales.WatchClaimAsync(row, now, cancellationToken),
            _ => throw new UnreachableException($"no step {kind}"),
        };
    }

    /// <summary>
    /// Saves what a step did, and tells everybody who watches. False where another writer was faster.
    /// </summary>
    public async Task<bool> SaveAsync(JobRow before, StepResult result, CancellationToken cancellationToken)
    {
        long now = Now;
        JobRow row = result.Change!.Row with
        {
            Updated = now,
            Due = StepPlan.NextDue(result.Change.Row, context.Options, now),
        };
        JobChange change = result.Change with { Row = row };
        if (!await store.SaveAsync(change, result.Publish, cancellationToken))
        {
            return false;
        }

        foreach (JobTransitionRow transition in change.Transitions)
        {
            context.Metrics.Moved(row, transition);
            LogMoved(row.JobId, transition.Facet, transition.FromState, transition.ToState, transition.Cause);
        }

        if (row.Attempt != before.Attempt && row.Side != JobSide.Bought)
        {
            context.Metrics.AttemptStarted();
        }

        if (row.IsCancelled != before.IsCancelled)
        {
            context.Boards.Of(row.JobId).Cancel();
        }

        if (result.Refusal is { } refusal)
        {
            context.Metrics.Refused(refusal.Reason);
        }

        context.Feed.Publish(JobMapping.Summary(row));
        context.Boards.Signal(row.JobId);
        return true;
    }

    [LoggerMessage(2002, LogLevel.Information, "Job {JobId}: {Facet} {From} -> {To} ({Cause})")]
    private partial void LogMoved(string jobId, string facet, string from, string to, string cause);

    [LoggerMessage(2003, LogLevel.Warning, "Job {JobId} could not go on and will be tried again: {Reason}")]
    private partial void LogPostponed(string jobId, string reason);

    [LoggerMessage(2004, LogLevel.Error, "Job {JobId} takes steps without end: please report it")]
    private partial void LogTooManySteps(string jobId);
}
