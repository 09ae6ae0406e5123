using System.Text.Json;
using Camelid.ModelRuntime.Sampling;
using Camelid.Protocol.Jobs;

namespace Camelid.ModelRuntime.Tests.Sampling;

public sealed class SamplerTests
{
    private static readonly float[] Logits = [1.5f, 3, -2, 3, 0.25f, 2.9f];

    /// <summary>Vectors from an implementation in another language: sampler_reference.py, seed 20261120.</summary>
    [Fact]
    public void The_vectors_of_the_second_implementation_come_out()
    {
        using JsonDocument document = JsonDocument.Parse(
            File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Sampling", "sampler-vectors.json")));
        int checkedCases = 0;
        foreach (JsonElement vector in document.RootElement.EnumerateArray())
        {
            uint expected = vector.GetProperty("expected").GetUInt32();
            Assert.True(expected == Run(vector), $"case {checkedCases}: {vector}");
            checkedCases++;
        }

        Assert.Equal(96, checkedCases);
    }

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

    [Fact]
    public void The_choice_follows_the_probabilities()
    {
        float[] logits = [0, MathF.Log(3)];
        int ones = Enumerable.Range(0, 20_000).Count(i => Choose(logits, new SamplingParameters(), 99, (uint)i) == 1);
        Assert.InRange(ones, 14_700, 15_300);
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
    }

    [Fact]
    public void The_sampler_leaves_the_logits_as_they_were()
    {
        float[] logits = [.. Logits];
        Choose(logits, new SamplingParameters { LogitBiases = [new LogitBias(2, 9_000_000)] }, 1, 1);
        Assert.Equal(Logits, logits);
    }

    private static uint Choose(float[] logits, SamplingParameters parameters, ulong seedKey, uint position) =>
        Sampler.Choose(logits, parameters, new SamplingPosition(seedKey, position, new TokenHistory([])));

    private static uint Run(JsonElement vector)
    {
        JsonElement p = vector.GetProperty("parameters");
        SamplingParameters parameters = new()
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
        };
        TokenHistory history = new(Tokens(vector, "prompt"));
        foreach (uint token in Tokens(vector, "output"))
        {
            history.Add(token);
        }

        float[] logits = [.. vector.GetProperty("logits").EnumerateArray().Select(item => item.GetSingle())];
        return Sampler.Choose(logits, parameters, new SamplingPosition(
            vector.GetProperty("seedKey").GetUInt64(), vector.GetProperty("position").GetUInt32(), history));
    }

    private static uint[] Tokens(JsonElement vector, string name) =>
        [.. vector.GetProperty(name).EnumerateArray().Select(item => item.GetUInt32())];
}
