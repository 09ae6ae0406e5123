using System.Text.Json;
using System.Text.Json.Nodes;
using Camelid.Protocol;

namespace Camelid.ModelRuntime.Training;

/// <summary>How camelid-nano is trained from nothing but this repository.</summary>
internal sealed class NanoRecipe : TrainingRecipe
{
    /// <summary>From this step on every fourth batch has windows of the whole context.</summary>
    private const int LongFromStep = 400, LongEverySteps = 4;

    private static readonly TrainingSchedule Schedule = new(2.5e-3f, 150, 0.2);
    private static readonly BatchShape ShortBatch = new(4, 256), LongBatch = new(2, 512);
    private readonly NanoTrainingOptions options;
    private readonly TrainingBatches batches;

    internal NanoRecipe(NanoTrainingOptions options)
    {
        this.options = options;
        StoryGrammar grammar = StoryGrammar.Load();
        Vocabulary = NanoTrainer.LearnVocabulary(grammar, options.Seed);
        batches = new TrainingBatches(grammar, Vocabulary, options.Seed + 1);
    }

    /// <summary>The vocabulary that was learnt from the grammar.</summary>
    internal BytePairVocabulary Vocabulary { get; }

    internal override int Steps => options.Steps;

    internal override int RowsMax => Math.Max(ShortBatch.Rows, LongBatch.Rows);

    internal override int Threads => options.Threads;

    internal override string Description => JsonSerializer.Serialize(
        new JsonObject
        {
            ["recipe"] = NanoModel.Name,
            ["seed"] = options.Seed,
            ["threads"] = options.Threads,
            ["architecture"] = JsonSerializer.SerializeToNode(NanoModel.Architecture),
            ["tokenizer"] = Hashes.Sha256(Vocabulary.ToTokenizerJson()).ToString(),
        },
        BytePairVocabulary.JsonOptions);

    internal override float[] StartWeights() =>
        ParameterLayout.Initialise(NanoModel.Architecture, new SplitMix64(options.Seed + 2));

    internal override BatchShape ShapeOf(int step) =>
        step >= LongFromStep && step % LongEverySteps == 0 ? LongBatch : ShortBatch;

    internal override void FillBatch(int step, long[] ids, long[] targets) =>
        batches.Fill(step, ShapeOf(step), ids, targets);

    internal override float RateOf(int step) => Schedule.RateOf(step, Steps);

    internal override byte[] Graph(BatchShape shape) => TrainingGraph.Build(NanoModel.Architecture, shape);
}
