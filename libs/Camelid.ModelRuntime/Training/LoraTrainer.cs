using Camelid.ModelRuntime.Packages;

namespace Camelid.ModelRuntime.Training;

/// <summary>How a LoRA is trained.</summary>
public sealed record LoraTrainingOptions
{
    /// <summary>A <c>.jsonl</c> or text file: <see cref="TrainingExamples"/> says which lines it may hold.</summary>
    public required string DataFile { get; init; }

    /// <summary>Where the merged package is written.</summary>
    public required string OutputFolder { get; init; }

    /// <summary>Name of the new model.</summary>
    public required string Name { get; init; }

    /// <summary>Width between the two factors, 1 … 256.</summary>
    public int Rank { get; init; } = 8;

    /// <summary>The product of the factors counts alpha / rank times.</summary>
    public float Alpha { get; init; } = 16;

    /// <summary>True to adapt gate, up and down beside the projections of attention.</summary>
    public bool FeedForward { get; init; }

    /// <summary>Optimiser steps; over the second half the learning rate falls.</summary>
    public int Steps { get; init; } = 100;

    /// <summary>Token windows in a batch.</summary>
    public int Windows { get; init; } = 4;

    /// <summary>Tokens in a window; at most the model's context counts.</summary>
    public int WindowTokens { get; init; } = 256;

    /// <summary>The learning rate at its highest.</summary>
    public float Rate { get; init; } = 1e-3f;

    /// <summary>Seed of factors and order.</summary>
    public ulong Seed { get; init; } = 2026;

    /// <summary>Threads of one operator.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>Steps between two stored states; 0 stores the last one only.</summary>
    public int StateSteps { get; init; } = 50;

    /// <summary>Goes on from the last state in the folder, where there is one.</summary>
    public bool Resume { get; init; }

    /// <summary>Refuses what cannot be trained, before anything is written.</summary>
    /// <exception cref="ModelPackageException">Says what is wrong and what to do.</exception>
    internal void Check(ModelPackage package)
    {
        string fault = 0 switch
        {
            _ when package.Manifest.Precision != Precision.Single =>
                $"model {package.Name} is {package.Manifest.Precision}; a LoRA is trained over fp32 weights: "
                + "import the model with --precision fp32",
            _ when Rank is < 1 or > LoraShape.RankMax => $"the rank must be 1 to {LoraShape.RankMax}, not {Rank}",
            _ when !float.IsFinite(Alpha) || Alpha <= 0 => $"alpha must be above 0, not {Alpha}",
            _ when !float.IsFinite(Rate) || Rate <= 0 => $"the learning rate must be above 0, not {Rate}",
            _ when Steps is < 1 or > TrainingChain.StepsMax => $"there must be 1 to {TrainingChain.StepsMax} steps",
            _ when Windows is < 1 or > 1024 || WindowTokens is < 2 or > 1 << 16 =>
                "a batch has 1 to 1024 windows of 2 to 65536 tokens",
            _ when Path.GetFullPath(OutputFolder) == Path.GetFullPath(package.Folder) =>
                "the new model would overwrite the one it is made from: choose another --out",
            _ => "",
        };
        if (fault.Length > 0)
        {
            throw new ModelPackageException(fault);
        }
    }
}

/// <summary>
/// Trains low-rank adapters over a package's frozen weights, adds their products to the weights and writes the result
/// as a package of its own, whose manifest names the model that it was made from.
/// </summary>
/// <remarks>Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", 2021.</remarks>
public static class LoraTrainer
{
    /// <summary>What the description of such a training begins with.</summary>
    internal const string RecipeName = "lora";

    /// <summary>Trains and writes the merged package.</summary>
    /// <exception cref="ModelPackageException">The package or the data cannot be trained with.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the last stored state stays in the folder.</exception>
    public static Task TrainAsync(
        ModelPackage package, LoraTrainingOptions options, IProgress<TrainingProgress>? progress,
        CancellationToken cancellationToken) =>
        Task.Factory.StartNew(
            () => Train(package, options, progress, cancellationToken),
            cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static void Train(
        ModelPackage package, LoraTrainingOptions options, IProgress<TrainingProgress>? progress,
        CancellationToken cancellationToken)
    {
        LoraRecipe recipe = new(package, options);
        TrainingFolder folder = new(options.OutputFolder);
        TrainingRun run = new(recipe, folder) { StateSteps = options.StateSteps };
        TrainingState last = run.Run(options.Resume && folder.Exists, progress, cancellationToken);
        new MergedPackageWriter(package, recipe.Shape).Write(options, last.Weights, run.Chain);
    }
}
