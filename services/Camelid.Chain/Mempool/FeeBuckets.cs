namespace Camelid.Chain.Mempool;

/// <summary>Rule M-18: prices in ranges of a tenth each, from 100 grains/kB to 10,000,000.</summary>
internal static class FeeBuckets
{
    /// <summary>The lowest price of the second range; all below it is in the first.</summary>
    private const long Lowest = 100;
    private const long Highest = 10_000_000;

    private static readonly long[] Bounds = [.. MakeBounds()];

    /// <summary>How many ranges there are.</summary>
    public static int Count => Bounds.Length + 1;

    /// <summary>The range of a price: 0 for the cheapest.</summary>
    public static int Of(FeeRate rate)
    {
        int found = Array.BinarySearch(Bounds, rate.GrainsPerKilobyte);
        return found >= 0 ? found + 1 : ~found;
    }

    private static IEnumerable<long> MakeBounds()
    {
        for (long bound = Lowest; bound <= Highest; bound += Math.Max(1, bound / 10))
        {
            yield return bound;
        }
    }
}
