namespace Camelid.Chain.Mining;

/// <summary>Mining from a start to its stop: the threads and what they count.</summary>
internal sealed class MinerRun(int threads, string path, TimeProvider time) : IAsyncDisposable
{
    private readonly CancellationTokenSource stopping = new();
    private Task[] running = [];
    private long found;
    private long stale;
    private long refused;

    /// <summary>Threads.</summary>
    public int Threads => threads;

    /// <summary>How they hash.</summary>
    public string Path => path;

    /// <summary>When it began.</summary>
    public DateTimeOffset StartedAt { get; } = time.GetUtcNow();

    /// <summary>Nonces tried.</summary>
    public HashMeter Meter { get; } = new(time);

    /// <summary>Blocks that became the tip.</summary>
    public long BlocksFound => Interlocked.Read(ref found);

    /// <summary>Blocks that came after another one.</summary>
    public long BlocksStale => Interlocked.Read(ref stale);

    /// <summary>Blocks that broke a rule.</summary>
    public long BlocksRefused => Interlocked.Read(ref refused);

    /// <summary>Cancelled when the threads are to end.</summary>
    public CancellationToken Stopping => stopping.Token;

    /// <summary>Starts the threads.</summary>
    /// <param name="mine">What each does until it is to end; takes its number.</param>
    public void Begin(Action<int> mine) => running = [.. Enumerable.Range(0, threads).Select(number =>
        Task.Factory.StartNew(
            () => RunQuietly(mine, number),
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default))];

    /// <summary>Ends the threads and waits for them.</summary>
    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await Task.WhenAll(running);
        stopping.Dispose();
    }

    /// <summary>Waits, but not longer than until the stop.</summary>
    public void Wait(TimeSpan pause) => Stopping.WaitHandle.WaitOne(pause);

    /// <summary>Counts a round.</summary>
    public void Count(MiningResult result)
    {
        Meter.Add(result.Tried);
        switch (result.Outcome)
        {
            case MiningOutcome.Accepted:
                Interlocked.Increment(ref found);
                break;
            case MiningOutcome.Stale:
                Interlocked.Increment(ref stale);
                break;
            case MiningOutcome.Refused:
                Interlocked.Increment(ref refused);
                break;
            default:
                break;
        }
    }

    /// <summary>Everything else on the machine goes first, where the system lets a thread say so.</summary>
    private static void RunQuietly(Action<int> mine, int number)
    {
        Thread.CurrentThread.Priority = ThreadPriority.BelowNormal;
        mine(number);
    }
}

/// <summary>What the miner says of itself.</summary>
/// <param name="Height">The height of the block that is mined, or would be.</param>
internal sealed record MinerStatus(int Height)
{
    /// <summary>Threads; 0 while nothing is mined.</summary>
    public int Threads { get; init; }

    /// <summary>How they hash; empty while nothing is mined.</summary>
    public string Path { get; init; } = "";

    /// <summary>Nonces a second, over the last half minute.</summary>
    public double HashesPerSecond { get; init; }

    /// <summary>Nonces since the start.</summary>
    public long Hashes { get; init; }

    /// <summary>Blocks that became the tip since the start.</summary>
    public long BlocksFound { get; init; }

    /// <summary>Blocks that came after another one.</summary>
    public long BlocksStale { get; init; }

    /// <summary>Blocks that broke a rule; 0 unless we are wrong.</summary>
    public long BlocksRefused { get; init; }

    /// <summary>When the mining began; null while nothing is mined.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>The status of a run, or of none.</summary>
    public static MinerStatus Of(MinerRun? run, int height) => run is null
        ? new MinerStatus(height)
        : new MinerStatus(height)
        {
            Threads = run.Threads,
            Path = run.Path,
            HashesPerSecond = run.Meter.PerSecond(),
            Hashes = run.Meter.Total,
            BlocksFound = run.BlocksFound,
            BlocksStale = run.BlocksStale,
            BlocksRefused = run.BlocksRefused,
            StartedAt = run.StartedAt,
        };
}
