namespace Camelid.Protocol;

/// <summary>
/// Rule C-01: an amount of coin in grains (1 CML = 100,000,000 grains), never negative, never above the cap.
/// </summary>
/// <remarks>Sums are formed in 128 bits: no sum can wrap, and a wrapped sum would mint coin.</remarks>
public readonly record struct Amount : IComparable<Amount>
{
    /// <summary>Grains in one CML.</summary>
    public const long GrainsPerCoin = 100_000_000L;

    /// <summary>The most coin that can ever exist, in grains: 100,000,000 CML.</summary>
    public const long GrainsMax = 100_000_000L * GrainsPerCoin;

    private Amount(long grains) => Grains = grains;

    /// <summary>No coin.</summary>
    public static Amount Zero => default;

    /// <summary>The amount in grains, 0 … <see cref="GrainsMax"/>.</summary>
    public long Grains { get; }

    /// <summary>An amount, or null outside 0 … <see cref="GrainsMax"/>.</summary>
    public static Amount? FromGrains(long grains) => grains is >= 0 and <= GrainsMax ? new Amount(grains) : null;

    /// <summary>An amount that the caller knows to be in range.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not.</exception>
    public static Amount Grain(long grains) => FromGrains(grains)
        ?? throw new ArgumentOutOfRangeException(nameof(grains), grains, "outside 0 … 100,000,000 CML");

    /// <summary>The amount in CML with eight decimals, such as <c>12.50000000</c>.</summary>
    public override string ToString() =>
        FormattableString.Invariant($"{Grains / GrainsPerCoin}.{Grains % GrainsPerCoin:D8}");

    /// <summary>Orders by grains.</summary>
    public int CompareTo(Amount other) => Grains.CompareTo(other.Grains);

    /// <summary>Less than.</summary>
    public static bool operator <(Amount left, Amount right) => left.Grains < right.Grains;

    /// <summary>More than.</summary>
    public static bool operator >(Amount left, Amount right) => left.Grains > right.Grains;

    /// <summary>At most.</summary>
    public static bool operator <=(Amount left, Amount right) => left.Grains <= right.Grains;

    /// <summary>At least.</summary>
    public static bool operator >=(Amount left, Amount right) => left.Grains >= right.Grains;
}
