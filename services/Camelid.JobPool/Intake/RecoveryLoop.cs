using System.Data.Common;
using Camelid.JobPool.Jobs;
using Camelid.JobPool.Steps;
using Camelid.JobPool.Telemetry;
using Camelid.JobPool.Tokens;
using Grpc.Core;

namespace Camelid.JobPool.Intake;

/// <summary>
/// The queue is a hint, the row is the truth: at start and every few seconds each open job that is due is taken on from
/// where its row says it is.
/// </summary>
internal sealed partial class RecoveryLoop(
    JobStore store, JobSteps steps, TokenBoards boards, RecoveryLoop.Context context) : BackgroundService
{
    /// <summary>What the loop is given besides its collaborators.</summary>
    internal sealed record Context(
        JobPoolOptions Options, TimeProvider Time, JobMetrics Metrics, ILogger<RecoveryLoop> Logger);

    private const int BatchMax = 200;
    private const int ConcurrencyMax = 4;

    private readonly ILogger logger = context.Logger;

    /// <summary>Takes on what is due now, at most a batch.</summary>
    /// <returns>How many jobs were looked at.</returns>
    public async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        long now = context.Time.GetUtcNow().ToUnixTimeMilliseconds();
        IReadOnlyList<string> due = await store.ListDueAsync(now, BatchMax, cancellationToken);
        await Parallel.ForEachAsync(
            due,
            new ParallelOptions { MaxDegreeOfParallelism = ConcurrencyMax, CancellationToken = cancellationToken },
            async (jobId, token) => await steps.AdvanceOrPostponeAsync(jobId, token));
        context.Metrics.Count(await store.CountAsync(cancellationToken));
        boards.Sweep();
        return due.Count;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // At start everything open is due: whatever was in memory, such as an in-memory queue, is gone.
        bool isStarted = false;
        using PeriodicTimer timer = new(TimeSpan.FromSeconds(context.Options.RecoverySeconds), context.Time);
        do
        {
            try
            {
                if (!isStarted)
                {
                    await store.DueAllAsync(stoppingToken);
                    isStarted = true;
                }

                await RunOnceAsync(stoppingToken);
            }
            catch (Exception exception) when (exception is DbException or RpcException or TimeoutException or IOException)
            {
                LogFailed(exception.Message);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    [LoggerMessage(2040, LogLevel.Warning, "Open jobs could not be looked at and will be again: {Reason}")]
    private partial void LogFailed(string reason);
}
