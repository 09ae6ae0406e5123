namespace Camelid.Chain.Tests;

/// <summary>A clock that a test moves.</summary>
internal sealed class ManualTime(DateTimeOffset start) : TimeProvider
{
    public DateTimeOffset Now { get; private set; } = start;

    public uint UnixSeconds => (uint)Now.ToUnixTimeSeconds();

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => Now;

    public override long GetTimestamp() => Now.Ticks;

    public void Advance(double seconds) => Now += TimeSpan.FromSeconds(seconds);

    public void AdvanceTo(uint unixSeconds) => Now = DateTimeOffset.FromUnixTimeSeconds(unixSeconds);
}
