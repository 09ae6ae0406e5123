namespace Camelid.Simulation.Virtual;

/// <summary>
/// Time that passes only when nothing is left to do, and the list of what is to happen: one thread, one order, so that
/// a seed replays everything.
/// </summary>
internal sealed class VirtualWorld
{
    private const ulong FnvOffset = 0xcbf29ce484222325;
    private const ulong FnvPrime = 0x100000001b3;

    private readonly PriorityQueue<Action, (long Ticks, long Sequence)> events = new();
    private long sequence;

    /// <summary>A world that begins at a time, with every choice from one seed.</summary>
    public VirtualWorld(int seed, DateTimeOffset begin)
    {
        Seed = seed;
        Begin = begin;
        Random = new Random(seed);
    }

    /// <summary>What replays this run.</summary>
    public int Seed { get; }

    /// <summary>The wall clock at the beginning.</summary>
    public DateTimeOffset Begin { get; }

    /// <summary>The source of every choice.</summary>
    public Random Random { get; }

    /// <summary>Time since the beginning.</summary>
    public TimeSpan Now { get; private set; }

    /// <summary>Events that have happened.</summary>
    public long Happened { get; private set; }

    /// <summary>A digest of all that was noted, in order, with its times: equal for two runs of one seed.</summary>
    public ulong LogHash { get; private set; } = FnvOffset;

    /// <summary>Plans something; of two at the same time the one planned first happens first.</summary>
    public void At(TimeSpan when, Action what) =>
        events.Enqueue(what, (Math.Max(when.Ticks, Now.Ticks), sequence++));

    /// <summary>Plans something after a while.</summary>
    public void After(TimeSpan span, Action what) => At(Now + span, what);

    /// <summary>Notes in the log that something has happened now.</summary>
    public void Note(long who, ulong what)
    {
        foreach (ulong part in (ReadOnlySpan<ulong>)[(ulong)Now.Ticks, (ulong)who, what])
        {
            LogHash = unchecked((LogHash ^ part) * FnvPrime);
            LogHash ^= LogHash >> 29;
        }
    }

    /// <summary>Lets everything happen that is planned up to a time, and time itself pass.</summary>
    public void RunUntil(TimeSpan end)
    {
        while (events.TryPeek(out Action? what, out (long Ticks, long Sequence) key) && key.Ticks <= end.Ticks)
        {
            events.Dequeue();
            Now = TimeSpan.FromTicks(key.Ticks);
            Happened++;
            what();
        }

        Now = end;
    }

    /// <summary>Lets time pass.</summary>
    public void Run(TimeSpan span) => RunUntil(Now + span);

    /// <summary>A time between two, all as likely.</summary>
    public TimeSpan Between(TimeSpan least, TimeSpan most) =>
        least + TimeSpan.FromTicks((long)((most - least).Ticks * Random.NextDouble()));

    /// <summary>A time with an exponential distribution.</summary>
    public TimeSpan Exponential(TimeSpan mean) =>
        TimeSpan.FromTicks((long)(mean.Ticks * -Math.Log(1 - Random.NextDouble())));
}

/// <summary>A node's clock: the world's time and its own mistake.</summary>
internal sealed class NodeClock(VirtualWorld world) : TimeProvider
{
    /// <summary>How far it is ahead.</summary>
    public TimeSpan Skew { get; set; }

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => world.Begin + world.Now + Skew;

    /// <inheritdoc/>
    public override long GetTimestamp() => world.Now.Ticks;
}
