using System.Numerics;
using System.Runtime.CompilerServices;

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
    private const int MantissaBits = 52, ExponentBias = 1023;
    private const double MantissaUnit = 1L << MantissaBits;

    /// <summary>1/n!, n = 13 down to 0: each one division of exact integers.</summary>
    private static readonly double[] InverseFactorials =
    [
        1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320, 1.0 / 5040,
        1.0 / 720, 1.0 / 120, 1.0 / 24, 1.0 / 6, 1.0 / 2, 1, 1,
    ];

    /// <summary>1/(2n + 1), n = 10 down to 0.</summary>
    private static readonly double[] InverseOdds =
    [
        1.0 / 21, 1.0 / 19, 1.0 / 17, 1.0 / 15, 1.0 / 13, 1.0 / 11, 1.0 / 9, 1.0 / 7, 1.0 / 5, 1.0 / 3, 1,
    ];

    /// <summary>
    /// Rule S-15: e^x for x ≤ 0; 0 below −700 and for what is no number. x = k·ln 2 + r with k = ⌊x·log₂e + ½⌋ and
    /// ln 2 in two parts; e^r by its Taylor polynomial of degree 13 in Horner form; then times 2^k.
    /// </summary>
    /// <remarks>Multiplications by 1/n!, not a chain of divisions by n: a third of the time, the same error.</remarks>
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
        double sum = InverseFactorials[0];
        for (int n = 1; n < InverseFactorials.Length; n++)
        {
            sum = sum * r + InverseFactorials[n];
        }

        return sum * BitConverter.Int64BitsToDouble((k + ExponentBias) << MantissaBits);
    }

    /// <summary>The same for −700 ≤ x ≤ 0, lane by lane, bit for bit.</summary>
    /// <remarks>Written out: a loop would not be inlined, and one call's chain would wait for the other's.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector<double> Exp(Vector<double> x)
    {
        Vector<double> k = Vector.Floor(x * new Vector<double>(Log2E) + new Vector<double>(0.5));
        Vector<double> r = x - k * new Vector<double>(Ln2High) - k * new Vector<double>(Ln2Low);
        Vector<double> sum = new(1.0 / 6227020800);
        sum = sum * r + new Vector<double>(1.0 / 479001600);
        sum = sum * r + new Vector<double>(1.0 / 39916800);
        sum = sum * r + new Vector<double>(1.0 / 3628800);
        sum = sum * r + new Vector<double>(1.0 / 362880);
        sum = sum * r + new Vector<double>(1.0 / 40320);
        sum = sum * r + new Vector<double>(1.0 / 5040);
        sum = sum * r + new Vector<double>(1.0 / 720);
        sum = sum * r + new Vector<double>(1.0 / 120);
        sum = sum * r + new Vector<double>(1.0 / 24);
        sum = sum * r + new Vector<double>(1.0 / 6);
        sum = sum * r + new Vector<double>(1.0 / 2);
        sum = sum * r + Vector<double>.One;
        sum = sum * r + Vector<double>.One;
        // k + 1023 stands in the low bits of the mantissa of k + 1023 + 2^52; shifted, it is the exponent of 2^k.
        Vector<double> biased = k + new Vector<double>(ExponentBias + MantissaUnit);
        return sum * Vector.AsVectorDouble(Vector.AsVectorInt64(biased) << MantissaBits);
    }

    /// <summary>⌊v⌋ of 0 ≤ v &lt; 2^52, lane by lane.</summary>
    internal static Vector<long> Floor(Vector<double> v)
    {
        Vector<double> unit = new(MantissaUnit);
        return Vector.AsVectorInt64(Vector.Floor(v) + unit) - Vector.AsVectorInt64(unit);
    }

    /// <summary>
    /// Rule S-16: ln u for normal u > 0. u = m·2^e with √½ ≤ m &lt; √2; s = (m − 1)/(m + 1); ln m =
    /// 2·(s + s³/3 + … + s²¹/21) in Horner form over s²; then e·ln 2 is added, low part first.
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
        double sum = InverseOdds[0];
        for (int n = 1; n < InverseOdds.Length; n++)
        {
            sum = sum * square + InverseOdds[n];
        }

        double low = 2 * s * sum + exponent * Ln2Low;
        return exponent * Ln2High + low;
    }
}
