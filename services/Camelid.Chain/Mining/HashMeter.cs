namespace Camelid.Chain.Mining;

/// <summary>Counts nonces, and says how many came in a second lately.</summary>
internal sealed class HashMeter(TimeProvider time)
{
    /// <summary>How far back the rate looks.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan SampleInterval = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private readonly Queue<(long Timestamp, long Total)> samples = new([(time.GetTimestamp(), 0)]);
    private long sampledAt = time.GetTimestamp();
    private long total;

    /// <summary>Nonces so far.</summary>
    public long Total => Interlocked.Read(ref total);

    /// <summary>Counts nonces that were just tried.</summary>
    public void Add(long nonces)
    {
        lock (gate)
        {
            total += nonces;
            long now = time.GetTimestamp();
            if (time.GetElapsedTime(sampledAt, now) < SampleInterval)
            {
                return;
            }

            sampledAt = now;
            samples.Enqueue((now, total));
            while (samples.Count > 1 && time.GetElapsedTime(samples.Peek().Timestamp, now) > Window)
            {
                samples.Dequeue();
            }
        }
    }

    /// <summary>The mean of the window; 0 before anything was measured.</summary>
    public double PerSecond()
    {
        lock (gate)
        {
            (long timestamp, long before) = samples.Peek();
            double seconds = time.GetElapsedTime(timestamp).TotalSeconds;
            return seconds > 0 ? (total - before) / seconds : 0;
        }
    }
}
