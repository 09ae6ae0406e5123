using System.Diagnostics.Metrics;

namespace Camelid.Inference;

/// <summary>What a worker counts: tokens, times to the first token, jobs by outcome, slots.</summary>
internal sealed class WorkerMetrics : IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "Camelid.Inference";

    private readonly Meter meter = new(MeterName);
    private readonly Counter<long> tokens;
    private readonly Counter<long> jobs;
    private readonly Histogram<double> firstTokenSeconds;
    private readonly int slots;
    private long tokensGenerated;
    private int running;
    private int waiting;

    public WorkerMetrics(WorkerOptions options)
    {
        slots = options.Slots;
        tokens = meter.CreateCounter<long>("camelid_inference_tokens_total", description: "Tokens generated");
        jobs = meter.CreateCounter<long>("camelid_inference_jobs_total", description: "Jobs by outcome");
        firstTokenSeconds = meter.CreateHistogram<double>(
            "camelid_inference_first_token_seconds", "s", "From taking a job to its first token");
        meter.CreateObservableGauge("camelid_inference_slots", () => slots);
        meter.CreateObservableGauge("camelid_inference_slots_busy", () => SlotsBusy);
        meter.CreateObservableGauge("camelid_inference_queue", () => Queue);
    }

    /// <summary>Slots of the engine.</summary>
    public int Slots => slots;

    /// <summary>Jobs that are computed now.</summary>
    public int SlotsBusy => Math.Min(Volatile.Read(ref running), slots);

    /// <summary>Jobs taken from the queue that have no first token yet and no slot.</summary>
    public int Queue => Volatile.Read(ref waiting) + Math.Max(0, Volatile.Read(ref running) - slots);

    /// <summary>Tokens since the start.</summary>
    public long TokensGenerated => Interlocked.Read(ref tokensGenerated);

    /// <summary>A job waits for the model.</summary>
    public void BeginWait() => Interlocked.Increment(ref waiting);

    /// <summary>A job waits no longer.</summary>
    public void EndWait() => Interlocked.Decrement(ref waiting);

    /// <summary>A job runs.</summary>
    public void Begin() => Interlocked.Increment(ref running);

    /// <summary>A job has left the engine.</summary>
    public void End(string outcome)
    {
        Interlocked.Decrement(ref running);
        jobs.Add(1, new KeyValuePair<string, object?>("outcome", outcome));
    }

    /// <summary>A token came out.</summary>
    public void Token()
    {
        Interlocked.Increment(ref tokensGenerated);
        tokens.Add(1);
    }

    /// <summary>A job's first token came out.</summary>
    public void FirstToken(TimeSpan since) => firstTokenSeconds.Record(since.TotalSeconds);

    /// <inheritdoc/>
    public void Dispose() => meter.Dispose();
}
