namespace Camelid.Chain.Mempool;

/// <summary>
/// Rule M-11: after the mempool was full, the price below which nothing ordinary comes in: that of what was pushed out
/// and one increment more, so that each new transaction pays for what its predecessor cost the network. It halves in
/// twelve hours, in six where the pool is less than half full and in three below a quarter, once a block came since.
/// </summary>
/// <remarks>Integers only: the same sequence of calls gives the same prices on every machine.</remarks>
internal sealed class RollingMinimum(FeeRate increment)
{
    /// <summary>Seconds in which it halves while the pool is at least half full.</summary>
    public const long HalfLifeSeconds = 12 * 3600;

    /// <summary>A half-life has so many steps.</summary>
    private const int Steps = 64;

    /// <summary>Steps after which any price is nothing: the 64 half-lives of a 64-bit number.</summary>
    private const long StepsMax = 64 * Steps;

    /// <summary>2^16 · 2^(−1/64), rounded: what one step leaves of a price.</summary>
    private const long StepFactor = 64_830;

    private const int FractionBits = 16;
    private const long RateMax = long.MaxValue >> (2 * FractionBits);

    private long rate;
    private long steppedAt;
    private bool hasBlockComeSince;

    /// <summary>The price now.</summary>
    /// <param name="now">Unix seconds.</param>
    /// <param name="usedBytes">Memory that waiting transactions take.</param>
    /// <param name="roomBytes">Memory that they may take.</param>
    public FeeRate At(long now, long usedBytes, long roomBytes)
    {
        if (rate > 0 && hasBlockComeSince)
        {
            Decay(now, usedBytes < roomBytes / 4 ? 4 : usedBytes < roomBytes / 2 ? 2 : 1);
        }

        return new FeeRate(rate >> FractionBits);
    }

    /// <summary>Something was pushed out that paid this price.</summary>
    public void Evicted(FeeRate pushedOut, long now)
    {
        long next = Math.Min(pushedOut.GrainsPerKilobyte + increment.GrainsPerKilobyte, RateMax) << FractionBits;
        if (next > rate)
        {
            rate = next;
            steppedAt = now;
            hasBlockComeSince = false;
        }
    }

    /// <summary>A block came: from now on the price falls again.</summary>
    public void BlockConnected(long now)
    {
        if (!hasBlockComeSince)
        {
            hasBlockComeSince = true;
            steppedAt = now;
        }
    }

    private void Decay(long now, int speed)
    {
        long stepSeconds = HalfLifeSeconds / Steps / speed;
        long steps = Math.Max(0, (now - steppedAt) / stepSeconds);
        steppedAt += steps * stepSeconds;
        for (long i = Math.Min(steps, StepsMax); i > 0 && rate > 0; i--)
        {
            rate = (long)(((Int128)rate * StepFactor) >> FractionBits);
        }

        // Half of an increment more or less is no price any more.
        if (rate >> FractionBits < Math.Max(1, increment.GrainsPerKilobyte / 2))
        {
            rate = 0;
        }
    }
}
