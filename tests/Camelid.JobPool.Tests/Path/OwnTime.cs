namespace Camelid.JobPool.Tests.Path;

/// <summary>The real clock, which a test can move forwards. Timers stay real.</summary>
internal sealed class OwnTime : TimeProvider
{
    private long ahead;

    public void Advance(TimeSpan time) => Interlocked.Add(ref ahead, time.Ticks);

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref ahead));
}
