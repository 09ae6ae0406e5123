using System.Collections.Concurrent;
using Camelid.Contracts.JobPool.V1;
using Camelid.Gateway.Completions;
using Camelid.Gateway.Hosting;
using Camelid.Gateway.Retries;
using Grpc.Core;
using Microsoft.Extensions.Options;

namespace Camelid.Gateway.Jobs;

/// <summary>
/// Cancels jobs whose client went away, so that their slots are free. A client that comes back within the grace time
/// (clients retry after a broken connection) finds its job still running.
/// </summary>
internal sealed partial class AbandonedJobs(
    JobPoolRpc.JobPoolRpcClient jobPool, RequestKeys requestKeys, IOptions<GatewayOptions> options, TimeProvider time,
    ILogger<AbandonedJobs> logger)
{
    private readonly ConcurrentDictionary<string, int> watchers = new();

    /// <summary>Somebody waits for these jobs.</summary>
    public void Enter(IEnumerable<OpenedJob> jobs)
    {
        foreach (OpenedJob job in jobs)
        {
            watchers.AddOrUpdate(job.IdText, 1, (_, count) => count + 1);
        }
    }

    /// <summary>Somebody waits no longer.</summary>
    public void Leave(IEnumerable<OpenedJob> jobs)
    {
        foreach (OpenedJob job in jobs)
        {
            if (watchers.AddOrUpdate(job.IdText, 0, (_, count) => count - 1) <= 0)
            {
                watchers.TryRemove(new KeyValuePair<string, int>(job.IdText, 0));
            }
        }
    }

    /// <summary>
    /// The client of these jobs went away: cancels those for which nobody has come back after the grace time.
    /// </summary>
    public void CancelLater(IReadOnlyList<OpenedJob> jobs, RequestIdentity identity) =>
        _ = CancelAsync(jobs, identity, TimeSpan.FromSeconds(options.Value.AbandonSeconds));

    /// <summary>Cancels jobs of a request that could not be opened whole.</summary>
    public void CancelNow(IReadOnlyList<OpenedJob> jobs, RequestIdentity identity) =>
        _ = CancelAsync(jobs, identity, TimeSpan.Zero);

    private async Task CancelAsync(IReadOnlyList<OpenedJob> jobs, RequestIdentity identity, TimeSpan grace)
    {
        await Task.Delay(grace, time);
        OpenedJob[] alone = [.. jobs.Where(job => !watchers.ContainsKey(job.IdText))];
        if (alone.Length == 0 && jobs.Count > 0)
        {
            return;
        }

        try
        {
            await requestKeys.ForgetAsync(identity, CancellationToken.None);
            foreach (OpenedJob job in alone)
            {
                await jobPool.CancelJobAsync(new CancelJobRequest { JobId = job.Id });
                LogCancelled(job.IdText);
            }
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // Nobody waits for this task: a failure is logged, and the job runs to its end.
            LogNotCancelled(exception, alone.FirstOrDefault()?.IdText ?? "", (exception as RpcException)?.StatusCode);
        }
    }

    [LoggerMessage(6020, LogLevel.Information, "job {JobId} cancelled: its client went away")]
    private partial void LogCancelled(string jobId);

    [LoggerMessage(6021, LogLevel.Warning, "job {JobId} could not be cancelled ({Status}) and runs to its end")]
    private partial void LogNotCancelled(Exception exception, string jobId, StatusCode? status);
}
