using System.Text.Json.Nodes;
using Camelid.ModelRuntime.Packages;

namespace Camelid.ModelRuntime.Training;

/// <summary>A training on disk that can be replayed: its recipe, its chain and its stored states.</summary>
public sealed class TrainingVerifier
{
    private readonly TrainingRecipe recipe;
    private readonly TrainingFolder folder;

    private TrainingVerifier(TrainingRecipe recipe, TrainingFolder folder)
    {
        (this.recipe, this.folder) = (recipe, folder);
        List<TrainingStep> chain = TrainingChain.Read(folder.ChainPath);
        (Steps, LastLink) = (chain.Count - 1, chain[^1].Link);
    }

    /// <summary>Steps in the chain.</summary>
    public int Steps { get; }

    /// <summary>The last link, 64 hexadecimal digits: it names the whole training.</summary>
    public string LastLink { get; }

    /// <summary>Opens the training of camelid-nano that a folder holds.</summary>
    /// <exception cref="ModelPackageException">There is none, or it is a LoRA's.</exception>
    public static TrainingVerifier OpenNano(string modelFolder)
    {
        TrainingFolder folder = new(modelFolder);
        (JsonObject description, int steps) = folder.ReadRecipe();
        if (Text(description, "recipe") != NanoModel.Name)
        {
            throw new ModelPackageException($"{modelFolder} holds a LoRA: give --model and --data as in its training");
        }

        return new TrainingVerifier(
            new NanoRecipe(new NanoTrainingOptions
            {
                OutputFolder = modelFolder, Steps = steps, Seed = Number<ulong>(description, "seed"),
                Threads = Number<int>(description, "threads"),
            }),
            folder);
    }

    /// <summary>Opens the training of a LoRA that a folder holds.</summary>
    /// <param name="modelFolder">Where it was trained.</param>
    /// <param name="package">The model that it was made from.</param>
    /// <param name="dataFile">What it learnt.</param>
    /// <exception cref="ModelPackageException">There is none, or the model or the data are others.</exception>
    public static TrainingVerifier OpenLora(string modelFolder, ModelPackage package, string dataFile)
    {
        TrainingFolder folder = new(modelFolder);
        (JsonObject description, int steps) = folder.ReadRecipe();
        if (Text(description, "recipe") != LoraTrainer.RecipeName)
        {
            throw new ModelPackageException($"{modelFolder} holds a training of camelid-nano: leave out --model");
        }

        if (Text(description, "model") != package.Root.ToString())
        {
            throw new ModelPackageException(
                $"{modelFolder} was made from model {Text(description, "model")}, not from {package.Root}");
        }

        LoraTrainingOptions options = new()
        {
            DataFile = dataFile, OutputFolder = modelFolder, Name = package.Name, Steps = steps,
            Rank = Number<int>(description, "rank"), Alpha = Number<float>(description, "alpha"),
            FeedForward = Number<bool>(description, "feedForward"), Windows = Number<int>(description, "windows"),
            WindowTokens = Number<int>(description, "windowTokens"), Rate = Number<float>(description, "rate"),
            Seed = Number<ulong>(description, "seed"), Threads = Number<int>(description, "threads"),
        };
        return new TrainingVerifier(new LoraRecipe(package, options), folder);
    }

    /// <summary>Checks every link of the chain, and recomputes one step.</summary>
    /// <param name="step">The step, 1 … <see cref="Steps"/>.</param>
    /// <param name="cancellationToken">Stops between two steps.</param>
    /// <returns>The first fault, or null where the training stands.</returns>
    public Task<TrainingFault?> CheckAsync(int step, CancellationToken cancellationToken) => Task.Factory.StartNew(
        () => TrainingReplay.Check(recipe, folder, step, cancellationToken),
        cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static string Text(JsonObject description, string field) =>
        description[field] is JsonValue value && value.TryGetValue(out string? text) ? text : "";

    private static T Number<T>(JsonObject description, string field) =>
        description[field] is JsonValue value && value.TryGetValue(out T? number)
            ? number
            : throw new ModelPackageException($"the recipe has no {field}");
}
