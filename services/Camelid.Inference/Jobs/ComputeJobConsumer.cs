using System.Diagnostics;
using Camelid.Contracts.JobPool.V1;
using Camelid.Inference.Models;
using Camelid.ModelRuntime;
using Camelid.ServiceDefaults.Telemetry;
using MassTransit;

namespace Camelid.Inference.Jobs;

/// <summary>
/// [J5] Runs a job: the first token report takes the lease, the engine runs, tokens stream to JobPool, and the output
/// is
/// published before the message is acknowledged. Safe to run twice: the lease decides who runs, and the engine is
/// deterministic, so that a second run says the same.
/// </summary>
internal sealed partial class ComputeJobConsumer(
    JobPoolRpc.JobPoolRpcClient jobPool, ModelHost host, WorkerMetrics metrics, WorkerOptions options,
    WorkerDrain drain, TimeProvider time, ILogger<ComputeJobConsumer> logger) : IConsumer<ComputeJob>
{
    /// <summary>
    /// How long a job waits for the model. Then it is dropped: JobPool sends again what nobody leased.
    /// </summary>
    private static readonly TimeSpan ModelWaitMax = TimeSpan.FromSeconds(20);

    public async Task Consume(ConsumeContext<ComputeJob> context)
    {
        ComputeJob job = context.Message;
        using Activity? activity = ServiceTracing.StartJob("job compute", job.JobId);
        if (drain.IsStopping() || await WaitForModelAsync(context.CancellationToken) is not { } model)
        {
            LogDropped(job.JobId, drain.IsStopping() ? "the process is ending" : host.NotReadyReason);
            return;
        }

        using CancellationTokenSource abandon =
            CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, drain.Abandoned);
        JobResult result = new("failed");
        metrics.Begin();
        try
        {
            result = await new JobRun(jobPool, model, metrics, options, time).RunAsync(job, abandon.Token);
        }
        finally
        {
            metrics.End(result.Outcome);
        }

        activity?.SetTag("camelid.outcome", result.Outcome);
        LogEnded(job.JobId, job.Attempt, result.Outcome, result.Failed?.Reason ?? "");
        if (result.Computed is { } computed)
        {
            await context.Publish(computed, context.CancellationToken);
        }
        else if (result.Failed is { } failed)
        {
            await context.Publish(failed, context.CancellationToken);
        }
    }

    private async Task<LanguageModel?> WaitForModelAsync(CancellationToken cancellationToken)
    {
        metrics.BeginWait();
        try
        {
            return await host.WaitAsync(cancellationToken).WaitAsync(ModelWaitMax, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            return null;
        }
        finally
        {
            metrics.EndWait();
        }
    }

    [LoggerMessage(3005, LogLevel.Warning, "Job {JobId} is left to another worker: {Reason}")]
    private partial void LogDropped(string jobId, string reason);

    [LoggerMessage(3006, LogLevel.Information, "Job {JobId}, attempt {Attempt}: {Outcome} {Reason}")]
    private partial void LogEnded(string jobId, uint attempt, string outcome, string reason);
}
