using System.Diagnostics.Metrics;

namespace Camelid.Verifier;

/// <summary>What a verifier counts: verdicts, and how long they take.</summary>
internal sealed class VerifierMetrics : IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "Camelid.Verifier";

    private readonly Meter meter = new(MeterName);
    private readonly Counter<long> verdicts;
    private readonly Histogram<double> seconds;
    private int queue;

    public VerifierMetrics()
    {
        verdicts = meter.CreateCounter<long>("camelid_verifier_verdicts_total", description: "Verdicts by state");
        seconds = meter.CreateHistogram<double>("camelid_verifier_seconds", "s", "From taking a job to its verdict");
        meter.CreateObservableGauge("camelid_verifier_queue", () => Queue);
    }

    /// <summary>Jobs under way.</summary>
    public int Queue => Volatile.Read(ref queue);

    /// <summary>A job was taken.</summary>
    public void Begin() => Interlocked.Increment(ref queue);

    /// <summary>A job was put down.</summary>
    public void End() => Interlocked.Decrement(ref queue);

    /// <summary>A verdict was reached.</summary>
    public void Verdict(string state, TimeSpan took)
    {
        verdicts.Add(1, new KeyValuePair<string, object?>("verdict", state));
        seconds.Record(took.TotalSeconds);
    }

    /// <inheritdoc/>
    public void Dispose() => meter.Dispose();
}
