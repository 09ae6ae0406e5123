namespace Camelid.Chain.Peers.Limits;

/// <summary>A rate with a burst: holds at most <c>capacity</c> tokens and gains some with time.</summary>
internal sealed class TokenBucket
{
    private const long Micro = 1_000_000;

    private readonly long capacity;
    private readonly long perThousandSeconds;
    private long micro;
    private TimeSpan at;

    private TokenBucket(long capacity, long perThousandSeconds, TimeSpan now)
    {
        this.capacity = capacity;
        this.perThousandSeconds = perThousandSeconds;
        micro = capacity * Micro;
        at = now;
    }

    /// <summary>Tokens at hand; negative where a cost was taken that could not be refused.</summary>
    public long Tokens => micro >= 0 ? micro / Micro : -((-micro + Micro - 1) / Micro);

    /// <summary>A full bucket.</summary>
    /// <param name="capacity">The burst; at least 1, at most 10^9.</param>
    /// <param name="perSecond">Tokens gained in a second, at most 10^9.</param>
    /// <param name="now">The present.</param>
    public static TokenBucket PerSecond(long capacity, long perSecond, TimeSpan now) =>
        new(capacity, perSecond * 1_000, now);

    /// <summary>A full bucket that gains less than a token in a second.</summary>
    /// <param name="capacity">The burst; at least 1, at most 10^9.</param>
    /// <param name="perThousandSeconds">Tokens gained in a thousand seconds.</param>
    /// <param name="now">The present.</param>
    public static TokenBucket PerThousandSeconds(long capacity, long perThousandSeconds, TimeSpan now) =>
        new(capacity, perThousandSeconds, now);

    /// <summary>Takes tokens where there are as many.</summary>
    public bool TryTake(long count, TimeSpan now)
    {
        Refill(now);
        if (micro < count * Micro)
        {
            return false;
        }

        micro -= count * Micro;
        return true;
    }

    /// <summary>Takes tokens whether there are as many or not: the debt is paid by waiting.</summary>
    public void Take(long count, TimeSpan now)
    {
        Refill(now);
        micro -= count * Micro;
    }

    /// <summary>Adds tokens, above the capacity where need be: an answer that was asked for.</summary>
    public void Grant(long count) => micro += count * Micro;

    /// <summary>How long until the bucket is out of debt; zero where it is.</summary>
    public TimeSpan Debt(TimeSpan now)
    {
        Refill(now);
        return micro >= 0 || perThousandSeconds == 0
            ? TimeSpan.Zero
            : TimeSpan.FromMilliseconds(-micro / perThousandSeconds + 1);
    }

    private void Refill(TimeSpan now)
    {
        long milliseconds = (long)(now - at).TotalMilliseconds;
        if (milliseconds <= 0)
        {
            return;
        }

        // Whole milliseconds alone: what is left of one counts the next time.
        at += TimeSpan.FromMilliseconds(milliseconds);
        Int128 full = (Int128)capacity * Micro;
        Int128 gained = micro + (Int128)milliseconds * perThousandSeconds;
        micro = micro >= full ? micro : (long)Int128.Min(full, gained);
    }
}
