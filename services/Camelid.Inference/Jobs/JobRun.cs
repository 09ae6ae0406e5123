using System.Diagnostics.CodeAnalysis;
using Camelid.Contracts.Inference.V1;
using Camelid.Contracts.JobPool.V1;
using Camelid.ModelRuntime;
using Camelid.ModelRuntime.Engine;
using Camelid.Protocol;
using Camelid.Protocol.Jobs;

namespace Camelid.Inference.Jobs;

/// <summary>One job on this worker: lease, engine and token stream side by side, and what came of them.</summary>
internal sealed class JobRun(
    JobPoolRpc.JobPoolRpcClient jobPool, LanguageModel model, WorkerMetrics metrics, WorkerOptions options,
    TimeProvider time)
{
    /// <summary>Runs a job.</summary>
    /// <param name="job">The command.</param>
    /// <param name="abandon">Cancelled where the process must end: the job is left to another worker.</param>
    public async Task<JobResult> RunAsync(ComputeJob job, CancellationToken abandon)
    {
        if (Refusal(job, out JobParameters? parameters) is { } refusal)
        {
            return refusal;
        }

        using CancellationTokenSource engineStop = CancellationTokenSource.CreateLinkedTokenSource(abandon);
        TokenStream stream = new(jobPool, job, options.Worker, time);
        Task<LeaseEnd> reporting = stream.RunAsync(abandon);
        Task watching = StopEngineAfterAsync(reporting, engineStop);
        JobGeneration generation = new(model, metrics, time);
        (JobOutput? output, Exception? failure) = await GenerateAsync();
        stream.Complete();
        await watching;
        if (abandon.IsCancellationRequested)
        {
            return new JobResult("abandoned");
        }

        return reporting.IsCompletedSuccessfully
            ? ResultOf(job, reporting.Result, (output, generation.Text), failure)
            : new JobResult("unheard");

        [SuppressMessage("Design", "CA1031", Justification = "A failure of the engine fails this job only.")]
        async Task<(JobOutput? Output, Exception? Failure)> GenerateAsync()
        {
            try
            {
                return (await generation.RunAsync(job, parameters!, stream, engineStop.Token), null);
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                return (null, exception);
            }
        }
    }

    /// <summary>Why this worker does not begin the job; null where it does.</summary>
    private JobResult? Refusal(ComputeJob job, out JobParameters? parameters)
    {
        if (!JobParameters.TryDecode(job.Parameters, out parameters) || parameters!.Id.ToString() != job.JobId
            || job.Seed.Length != Hash256.Bytes)
        {
            return Failed(job, "the job's parameters are not canonical, or are not those of its id", final: true);
        }

        if (parameters.ModelRoot != model.Package.Root)
        {
            return Failed(
                job, $"this worker runs model {model.Package.Root}, not {parameters.ModelRoot}", final: false);
        }

        return parameters.NumericsClasses.Count > 0 && !parameters.NumericsClasses.Contains(model.NumericsClass)
            ? Failed(job, $"the client cannot check this worker's numerics class {model.NumericsClass}", final: false)
            : null;
    }

    /// <summary>Nobody waits for the tokens any more once the reporting has ended.</summary>
    private static async Task StopEngineAfterAsync(Task reporting, CancellationTokenSource engineStop)
    {
        await reporting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await engineStop.CancelAsync();
    }

    private JobResult ResultOf(
        ComputeJob job, LeaseEnd end, (JobOutput? Output, string Text) run, Exception? failure) =>
        (end, run.Output) switch
    {
        (LeaseEnd.Taken, _) => new JobResult("taken"),
        (LeaseEnd.Stale, _) => new JobResult("stale"),
        (_, null) => Failed(job, failure!.Message, final: failure is ContextLengthException or ArgumentException),
        (LeaseEnd.Held, { FinishReason: FinishReason.Cancelled }) =>
            Failed(job, "the deadline passed while the job ran", final: true),
        (LeaseEnd.ClientCancelled, _) => Computed(job, (run.Output, run.Text), "cancelled"),
        _ => Computed(job, (run.Output, run.Text), "computed"),
    };

    private JobResult Computed(ComputeJob job, (JobOutput Output, string Text) run, string outcome) => new(outcome)
    {
        Computed = new JobComputed
        {
            JobId = job.JobId,
            Attempt = job.Attempt,
            Worker = options.Worker,
            Output = run.Output.Encode(),
            Text = run.Text,
            NumericsClass = model.NumericsClass.ToBytes(),
        },
    };

    private JobResult Failed(ComputeJob job, string reason, bool final) => new("failed")
    {
        Failed = new JobComputeFailed
        {
            JobId = job.JobId,
            Attempt = job.Attempt,
            Worker = options.Worker,
            Reason = reason,
            Final = final,
        },
    };
}
