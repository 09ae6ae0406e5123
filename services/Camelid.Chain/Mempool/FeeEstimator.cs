using Camelid.Protocol.Blocks;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Mempool;

/// <summary>What a price should be.</summary>
/// <param name="Rate">The price.</param>
/// <param name="IsFromData">False where too little was seen: the price is a floor, and nothing is promised.</param>
internal readonly record struct FeeEstimate(FeeRate Rate, bool IsFromData);

/// <summary>
/// Rule M-18: how much to pay so that a block holds a transaction within so many blocks, out of what was seen to happen
/// to those that waited: for each range of prices, how many of them a block held in time. Older sights fade: by half in
/// 138 blocks.
/// </summary>
/// <remarks>
/// Integers only, so the same history gives the same prices everywhere. Only ordinary transactions without unconfirmed
/// parents, minable when they came, count: the others waited for something else than room. Safe to ask from any thread.
/// </remarks>
internal sealed class FeeEstimator
{
    /// <summary>Most blocks that can be asked for.</summary>
    public const int TargetMax = 144;

    /// <summary>One transaction, in the unit of the sums.</summary>
    public const long One = 1 << 16;

    /// <summary>After so many blocks without a sight, everything has faded.</summary>
    public const int GapMax = 1_500;

    /// <summary>Each block takes the 200th part of all sums.</summary>
    private const long FadeParts = 200;

    /// <summary>A range of prices says something once it weighs as much as so many transactions.</summary>
    private const long EnoughWeight = 10 * One;

    /// <summary>Of 100 transactions so many must have been held in time.</summary>
    private const int InTimePercent = 85;

    private readonly Lock gate = new();
    private readonly Dictionary<Txid, (int Height, int Bucket)> waiting = [];
    private FeeHistory history = new();

    /// <summary>Takes up what an earlier run knew; one that is ahead of this chain is of no use.</summary>
    public void Resume(FeeHistory earlier, int tipHeight)
    {
        lock (gate)
        {
            history = earlier.Height <= tipHeight ? earlier : history;
        }
    }

    /// <summary>What is known, for the next run.</summary>
    public byte[] Encode(BlockHash genesis)
    {
        lock (gate)
        {
            return history.Encode(genesis);
        }
    }

    /// <summary>One that may be mined at once, and rests on the chain only, has come in.</summary>
    public void Entered(PoolEntry entry)
    {
        lock (gate)
        {
            waiting[entry.Txid] = (entry.ArrivedHeight, FeeBuckets.Of(entry.Rate));
        }
    }

    /// <summary>
    /// One left in another way than by a block. Where it was pushed out or waited too long, it was not held in time;
    /// where it was replaced or lost its inputs, nothing is known.
    /// </summary>
    public void Left(PoolEntry entry, PoolDeparture why, int height)
    {
        lock (gate)
        {
            if (!waiting.Remove(entry.Txid, out (int Height, int Bucket) seen)
                || why is not (PoolDeparture.Evicted or PoolDeparture.Expired))
            {
                return;
            }

            for (int target = 1; target <= Math.Min(TargetMax, height - seen.Height); target++)
            {
                history.Seen[target - 1][seen.Bucket] += One;
            }
        }
    }

    /// <summary>A block came; one at or below the highest seen, after a reorg, teaches nothing.</summary>
    public void Connected(int height, IReadOnlyList<PoolEntry> mined)
    {
        lock (gate)
        {
            bool isNews = height > history.Height;
            if (isNews)
            {
                Fade(history.Height == 0 ? 1 : height - history.Height);
                history.Height = height;
            }

            foreach (PoolEntry entry in mined)
            {
                if (waiting.Remove(entry.Txid, out (int Height, int Bucket) seen) && isNews && height > seen.Height)
                {
                    Count(entry, seen.Bucket, height - seen.Height);
                }
            }
        }
    }

    /// <summary>
    /// The price for being held within so many blocks, never dearer than for fewer blocks. Rule M-19: where too little
    /// was seen of so few blocks, it is only the price of more blocks, or the least one, and says so.
    /// </summary>
    /// <param name="target">1 … 144 blocks.</param>
    /// <param name="least">Rule M-19: no answer is below this.</param>
    public FeeEstimate Estimate(int target, FeeRate least)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(target, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(target, TargetMax);
        FeeRate? best = null;
        int blocks = 0;
        lock (gate)
        {
            // Where nothing is known of so few blocks, the next wait of which something is known is a floor.
            while (blocks < target || (best is null && blocks < TargetMax))
            {
                FeeRate? rate = At(++blocks);
                best = best is null || rate < best ? rate ?? best : best;
            }
        }

        return new FeeEstimate(FeeRate.Max(best ?? least, least), best is not null && blocks == target);
    }

    /// <summary>The mean price of the cheapest ranges that were in time, looked for from the dearest down.</summary>
    private FeeRate? At(int target)
    {
        long[] late = new long[FeeBuckets.Count];
        foreach ((int height, int bucket) in waiting.Values)
        {
            late[bucket] += history.Height - height >= target ? One : 0;
        }

        FeeRate? good = null;
        (long InTime, long Seen, long Weight, Int128 Rates) sum = default;
        for (int bucket = FeeBuckets.Count - 1; bucket >= 0; bucket--)
        {
            sum = (
                sum.InTime + history.InTime[target - 1][bucket],
                sum.Seen + history.Seen[target - 1][bucket] + late[bucket],
                sum.Weight + history.Weights[bucket],
                sum.Rates + history.Rates[bucket]);
            if (sum.Seen < EnoughWeight || sum.Weight == 0)
            {
                continue;
            }

            if ((Int128)sum.InTime * 100 < (Int128)sum.Seen * InTimePercent)
            {
                break;
            }

            good = new FeeRate((long)(sum.Rates / sum.Weight));
            sum = default;
        }

        return good;
    }

    private void Count(PoolEntry entry, int bucket, int blocks)
    {
        history.Weights[bucket] += One;
        history.Rates[bucket] += One * Math.Min(entry.Rate.GrainsPerKilobyte, FeeHistory.RateMax);
        for (int target = 1; target <= TargetMax; target++)
        {
            history.Seen[target - 1][bucket] += One;
            history.InTime[target - 1][bucket] += target >= blocks ? One : 0;
        }
    }

    private void Fade(int blocks)
    {
        if (blocks > GapMax)
        {
            history = new FeeHistory();
            return;
        }

        for (int i = 0; i < blocks && !history.IsEmpty; i++)
        {
            foreach (long[] row in history.Rows)
            {
                for (int bucket = 0; bucket < row.Length; bucket++)
                {
                    row[bucket] -= row[bucket] / FadeParts;
                }
            }
        }
    }
}
