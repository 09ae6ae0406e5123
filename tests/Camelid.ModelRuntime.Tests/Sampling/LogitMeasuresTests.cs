using Camelid.ModelRuntime.Engine;

namespace Camelid.ModelRuntime.Tests.Sampling;

public sealed class LogitMeasuresTests
{
    private const double ErrorMax = 1e-5;

    /// <summary>Rule S-17: SHA-256 of 0000803f 000000c0 begins with these bytes (Python's hashlib).</summary>
    [Fact]
    public void A_fingerprint_is_the_beginning_of_SHA256() =>
        Assert.Equal(0x3cc74aeeu, LogitMeasures.Fingerprint([1f, -2f]));

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(64)]
    [InlineData(1_003)]
    public void Log_probabilities_are_those_of_the_plain_formula(int size)
    {
        Random random = new(size);
        float[] logits = [.. Enumerable.Range(0, size).Select(i => i % 3 == 2 ? 1 : (float)(random.NextDouble() * 9))];
        double[] expected = Plain(logits);
        (double chosen, IReadOnlyList<TokenLogprob> top) = LogitMeasures.Logprobs(logits, 0, 20);
        Assert.Equal(expected[0], chosen, ErrorMax);
        uint[] order = [.. Enumerable.Range(0, size).OrderByDescending(id => logits[id]).ThenBy(id => id).Take(20)
            .Select(id => (uint)id)];
        Assert.Equal(order, top.Select(item => item.TokenId));
        Assert.All(top, item => Assert.Equal(expected[item.TokenId], item.Logprob, ErrorMax));
        Assert.Empty(LogitMeasures.Logprobs(logits, 0, 0).Top);
    }

    [Fact]
    public void What_is_not_finite_takes_no_part()
    {
        float[] logits = [0, float.NaN, float.PositiveInfinity, 0, float.NegativeInfinity, .. new float[6], float.NaN];
        (double chosen, IReadOnlyList<TokenLogprob> top) = LogitMeasures.Logprobs(logits, 0, 20);
        Assert.Equal(-Math.Log(8), chosen, ErrorMax);
        Assert.Equal([0u, 3, 5, 6, 7, 8, 9, 10], top.Select(item => item.TokenId));
    }

    private static double[] Plain(float[] logits)
    {
        double sum = logits.Sum(logit => Math.Exp(logit));
        return [.. logits.Select(logit => logit - Math.Log(sum))];
    }
}
