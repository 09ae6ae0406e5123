namespace Camelid.Chain.Mempool;

/// <summary>A price for room in a block.</summary>
/// <param name="GrainsPerKilobyte">Grains for each 1,000 priced bytes (rule M-03); 0 or more.</param>
internal readonly record struct FeeRate(long GrainsPerKilobyte) : IComparable<FeeRate>
{
    private const int Kilobyte = 1_000;

    /// <summary>Nothing is asked.</summary>
    public static FeeRate Zero => default;

    /// <summary>The whole grains for each 1,000 bytes that a fee pays, rounded down.</summary>
    public static FeeRate Of(long feeGrains, long bytes) => new((long)((Int128)feeGrains * Kilobyte / bytes));

    /// <summary>The higher one.</summary>
    public static FeeRate Max(FeeRate left, FeeRate right) => left >= right ? left : right;

    /// <summary>The least fee for so many bytes, in grains, rounded up: no part of a grain is lost.</summary>
    public long FeeFor(long bytes) => (long)((((Int128)GrainsPerKilobyte * bytes) + Kilobyte - 1) / Kilobyte);

    /// <summary>Orders by price.</summary>
    public int CompareTo(FeeRate other) => GrainsPerKilobyte.CompareTo(other.GrainsPerKilobyte);

    /// <summary>The price in words.</summary>
    public override string ToString() => FormattableString.Invariant($"{GrainsPerKilobyte} grains/kB");

    /// <summary>Cheaper.</summary>
    public static bool operator <(FeeRate left, FeeRate right) => left.GrainsPerKilobyte < right.GrainsPerKilobyte;

    /// <summary>Dearer.</summary>
    public static bool operator >(FeeRate left, FeeRate right) => left.GrainsPerKilobyte > right.GrainsPerKilobyte;

    /// <summary>Not dearer.</summary>
    public static bool operator <=(FeeRate left, FeeRate right) => left.GrainsPerKilobyte <= right.GrainsPerKilobyte;

    /// <summary>Not cheaper.</summary>
    public static bool operator >=(FeeRate left, FeeRate right) => left.GrainsPerKilobyte >= right.GrainsPerKilobyte;
}

/// <summary>A fee over the bytes that it pays for, compared exactly: no rounding decides who goes first.</summary>
/// <param name="FeeGrains">The fee, in grains.</param>
/// <param name="Bytes">Priced bytes; 1 or more.</param>
internal readonly record struct FeeRatio(long FeeGrains, long Bytes) : IComparable<FeeRatio>
{
    /// <summary>Compares left.fee / left.bytes with right.fee / right.bytes, multiplied out in 128 bits.</summary>
    public int CompareTo(FeeRatio other)
    {
        long high = Math.BigMul(FeeGrains, other.Bytes, out long low);
        long otherHigh = Math.BigMul(other.FeeGrains, Bytes, out long otherLow);
        return high != otherHigh ? high.CompareTo(otherHigh) : ((ulong)low).CompareTo((ulong)otherLow);
    }

    /// <summary>The lower one.</summary>
    public static FeeRatio Min(FeeRatio left, FeeRatio right) => left.CompareTo(right) <= 0 ? left : right;

    /// <summary>The higher one.</summary>
    public static FeeRatio Max(FeeRatio left, FeeRatio right) => left.CompareTo(right) >= 0 ? left : right;
}
