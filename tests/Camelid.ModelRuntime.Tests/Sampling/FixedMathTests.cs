using Camelid.ModelRuntime.Sampling;

namespace Camelid.ModelRuntime.Tests.Sampling;

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

    private static double Margin(double value) => Math.Max(Math.Abs(value), 1e-2) * RelativeErrorMax;
}
