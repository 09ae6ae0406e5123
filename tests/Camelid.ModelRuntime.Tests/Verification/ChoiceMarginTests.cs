using Camelid.ModelRuntime.Sampling;
using Camelid.ModelRuntime.Tests.Sampling;
using Camelid.ModelRuntime.Training;
using Camelid.ModelRuntime.Verification;
using Camelid.Protocol.Jobs;

namespace Camelid.ModelRuntime.Tests.Verification;

/// <summary>Rule S-23.</summary>
public sealed class ChoiceMarginTests
{
    private const int Vocabulary = 2_100, Cases = 3_000;
    private const double Rounding = 1e-4;
    private readonly ChoiceMargin margin = new(Vocabulary);

    /// <summary>
    /// Whatever the parameters: where logits that differ by at most δ choose another token, its margin is at most δ.
    /// </summary>
    [Theory]
    [InlineData(0.00001)]
    [InlineData(0.001)]
    [InlineData(0.05)]
    [InlineData(0.5)]
    public void A_token_that_changed_logits_choose_is_within_the_change(double most)
    {
        const int Seed = 20261121;
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {Seed}");
        SamplerDraws draws = new(Seed);
        Random random = new(Seed);
        int different = 0;
        for (int i = 0; i < Cases; i++)
        {
            SamplerCase one = draws.Next();
            if (one.Logits.Any(z => !float.IsFinite(z) || Math.Abs(z) > 100))
            {
                continue;
            }

            float[] changed = [.. one.Logits.Select(z => (float)(z + most * (2 * random.NextDouble() - 1)))];
            uint served = Choose(one, changed), choice = Choose(one, one.Logits);
            double result = margin.Of(
                one.Logits, one.Parameters, At(one), new ServedToken(served, choice));
            Assert.True(result <= most + Rounding, $"case {i}: margin {result} of {one.Parameters}");
            Assert.True(served != choice || result == 0);
            different += served != choice ? 1 : 0;
        }

        Assert.True(most < 0.01 || different > 20, $"only {different} choices changed");
    }

    /// <summary>And the margin is no less than it must be: without filters a change of just so much makes it.</summary>
    [Fact]
    public void Without_filters_a_change_by_the_margin_makes_the_token_the_choice_and_half_of_it_does_not()
    {
        SplitMix64 random = new(77);
        int found = 0;
        for (int i = 0; i < 400; i++)
        {
            SamplerCase one = new()
            {
                Logits = [.. Enumerable.Range(0, 50).Select(_ => 3 * random.Normal())],
                Parameters = new() { TemperatureMillionths = (uint)random.Below(4) * 500_000 },
                Prompt = [], Output = [], SeedKey = random.Next(), Position = (uint)i,
            };
            uint served = (uint)random.Below(50), choice = Choose(one, one.Logits);
            double result = margin.Of(one.Logits, one.Parameters, At(one), new ServedToken(served, choice));
            if (served != choice && double.IsFinite(result))
            {
                found++;
                Assert.Equal(served, Choose(one, Towards(one.Logits, served, result + Rounding)));
                Assert.Equal(choice, Choose(one, Towards(one.Logits, served, result / 2 - Rounding)));
            }
        }

        Assert.True(found > 100);
    }

    [Fact]
    public void Greedily_the_margin_is_half_the_distance_to_the_greatest_logit()
    {
        SamplerCase one = new()
        {
            Logits = [1, 3, 2.5f, -20, float.NaN],
            Parameters = new() { TemperatureMillionths = 0 },
            Prompt = [], Output = [], SeedKey = 1, Position = 0,
        };
        double[] margins = [.. Enumerable.Range(0, 5).Select(served => margin.Of(
            one.Logits, one.Parameters, At(one), new ServedToken((uint)served, 1)))];
        Assert.Equal([1, 0, 0.25, double.PositiveInfinity, double.PositiveInfinity], margins);
    }

    /// <summary>A token just outside a filter has a small margin; the control lies far outside it.</summary>
    [Theory]
    [InlineData("top-p", 731_058u, 600_000u)]
    [InlineData("min-p", 367_880u, 700_000u)]
    [InlineData("top-k", 1u, 1u)]
    public void A_token_near_the_border_of_a_filter_is_near_the_choice(string filter, uint near, uint far)
    {
        // With weights 1 and e^−1 the first token has 0.7310585 of the mass, the second 0.3678794 of the first's.
        float[] logits = filter == "top-k" ? [0, -1e-5f] : [0, -1];
        double distant = filter == "top-k" ? Margin([0, -1], far) : Margin(logits, far);
        Assert.InRange(Margin(logits, near), 0, 2e-5);
        Assert.InRange(distant, 0.1, 1);

        double Margin(float[] values, uint setting)
        {
            SamplingParameters parameters = filter switch
            {
                "top-p" => new() { TopPMillionths = setting },
                "min-p" => new() { MinPMillionths = setting },
                _ => new() { TopK = setting },
            };
            SamplerCase one = new()
            {
                Logits = values, Parameters = parameters, Prompt = [], Output = [], SeedKey = KeyFor(values),
                Position = 0,
            };
            Assert.Equal(0u, Choose(one, values));
            return margin.Of(values, parameters, At(one), new ServedToken(1, 0));
        }

        // Noise that would choose the second token, were it not cut.
        ulong KeyFor(float[] values)
        {
            for (ulong key = 0; ; key++)
            {
                SamplerCase free = new()
                {
                    Logits = values, Parameters = new(), Prompt = [], Output = [], SeedKey = key, Position = 0,
                };
                if (Choose(free, values) == 1)
                {
                    return key;
                }
            }
        }
    }

    /// <summary>The negative control: an unlikely token is beyond every margin, with and without filters.</summary>
    [Fact]
    public void A_foreign_token_is_far_outside()
    {
        SplitMix64 random = new(5);
        for (int i = 0; i < 300; i++)
        {
            float[] logits = [.. Enumerable.Range(0, 200).Select(_ => 3 * random.Normal())];
            logits[7] = logits.Max() - 25;
            SamplingParameters parameters = (i % 4) switch
            {
                0 => new() { TemperatureMillionths = 700_000 },
                1 => new() { TopPMillionths = 900_000 },
                2 => new() { TopK = 40, TemperatureMillionths = 0 },
                _ => new() { MinPMillionths = 50_000, RepetitionPenaltyMillionths = 1_200_000 },
            };
            SamplerCase one = new()
            {
                Logits = logits, Parameters = parameters, Prompt = [3], Output = [], SeedKey = random.Next(),
                Position = 3,
            };
            uint choice = Choose(one, logits);
            Assert.NotEqual(7u, choice);
            Assert.Equal(
                double.PositiveInfinity, margin.Of(logits, parameters, At(one), new ServedToken(7, choice)));
        }
    }

    private static float[] Towards(float[] logits, uint served, double change) =>
        [.. logits.Select((z, id) => (float)(id == served ? z + change : z - change))];

    private static uint Choose(SamplerCase one, float[] logits) => Sampler.Choose(logits, one.Parameters, At(one));

    private static SamplingPosition At(SamplerCase one)
    {
        TokenHistory history = new(one.Prompt);
        foreach (uint token in one.Output)
        {
            history.Add(token);
        }

        return new SamplingPosition(one.SeedKey, one.Position, history);
    }
}
