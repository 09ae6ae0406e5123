namespace Camelid.Chain.Peers;

/// <summary>
/// The engine's two times: one that only moves forward, for time-outs, and the wall clock, for what peers are told.
/// </summary>
/// <remarks>
/// A node that was suspended, or busy with a long block, must not blame its peers for answers that lie unread: between
/// two inputs the time for time-outs moves by at most <paramref name="stepMax"/>.
/// </remarks>
internal sealed class PeerClock(TimeProvider time, TimeSpan stepMax)
{
    private long last = time.GetTimestamp();

    /// <summary>Time since the engine was made; moved by <see cref="Advance"/> alone.</summary>
    public TimeSpan Now { get; private set; }

    /// <summary>The wall clock.</summary>
    public DateTimeOffset Wall => time.GetUtcNow();

    /// <summary>The wall clock, Unix seconds.</summary>
    public uint UnixSeconds => (uint)Math.Clamp(Wall.ToUnixTimeSeconds(), 0, uint.MaxValue);

    /// <summary>Moves <see cref="Now"/> to the present; called at the beginning of each input.</summary>
    public void Advance()
    {
        long present = time.GetTimestamp();
        TimeSpan elapsed = time.GetElapsedTime(last, present);
        last = present;
        if (elapsed > TimeSpan.Zero)
        {
            Now += elapsed < stepMax ? elapsed : stepMax;
        }
    }
}
