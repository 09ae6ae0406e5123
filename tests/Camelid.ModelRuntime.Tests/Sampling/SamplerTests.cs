using System.Globalization;
using System.Text.Json;
using Camelid.ModelRuntime.Sampling;
using Camelid.Protocol.Jobs;

namespace Camelid.ModelRuntime.Tests.Sampling;

/// <summary>Rules S-01 to S-14: three implementations agree, and departures from the rules are found.</summary>
public sealed class SamplerTests(ITestOutputHelper output)
{
    private const int Draws = 20_000, VectorsLeast = 64, MutationDraws = 3_000;
    private static readonly float[] Logits = [1.5f, 3, -2, 3, 0.25f, 2.9f];

    /// <summary>These show where two numbers nearly meet: vectors are made for that, draws hardly ever do it.</summary>
    private static readonly string[] TooFineForDraws =
        [nameof(Mutation.TemperatureInBinary32), nameof(Mutation.BiasInBinary32), nameof(Mutation.MinPExclusive)];

    private static readonly (string Rule, SamplerCase Case, uint? Expected)[] Vectors = ReadVectors();

    /// <summary>Vectors from an implementation in another language: sampler_reference.py, seed 20261120.</summary>
    [Fact]
    public void The_vectors_of_the_implementation_in_another_language_come_out()
    {
        ReferenceSampler reference = new();
        for (int i = 0; i < Vectors.Length; i++)
        {
            Assert.True(Vectors[i].Expected == Choose(Vectors[i].Case), $"vector {i}, {Vectors[i].Rule}");
            Assert.True(Vectors[i].Expected == reference.Choose(Vectors[i].Case), $"vector {i}: reference");
        }

        Assert.True(Vectors.Length >= VectorsLeast);
    }

    [Theory]
    [InlineData("S-01")]
    [InlineData("S-02")]
    [InlineData("S-03")]
    [InlineData("S-04")]
    [InlineData("S-05")]
    [InlineData("S-06")]
    [InlineData("S-07")]
    [InlineData("S-08")]
    [InlineData("S-09")]
    [InlineData("S-11")]
    [InlineData("S-12")]
    [InlineData("S-13")]
    [InlineData("S-14")]
    public void Each_rule_has_vectors_of_its_own(string rule) =>
        Assert.True(Vectors.Count(vector => vector.Rule == rule) >= 8);

    [Fact]
    public void Two_implementations_agree_on_random_draws()
    {
        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        SamplerDraws draws = new(seed);
        ReferenceSampler reference = new();
        SamplerWorkspace workspace = new(2_000);
        for (int i = 0; i < Draws; i++)
        {
            SamplerCase one = draws.Next();
            Assert.True(reference.Choose(one) == Choose(one, workspace), $"seed {seed}, draw {i}: {one.Parameters}");
        }
    }

    /// <summary>Negative control: the vectors tell apart what differs from one rule.</summary>
    [Theory]
    [MemberData(nameof(Mutations))]
    public void A_departure_from_a_rule_is_found_by_the_vectors(string name)
    {
        ReferenceSampler wrong = new(Enum.Parse<Mutation>(name));
        Assert.Contains(Vectors, vector => vector.Expected != wrong.Choose(vector.Case));
    }

    /// <summary>Negative control: so do random draws, where the difference is not in the last bits only.</summary>
    [Theory]
    [MemberData(nameof(CoarseMutations))]
    public void A_departure_from_a_rule_is_found_by_draws(string name)
    {
        ReferenceSampler wrong = new(Enum.Parse<Mutation>(name));
        SamplerDraws draws = new(20261120);
        SamplerWorkspace workspace = new(2_000);
        Assert.Contains(
            Enumerable.Range(0, MutationDraws).Select(_ => draws.Next()),
            one => Choose(one, workspace) != wrong.Choose(one));
    }

    public static TheoryData<string> Mutations() =>
        [.. Enum.GetValues<Mutation>().Where(mutation => mutation != Mutation.None).Select(item => item.ToString())];

    public static TheoryData<string> CoarseMutations() =>
        [.. Mutations().Select(row => row.Data).Except(TooFineForDraws)];

    [Fact]
    public void Temperature_zero_takes_the_greatest_logit_and_of_equals_the_lowest_id() =>
        Assert.Equal(1u, Choose(Logits, new SamplingParameters { TemperatureMillionths = 0 }, 1, 0));

    [Theory]
    [InlineData(1u, 1_000_000u, 0u)]
    [InlineData(0u, 1u, 0u)]
    [InlineData(0u, 1_000_000u, 1_000_000u)]
    public void The_narrowest_filter_leaves_only_the_best(uint topK, uint topP, uint minP)
    {
        SamplingParameters parameters = new() { TopK = topK, TopPMillionths = topP, MinPMillionths = minP };
        HashSet<uint> chosen = [.. Enumerable.Range(0, 200).Select(i => Choose(Logits, parameters, 5, (uint)i))];
        // Min-p of one keeps all who are as likely as the best; the others keep one, the lower id.
        Assert.Equal(minP == 0 ? [1u] : [1u, 3u], chosen.Order());
    }

    [Theory]
    [InlineData(249_999u, 1)]
    [InlineData(250_000u, 1)]
    [InlineData(250_001u, 2)]
    [InlineData(750_001u, 4)]
    public void A_nucleus_ends_with_the_token_that_fills_it(uint topP, int kept)
    {
        SamplingParameters parameters = new() { TopPMillionths = topP };
        HashSet<uint> chosen = [.. Enumerable.Range(0, 300).Select(i => Choose(new float[4], parameters, 5, (uint)i))];
        Assert.Equal(Enumerable.Range(0, kept).Select(id => (uint)id), chosen.Order());
    }

    [Fact]
    public void The_choice_follows_the_probabilities()
    {
        float[] logits = [0, MathF.Log(3)];
        int ones = Enumerable.Range(0, 20_000).Count(i => Choose(logits, new SamplingParameters(), 99, (uint)i) == 1);
        Assert.InRange(ones, 14_700, 15_300);
    }

    /// <summary>Without this, a model with large logits would sample as if there were no noise.</summary>
    [Fact]
    public void A_number_added_to_all_logits_changes_nothing()
    {
        float[] flat = [.. Enumerable.Range(0, 100).Select(id => id % 7 * 0.5f)];
        float[] raised = [.. flat.Select(logit => logit + 1_048_576)];
        for (uint position = 0; position < 200; position++)
        {
            Assert.Equal(
                Choose(flat, new SamplingParameters(), 3, position),
                Choose(raised, new SamplingParameters(), 3, position));
        }
    }

    [Fact]
    public void Another_seed_or_position_gives_other_choices()
    {
        float[] flat = new float[64];
        uint[] one = [.. Enumerable.Range(0, 32).Select(i => Choose(flat, new SamplingParameters(), 1, (uint)i))];
        uint[] two = [.. Enumerable.Range(0, 32).Select(i => Choose(flat, new SamplingParameters(), 2, (uint)i))];
        Assert.NotEqual(one, two);
        Assert.True(one.Distinct().Count() > 16);
    }

    [Fact]
    public void A_logit_that_is_no_number_is_never_chosen()
    {
        float[] logits = [float.NaN, float.PositiveInfinity, -5, float.NegativeInfinity];
        Assert.Equal(2u, Choose(logits, new SamplingParameters(), 1, 1));
        Assert.Equal(2u, Choose(logits, new SamplingParameters { TemperatureMillionths = 0 }, 1, 1));
        Assert.Throws<ArgumentException>(() => Choose([float.NaN], new SamplingParameters(), 1, 1));
        Assert.Throws<ArgumentException>(() => Choose([], new SamplingParameters(), 1, 1));
    }

    [Fact]
    public void The_sampler_leaves_the_logits_as_they_were()
    {
        float[] logits = [.. Logits];
        Choose(logits, new SamplingParameters { LogitBiases = [new LogitBias(2, 9_000_000)] }, 1, 1);
        Assert.Equal(Logits, logits);
    }

    [Fact]
    public void A_workspace_that_is_too_small_is_refused()
    {
        SamplingPosition at = new(1, 0, new TokenHistory([]));
        ArgumentException refusal = Assert.Throws<ArgumentException>(
            () => Sampler.Choose(new float[65], new SamplingParameters(), at, new SamplerWorkspace(64)));
        Assert.Contains("65 logits", refusal.Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => new SamplerWorkspace(SamplerWorkspace.VocabularySizeMax + 1));
    }

    private static uint Choose(float[] logits, SamplingParameters parameters, ulong seedKey, uint position) =>
        Sampler.Choose(logits, parameters, new SamplingPosition(seedKey, position, new TokenHistory([])));

    private static uint? Choose(SamplerCase one, SamplerWorkspace? workspace = null)
    {
        TokenHistory history = new(one.Prompt);
        foreach (uint token in one.Output)
        {
            history.Add(token);
        }

        SamplingPosition at = new(one.SeedKey, one.Position, history);
        try
        {
            return workspace is null
                ? Sampler.Choose(one.Logits, one.Parameters, at)
                : Sampler.Choose(one.Logits, one.Parameters, at, workspace);
        }
        catch (ArgumentException refusal) when (refusal.Message.StartsWith("no logit", StringComparison.Ordinal))
        {
            return null;
        }
    }

    private static (string Rule, SamplerCase Case, uint? Expected)[] ReadVectors()
    {
        using JsonDocument document = SamplerVectors.Open();
        return [.. document.RootElement.GetProperty("choices").EnumerateArray().Select(vector =>
        {
            JsonElement expected = vector.GetProperty("expected");
            return (vector.GetProperty("rule").GetString()!, ReadCase(vector),
                expected.ValueKind == JsonValueKind.Null ? (uint?)null : expected.GetUInt32());
        })];
    }

    private static SamplerCase ReadCase(JsonElement vector)
    {
        JsonElement p = vector.GetProperty("parameters");
        return new SamplerCase
        {
            Logits = [.. vector.GetProperty("logits").GetString()!.Split(' ').Select(bits =>
                BitConverter.UInt32BitsToSingle(uint.Parse(bits, NumberStyles.HexNumber)))],
            Prompt = Tokens(vector, "prompt"),
            Output = Tokens(vector, "output"),
            SeedKey = vector.GetProperty("seedKey").GetUInt64(),
            Position = vector.GetProperty("position").GetUInt32(),
            Parameters = new SamplingParameters
            {
                TemperatureMillionths = p.GetProperty("temperature").GetUInt32(),
                TopK = p.GetProperty("topK").GetUInt32(),
                TopPMillionths = p.GetProperty("topP").GetUInt32(),
                MinPMillionths = p.GetProperty("minP").GetUInt32(),
                RepetitionPenaltyMillionths = p.GetProperty("repetition").GetUInt32(),
                PresencePenaltyMillionths = p.GetProperty("presence").GetInt32(),
                FrequencyPenaltyMillionths = p.GetProperty("frequency").GetInt32(),
                LogitBiases = [.. p.GetProperty("biases").EnumerateArray()
                    .Select(pair => new LogitBias(pair[0].GetUInt32(), pair[1].GetInt32()))],
            },
        };
    }

    private static uint[] Tokens(JsonElement vector, string name) =>
        [.. vector.GetProperty(name).EnumerateArray().Select(item => item.GetUInt32())];
}
