using Camelid.ModelRuntime.Engine;
using Camelid.ModelRuntime.Sampling;
using Camelid.Protocol.Jobs;

namespace Camelid.ModelRuntime.Tests.Sampling;

/// <summary>What a choice costs in memory, and the selection without a sort.</summary>
public sealed class SamplerWorkspaceTests
{
    private const int Vocabulary = 4_000, Warm = 40, Counted = 200;

    public static TheoryData<string> Kinds() => [.. ParametersOf.Keys];

    private static readonly Dictionary<string, SamplingParameters> ParametersOf = new()
    {
        ["greedy"] = new SamplingParameters { TemperatureMillionths = 0 },
        ["temperature"] = new SamplingParameters(),
        ["top-p"] = new SamplingParameters { TopPMillionths = 900_000 },
        ["min-p"] = new SamplingParameters { MinPMillionths = 10_000 },
        ["all"] = new SamplingParameters
        {
            TopK = 40, TopPMillionths = 950_000, MinPMillionths = 10_000, RepetitionPenaltyMillionths = 1_100_000,
            PresencePenaltyMillionths = 100_000, FrequencyPenaltyMillionths = 100_000,
            LogitBiases = [new LogitBias(3, 1_000_000), new LogitBias(5, -1_000_000)],
        },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_choice_its_history_and_its_measures_allocate_nothing(string kind)
    {
        float[] logits = RandomLogits(1);
        SamplerWorkspace workspace = new(Vocabulary);
        TokenHistory history = new([1, 2, 3], Warm + Counted);
        for (uint i = 0; i < Warm; i++)
        {
            Step(workspace, history, ParametersOf[kind], (logits, i));
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (uint i = Warm; i < Warm + Counted; i++)
        {
            Step(workspace, history, ParametersOf[kind], (logits, i));
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    /// <summary>Negative control: a history without room grows, and that is seen.</summary>
    [Fact]
    public void A_history_without_room_allocates()
    {
        TokenHistory history = new([]);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (uint token = 0; token < Counted; token++)
        {
            history.Add(token);
        }

        Assert.NotEqual(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void A_choice_does_not_depend_on_the_one_before_it()
    {
        SamplerWorkspace used = new(Vocabulary);
        Random random = new(5);
        for (uint i = 0; i < 60; i++)
        {
            float[] logits = RandomLogits((int)i)[..random.Next(1, Vocabulary)];
            SamplingParameters parameters = ParametersOf.Values.ElementAt(random.Next(ParametersOf.Count));
            SamplingPosition at = new(i, i, new TokenHistory([7, 8]));
            Assert.Equal(
                Sampler.Choose(logits, parameters, at), Sampler.Choose(logits, parameters, at, used));
        }
    }

    [Theory]
    [InlineData(1_000, 1)]
    [InlineData(1_000, 7)]
    [InlineData(1_000, 500)]
    [InlineData(1_000, 999)]
    [InlineData(1_024, 1_024)]
    [InlineData(3_000, 1)]
    [InlineData(3_000, 1_700)]
    [InlineData(3_000, 2_999)]
    public void A_prefix_without_a_sort_is_the_prefix_of_the_sort(int size, int kept)
    {
        Random random = new(kept);
        float[] values = [.. Enumerable.Range(0, size).Select(i => i % 5 == 0 ? random.Next(-3, 4) * 0f
            : i % 3 == 0 ? random.Next(-3, 4) : (float)(random.NextDouble() - 0.5))];
        SamplerWorkspace workspace = new(values.Length);
        values.CopyTo(workspace.Take(values));
        workspace.ExcludeNonFinite();
        workspace.Candidates.Gather(workspace, float.MinValue);
        workspace.Candidates.WeighEqually();
        workspace.Candidates.KeepPrefix(kept, workspace.Greatest);
        Assert.Equal(
            Enumerable.Range(0, values.Length).OrderByDescending(id => values[id]).ThenBy(id => id)
                .Take(kept).Order().Select(id => (uint)id),
            workspace.Candidates.Ids.ToArray());
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(1.5f)]
    [InlineData(-7e-42f)]
    [InlineData(float.MaxValue)]
    [InlineData(float.MinValue)]
    [InlineData(float.NegativeInfinity)]
    public void A_key_leads_back_to_its_value(float value)
    {
        Assert.Equal(value + 0f, PrefixCut.ValueOf(PrefixCut.KeyOf(value)));
        Assert.True(value == float.NegativeInfinity
            || PrefixCut.KeyOf(MathF.BitDecrement(value)) > PrefixCut.KeyOf(value));
    }

    private static float[] RandomLogits(int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, Vocabulary).Select(_ => (float)(random.NextDouble() * 12))];
    }

    private static void Step(
        SamplerWorkspace workspace, TokenHistory history, SamplingParameters parameters, (float[] Logits, uint At) step)
    {
        uint token = Sampler.Choose(step.Logits, parameters, new SamplingPosition(9, step.At, history), workspace);
        history.Add(token);
        LogitMeasures.Fingerprint(step.Logits);
        LogitMeasures.Logprobs(step.Logits, token, 0);
    }
}
