using Camelid.ModelRuntime.Packages;
using Camelid.ModelRuntime.Training;

namespace Camelid.ModelRuntime.Tests.Training;

/// <summary>A training of a few thousand weights, whose batches and rates a test may bend.</summary>
internal sealed class TinyRecipe : TrainingRecipe
{
    internal static readonly ModelArchitecture Model = new()
    {
        Family = "llama", HiddenSize = 16, Layers = 1, Heads = 2, KeyValueHeads = 1, HeadSize = 16,
        FeedForwardSize = 24, VocabularySize = 13, ContextTokensMax = 8, NormEpsilon = 1e-5f, RotaryBase = 10_000,
        TiedEmbedding = true,
    };

    private static readonly TrainingSchedule Schedule = new(1e-2f, 3, 0.3);

    /// <summary>The step whose batch differs, or 0.</summary>
    internal int OtherBatchAt { get; init; }

    /// <summary>The step whose learning rate differs, or 0.</summary>
    internal int OtherRateAt { get; init; }

    /// <summary>Seed of the starting weights.</summary>
    internal ulong Seed { get; init; } = 1;

    internal override string Description => """{"recipe":"tiny"}""";

    internal int StepsInAll { get; init; } = 12;

    internal override int Steps => StepsInAll;

    internal override int Threads => 1;

    internal override int RowsMax => 8;

    internal override float[] StartWeights() => ParameterLayout.Initialise(Model, new SplitMix64(Seed));

    internal override BatchShape ShapeOf(int step) => step % 4 == 0 ? new BatchShape(1, 8) : new BatchShape(2, 4);

    internal override void FillBatch(int step, long[] ids, long[] targets)
    {
        SplitMix64 random = new((ulong)step);
        for (int i = 0; i < RowsMax; i++)
        {
            ids[i] = random.Below(Model.VocabularySize);
            targets[i] = (ids[i] + 1) % Model.VocabularySize;
        }

        if (step == OtherBatchAt)
        {
            targets[^1] = ids[^1];
        }
    }

    internal override float RateOf(int step) =>
        step == OtherRateAt ? MathF.BitIncrement(Schedule.RateOf(step, Steps)) : Schedule.RateOf(step, Steps);

    internal override byte[] Graph(BatchShape shape) => TrainingGraph.Build(Model, shape);
}
