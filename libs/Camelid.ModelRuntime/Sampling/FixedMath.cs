namespace Camelid.ModelRuntime.Sampling;

/// <summary>
/// Exponential and logarithm as fixed sequences of IEEE-754 binary64 additions, multiplications and divisions, in the
/// order written, each rounded to nearest even and never fused. Library functions differ between machines in the last
/// bit; these do not.
/// </summary>
public static class FixedMath
{
    private const double Log2E = 1.4426950408889634, Ln2High = 0.693147180369123816490;
    private const double Ln2Low = 1.90821492927058770002e-10;
    private const double SqrtHalf = 0.70710678118654752, ExpLeast = -700;
    private const int ExpTerms = 13, LogTerms = 11, MantissaBits = 52, ExponentBias = 1023;

    /// <summary>
    /// e^x for x ≤ 0; 0 below −700. x = k·ln 2 + r with k = ⌊x·log₂e + ½⌋ and ln 2 in two parts; e^r by its Taylor
    /// polynomial of degree 13 in Horner form, r/n · s + 1 from n = 13 down; then times 2^k.
    /// </summary>
    public static double Exp(double x)
    {
        if (!(x >= ExpLeast))
        {
            return 0;
        }

        double scaled = x * Log2E + 0.5;
        long k = (long)scaled;
        k -= k > scaled ? 1 : 0;
        double r = x - k * Ln2High - k * Ln2Low;
        double sum = 1;
        for (int n = ExpTerms; n >= 1; n--)
        {
            sum = sum * r / n + 1;
        }

        return sum * BitConverter.Int64BitsToDouble((k + ExponentBias) << MantissaBits);
    }

    /// <summary>
    /// ln u for normal u > 0. u = m·2^e with √½ ≤ m &lt; √2; s = (m − 1)/(m + 1); ln m = 2·(s + s³/3 + … + s²¹/21) in
    /// Horner form over s²; then e·ln2 is added, low part first.
    /// </summary>
    public static double Log(double u)
    {
        long bits = BitConverter.DoubleToInt64Bits(u);
        long exponent = (bits >> MantissaBits) - ExponentBias;
        long mantissa = bits & ((1L << MantissaBits) - 1);
        double m = BitConverter.Int64BitsToDouble(mantissa | ((long)ExponentBias << MantissaBits));
        if (m * 0.5 >= SqrtHalf)
        {
            m *= 0.5;
            exponent++;
        }

        double s = (m - 1) / (m + 1);
        double square = s * s;
        double sum = 0;
        for (int n = LogTerms - 1; n >= 0; n--)
        {
            sum = sum * square + 1.0 / (2 * n + 1);
        }

        double low = 2 * s * sum + exponent * Ln2Low;
        return exponent * Ln2High + low;
    }
}
