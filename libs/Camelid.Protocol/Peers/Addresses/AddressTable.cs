namespace Camelid.Protocol.Peers.Addresses;

/// <summary>
/// Buckets of 64 places each; an address has one place in a bucket, so one that comes may push one out.
/// </summary>
internal sealed class AddressTable(int bucketCount)
{
    /// <summary>Places in a bucket.</summary>
    internal const int BucketPlaces = 64;

    private readonly KnownAddress?[] places = new KnownAddress?[bucketCount * BucketPlaces];
    private readonly int[] filled = new int[bucketCount];

    // The buckets that are not empty, in no order, and where each stands in that list.
    private readonly List<int> open = [];
    private readonly int[] openIndex = new int[bucketCount];

    /// <summary>Buckets that hold something.</summary>
    internal IReadOnlyList<int> OpenBuckets => open;

    /// <summary>Who has a place, or null.</summary>
    internal KnownAddress? At(int bucket, int place) => places[(bucket * BucketPlaces) + place];

    /// <summary>Gives a free place away.</summary>
    internal void Put(int bucket, int place, KnownAddress known)
    {
        places[(bucket * BucketPlaces) + place] = known;
        if (filled[bucket]++ == 0)
        {
            openIndex[bucket] = open.Count;
            open.Add(bucket);
        }
    }

    /// <summary>Frees a place that is taken.</summary>
    internal void Clear(int bucket, int place)
    {
        places[(bucket * BucketPlaces) + place] = null;
        if (--filled[bucket] == 0)
        {
            int hole = openIndex[bucket];
            open[hole] = open[^1];
            openIndex[open[hole]] = hole;
            open.RemoveAt(open.Count - 1);
        }
    }

    /// <summary>An address of a drawn bucket that is not empty; null where all are.</summary>
    /// <remarks>Drawn by bucket, not by address: who fills one bucket gets no more than one bucket's share.</remarks>
    internal KnownAddress? Draw(Random random)
    {
        if (open.Count == 0)
        {
            return null;
        }

        int bucket = open[random.Next(open.Count)];
        int first = random.Next(BucketPlaces);
        for (int i = 0; i < BucketPlaces; i++)
        {
            if (At(bucket, (first + i) % BucketPlaces) is { } known)
            {
                return known;
            }
        }

        return null;
    }
}
