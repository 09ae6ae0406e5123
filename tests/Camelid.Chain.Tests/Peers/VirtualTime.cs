namespace Camelid.Chain.Tests.Peers;

/// <summary>A clock that only a test moves, for time-outs as well as for the wall.</summary>
internal sealed class VirtualTime(DateTimeOffset start) : TimeProvider
{
    public TimeSpan Elapsed { get; private set; }

    /// <summary>How wrong the wall clock is.</summary>
    public TimeSpan Skew { get; set; }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => start + Elapsed + Skew;

    public override long GetTimestamp() => Elapsed.Ticks;

    public void AdvanceTo(TimeSpan elapsed) => Elapsed = elapsed > Elapsed ? elapsed : Elapsed;
}
