using System.Text.Json;
using System.Text.Json.Nodes;
using Camelid.ModelRuntime.Graphs;
using Camelid.ModelRuntime.Onnx;
using Camelid.ModelRuntime.Packages;
using Camelid.ModelRuntime.Tokenization;
using Camelid.Protocol;

namespace Camelid.ModelRuntime.Training;

/// <summary>How a LoRA is trained over a package's frozen weights.</summary>
internal sealed class LoraRecipe : TrainingRecipe
{
    private const int WarmUpStepsMax = 20;
    private readonly ModelPackage package;
    private readonly LoraTrainingOptions options;
    private readonly IReadOnlyList<TrainingExample> examples;
    private readonly IReadOnlyDictionary<string, ExternalTensor> frozen;
    private readonly TrainingSchedule schedule;
    private readonly BatchShape batch;
    private readonly Hash256 data;

    /// <exception cref="ModelPackageException">The package is not fp32, or the data cannot be read.</exception>
    internal LoraRecipe(ModelPackage package, LoraTrainingOptions options)
    {
        options.Check(package);
        (this.package, this.options) = (package, options);
        using (ModelTokenizer tokenizer = ModelTokenizer.Open(package))
        {
            examples = new TrainingExamples(tokenizer, package.Manifest).Read(options.DataFile);
        }

        data = Hashes.Sha256(File.ReadAllBytes(options.DataFile));
        frozen = PackageWeights.Read(package);
        schedule = new TrainingSchedule(options.Rate, Math.Min(WarmUpStepsMax, options.Steps / 10), 0.5);
        batch = new BatchShape(options.Windows, Math.Min(options.WindowTokens, package.Manifest.ContextTokensMax));
        Shape = new LoraShape(options.Rank, options.Alpha, options.FeedForward);
    }

    /// <summary>Rank, alpha and targets.</summary>
    internal LoraShape Shape { get; }

    internal override int Steps => options.Steps;

    internal override int Threads => options.Threads;

    internal override int RowsMax => batch.Rows;

    internal override string? FrozenFolder => package.Folder;

    internal override string Description => JsonSerializer.Serialize(
        new JsonObject
        {
            ["recipe"] = LoraTrainer.RecipeName,
            ["model"] = package.Root.ToString(),
            ["data"] = data.ToString(),
            ["rank"] = options.Rank,
            ["alpha"] = options.Alpha,
            ["feedForward"] = options.FeedForward,
            ["windows"] = batch.Windows,
            ["windowTokens"] = batch.Tokens,
            ["rate"] = options.Rate,
            ["seed"] = options.Seed,
            ["threads"] = options.Threads,
        },
        BytePairVocabulary.JsonOptions);

    internal override float[] StartWeights() =>
        LoraLayout.Initialise(package.Manifest.Architecture, Shape, new SplitMix64(options.Seed + 1));

    internal override BatchShape ShapeOf(int step) => batch;

    internal override float RateOf(int step) => schedule.RateOf(step, Steps);

    internal override byte[] Graph(BatchShape shape) =>
        TrainingGraph.BuildLora(package.Manifest.Architecture, shape, Shape, frozen);

    /// <summary>Each window begins with an example and is filled up with others.</summary>
    internal override void FillBatch(int step, long[] ids, long[] targets)
    {
        SplitMix64 random = new(new SplitMix64(options.Seed + ((ulong)step << 32)).Next());
        for (int window = 0; window < batch.Windows; window++)
        {
            int row = window * batch.Tokens, filled = 0;
            while (filled < batch.Tokens)
            {
                TrainingExample example = examples[random.Below(examples.Count)];
                int count = Math.Min(example.Tokens.Length, batch.Tokens - filled);
                for (int i = 0; i < count; i++)
                {
                    bool counts = i + 1 < example.Tokens.Length && i + 1 >= example.CountedFrom;
                    ids[row + filled + i] = example.Tokens[i];
                    targets[row + filled + i] = counts ? example.Tokens[i + 1] : TrainingGraph.NoTarget;
                }

                filled += count;
            }
        }
    }
}
