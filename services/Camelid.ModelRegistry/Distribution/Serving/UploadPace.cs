namespace Camelid.ModelRegistry.Distribution.Serving;

/// <summary>How many bytes leave in a second, over all streams: what is sent early is paid by waiting.</summary>
/// <param name="bytesPerSecond">0 for any number.</param>
/// <param name="time">The clock.</param>
internal sealed class UploadPace(long bytesPerSecond, TimeProvider time)
{
    private readonly Lock gate = new();
    private readonly long started = time.GetTimestamp();
    private TimeSpan paidUntil;

    /// <summary>Waits until so many bytes may go.</summary>
    public Task WaitAsync(int bytes, CancellationToken cancellation)
    {
        if (bytesPerSecond == 0)
        {
            return Task.CompletedTask;
        }

        TimeSpan wait;
        lock (gate)
        {
            TimeSpan now = time.GetElapsedTime(started);
            wait = paidUntil - now;
            paidUntil = (paidUntil > now ? paidUntil : now)
                + TimeSpan.FromTicks(TimeSpan.TicksPerSecond * bytes / bytesPerSecond);
        }

        return wait > TimeSpan.Zero ? Task.Delay(wait, time, cancellation) : Task.CompletedTask;
    }
}
