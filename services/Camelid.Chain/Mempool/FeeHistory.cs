using System.Diagnostics.CodeAnalysis;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;

namespace Camelid.Chain.Mempool;

/// <summary>The sums of <see cref="FeeEstimator"/>, and how they are kept over a restart.</summary>
internal sealed class FeeHistory
{
    /// <summary>Prices above are counted as this one, so that no sum can wrap.</summary>
    public const long RateMax = 100_000_000;

    private const uint Magic = 0x4546_4d43;
    private const int RowsCount = (2 * FeeEstimator.TargetMax) + 2;

    /// <summary>An upper bound of every sum: a file that holds more was not written by us.</summary>
    private const long SumMax = 1L << 58;

    /// <summary>The highest block counted; 0 where none was.</summary>
    public int Height { get; set; }

    /// <summary>By target less 1 and range: transactions whose fate within so many blocks is known.</summary>
    public long[][] Seen { get; } = Table();

    /// <summary>By target less 1 and range: those that a block held in time.</summary>
    public long[][] InTime { get; } = Table();

    /// <summary>By range: those that a block held.</summary>
    public long[] Weights { get; } = new long[FeeBuckets.Count];

    /// <summary>By range: their prices, added up.</summary>
    public long[] Rates { get; } = new long[FeeBuckets.Count];

    /// <summary>True where nothing was seen: each sight counts for a target of one block, too.</summary>
    public bool IsEmpty => !Seen[0].AsSpan().ContainsAnyExcept(0L) && !Weights.AsSpan().ContainsAnyExcept(0L);

    /// <summary>All rows, in the order of the file.</summary>
    public IEnumerable<long[]> Rows => [.. Seen, .. InTime, Weights, Rates];

    /// <summary>
    /// Rule M-19: magic, genesis, height, count of rows and of ranges, the rows, and the SHA-256 of all that.
    /// </summary>
    public byte[] Encode(BlockHash genesis)
    {
        CanonicalWriter writer = new();
        writer.UInt32(Magic).Hash(genesis.Value).Int32(Height).Int32(RowsCount).Int32(FeeBuckets.Count);
        foreach (long sum in Rows.SelectMany(row => row))
        {
            writer.Int64(sum);
        }

        return writer.Hash(Hashes.Sha256(writer.Written)).ToArray();
    }

    /// <summary>Rule M-19: reads what <see cref="Encode"/> wrote for this chain; anything else is no history.</summary>
    public static bool TryDecode(
        ReadOnlySpan<byte> bytes, BlockHash genesis, [NotNullWhen(true)] out FeeHistory? history)
    {
        history = null;
        CanonicalReader reader = new(bytes);
        bool isOurs = reader.UInt32() == Magic & reader.Hash() == genesis.Value;
        FeeHistory read = new() { Height = reader.Int32() };
        isOurs &= reader.Int32() == RowsCount & reader.Int32() == FeeBuckets.Count && read.Height >= 0;
        if (!isOurs || reader.Failed)
        {
            return false;
        }

        foreach (long[] row in read.Rows)
        {
            for (int bucket = 0; bucket < row.Length; bucket++)
            {
                row[bucket] = reader.Int64();
                isOurs &= row[bucket] is >= 0 and <= SumMax;
            }
        }

        int end = reader.Position;
        Hash256 hash = reader.Hash();
        history = isOurs && reader.AtEnd && hash == Hashes.Sha256(bytes[..end]) ? read : null;
        return history is not null;
    }

    private static long[][] Table() =>
        [.. Enumerable.Range(0, FeeEstimator.TargetMax).Select(_ => new long[FeeBuckets.Count])];
}
