using System.Diagnostics.Metrics;
using Camelid.JobPool.Jobs;

namespace Camelid.JobPool.Telemetry;

/// <summary>What the job pool measures: jobs by state, transitions, and how long a job takes to each state.</summary>
internal sealed class JobMetrics : IDisposable
{
    private readonly Meter meter = new("Camelid.JobPool");
    private readonly Counter<long> opened;
    private readonly Counter<long> refused;
    private readonly Counter<long> transitions;
    private readonly Counter<long> attempts;
    private readonly Histogram<double> seconds;
    private volatile IReadOnlyList<JobCount> counts = [];

    public JobMetrics()
    {
        opened = meter.CreateCounter<long>("camelid.jobs.opened");
        refused = meter.CreateCounter<long>("camelid.jobs.refused");
        transitions = meter.CreateCounter<long>("camelid.jobs.transitions");
        attempts = meter.CreateCounter<long>("camelid.jobs.attempts");
        seconds = meter.CreateHistogram<double>("camelid.jobs.seconds_to_state", "s");
        meter.CreateObservableGauge("camelid.jobs.by_state", () => counts.Select(count =>
            new Measurement<long>(count.Jobs, new KeyValuePair<string, object?>("state", count.State))));
    }

    public void Opened() => opened.Add(1);

    public void Refused(string reason) => refused.Add(1, new KeyValuePair<string, object?>("reason", reason));

    public void AttemptStarted() => attempts.Add(1);

    public void Moved(JobRow row, JobTransitionRow transition)
    {
        KeyValuePair<string, object?> facet = new("facet", transition.Facet);
        KeyValuePair<string, object?> state = new("state", transition.ToState);
        transitions.Add(1, facet, state);
        seconds.Record((transition.At - row.Created) / 1000.0, facet, state);
    }

    /// <summary>The newest counts, from the recovery loop.</summary>
    public void Count(IReadOnlyList<JobCount> byState) => counts = byState;

    public void Dispose() => meter.Dispose();
}
