namespace Camelid.ModelRuntime.Training;

/// <summary>How camelid-nano is trained.</summary>
public sealed record NanoTrainingOptions
{
    /// <summary>Seed of text, weights and order: same seed, threads and processor, same model.</summary>
    public ulong Seed { get; init; } = 2026;

    /// <summary>Optimiser steps; over the last fifth the learning rate falls.</summary>
    public int Steps { get; init; } = 9000;

    /// <summary>Threads of one operator.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>Steps between two stored states, each with a whole package; 0 stores the last one only.</summary>
    public int StateSteps { get; init; } = 250;

    /// <summary>Goes on from the last state in the folder, where there is one.</summary>
    public bool Resume { get; init; }

    /// <summary>Where the package is written.</summary>
    public required string OutputFolder { get; init; }
}

/// <summary>Where training stands.</summary>
/// <param name="Step">Steps taken.</param>
/// <param name="Steps">Steps in all.</param>
/// <param name="Loss">Mean loss since the last report, in nats per token.</param>
/// <param name="TokensPerSecond">Tokens learnt a second since the last report.</param>
public readonly record struct TrainingProgress(int Step, int Steps, float Loss, double TokensPerSecond);

/// <summary>
/// Trains camelid-nano from nothing but this repository: the story grammar writes text, byte pairs are learnt from
/// it, a Llama model is trained by an explicit gradient graph, and the result is written as a model package.
/// </summary>
public static class NanoTrainer
{
    /// <summary>Runs the whole training and writes the package into the output folder.</summary>
    /// <exception cref="OperationCanceledException">Cancelled; the last stored state stays in the folder.</exception>
    public static Task TrainAsync(
        NanoTrainingOptions options, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken) =>
        Task.Factory.StartNew(
            () => Train(options, progress, cancellationToken),
            cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>The byte pairs of camelid-nano for a seed.</summary>
    internal static BytePairVocabulary LearnVocabulary(StoryGrammar grammar, ulong seed)
    {
        SplitMix64 random = new(seed);
        IEnumerable<string> texts = Enumerable.Range(0, NanoModel.VocabularyDocuments)
            .Select(_ => grammar.Next(random))
            .SelectMany(document => document.Turns.Select(turn => turn.Content).Append(document.Text));
        return BytePairTrainer.Train(texts, NanoModel.SpecialTokens, NanoModel.Architecture.VocabularySize);
    }

    private static void Train(
        NanoTrainingOptions options, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Steps, 1);
        NanoRecipe recipe = new(options);
        TrainingFolder folder = new(options.OutputFolder);
        NanoPackageWriter writer = new(options, recipe.Vocabulary);
        TrainingRun? run = null;
        run = new TrainingRun(recipe, folder)
        {
            StateSteps = options.StateSteps,
            Stored = state => writer.Write(state.Weights, run!.Chain),
        };
        run.Run(options.Resume && folder.Exists, progress, cancellationToken);
    }
}
