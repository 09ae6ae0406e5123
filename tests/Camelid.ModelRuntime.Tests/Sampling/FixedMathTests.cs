using System.Numerics;
using Camelid.ModelRuntime.Sampling;

namespace Camelid.ModelRuntime.Tests.Sampling;

/// <summary>Rules S-10, S-15 and S-16.</summary>
public sealed class FixedMathTests
{
    private const double RelativeErrorMax = 4e-16;

    [Fact]
    public void The_exponential_is_right_to_the_last_bits()
    {
        for (double x = 0; x > -690; x -= 0.0371)
        {
            double expected = Math.Exp(x);
            Assert.InRange(FixedMath.Exp(x), expected * (1 - RelativeErrorMax), expected * (1 + RelativeErrorMax));
        }
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(-700.0001, 0)]
    [InlineData(double.NegativeInfinity, 0)]
    [InlineData(double.NaN, 0)]
    public void The_exponential_has_its_limits(double x, double expected) => Assert.Equal(expected, FixedMath.Exp(x));

    [Fact]
    public void The_logarithm_is_right_to_the_last_bits()
    {
        for (double u = 1e-10; u < 40; u *= 1.0173)
        {
            double expected = Math.Log(u);
            Assert.InRange(FixedMath.Log(u) - expected, -Margin(expected), Margin(expected));
        }
    }

    /// <summary>sampler_reference.py computed these without any vector or fused instruction.</summary>
    [Fact]
    public void The_bits_of_both_functions_are_those_of_the_implementation_in_another_language()
    {
        Assert.All(SamplerVectors.Function("exp"), one => AssertBits(one.Result, FixedMath.Exp(one.Argument)));
        Assert.All(SamplerVectors.Function("log"), one => AssertBits(one.Result, FixedMath.Log(one.Argument)));
        Assert.All(SamplerVectors.Function("exp"), one => AssertBits(one.Result, ReferenceSampler.Exp(one.Argument)));
        Assert.All(SamplerVectors.Function("log"), one => AssertBits(one.Result, ReferenceSampler.Log(one.Argument)));
    }

    /// <summary>Negative control: a fused multiply-add is told apart by the vectors.</summary>
    [Fact]
    public void A_fused_exponential_has_other_bits() => Assert.Contains(
        SamplerVectors.Function("exp"), one => FusedExp(one.Argument) != one.Result);

    [Fact]
    public void Lanes_have_the_bits_of_the_scalar_exponential_and_its_floor()
    {
        Random random = new(20261120);
        for (int i = 0; i < 20_000; i++)
        {
            double x = -random.NextDouble() * (i % 2 == 0 ? 30 : 700);
            AssertBits(FixedMath.Exp(x), FixedMath.Exp(new Vector<double>(x))[i % Vector<double>.Count]);
            double large = random.NextDouble() * (1L << 41);
            Assert.Equal((long)large, FixedMath.Floor(new Vector<double>(large))[0]);
        }
    }

    private static double FusedExp(double x)
    {
        double k = Math.Floor(x * 1.4426950408889634 + 0.5);
        double r = x - k * 0.693147180369123816490 - k * 1.90821492927058770002e-10;
        double sum = 1.0 / 6227020800, factorial = 6227020800;
        for (int n = 13; n >= 1; n--)
        {
            factorial /= n;
            sum = Math.FusedMultiplyAdd(sum, r, 1.0 / factorial);
        }

        return sum * Math.ScaleB(1, (int)k);
    }

    private static void AssertBits(double expected, double actual) => Assert.Equal(
        BitConverter.DoubleToInt64Bits(expected), BitConverter.DoubleToInt64Bits(actual));

    private static double Margin(double value) => Math.Max(Math.Abs(value), 1e-2) * RelativeErrorMax;
}
