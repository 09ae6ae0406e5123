namespace Camelid.Inference.Jobs;

/// <summary>
/// When the process is asked to end, jobs under way have 8 s to finish. Then they are abandoned without a word: their
/// leases lapse, and JobPool sends them to another worker.
/// </summary>
internal sealed class WorkerDrain : IDisposable
{
    /// <summary>How long jobs may go on after the signal; less than the 10 s that the process has.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(7);

    private readonly CancellationTokenSource abandon;
    private readonly CancellationTokenRegistration stopping;

    public WorkerDrain(IHostApplicationLifetime lifetime, TimeProvider time)
    {
        abandon = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        IsStopping = () => lifetime.ApplicationStopping.IsCancellationRequested;
        stopping = lifetime.ApplicationStopping.Register(() => abandon.CancelAfter(Grace));
    }

    /// <summary>True once the process was asked to end: nothing new is begun.</summary>
    public Func<bool> IsStopping { get; }

    /// <summary>Cancelled when the time to finish is over.</summary>
    public CancellationToken Abandoned => abandon.Token;

    /// <inheritdoc/>
    public void Dispose()
    {
        stopping.Dispose();
        abandon.Dispose();
    }
}
