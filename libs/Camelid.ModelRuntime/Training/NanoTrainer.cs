using System.Diagnostics;

namespace Camelid.ModelRuntime.Training;

/// <summary>How camelid-nano is trained.</summary>
public sealed record NanoTrainingOptions
{
    /// <summary>Seed of text, weights and order: same seed, threads and processor, same model.</summary>
    public ulong Seed { get; init; } = 2026;

    /// <summary>Optimiser steps; the last eighth sees windows of the whole context.</summary>
    public int Steps { get; init; } = 4000;

    /// <summary>Threads of one operator.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>Steps between two writings of the package; 0 writes it at the end only.</summary>
    public int CheckpointSteps { get; init; }

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
    private const int WarmUpSteps = 100, ReportSteps = 50;
    private const float RateMax = 4e-3f, RateMinShare = 0.05f;
    private static readonly BatchShape ShortBatch = new(8, 256), LongBatch = new(4, 512);

    /// <summary>Runs the whole training and writes the package into the output folder.</summary>
    /// <exception cref="OperationCanceledException">Cancelled; an earlier checkpoint stays in the folder.</exception>
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
        StoryGrammar grammar = StoryGrammar.Load();
        BytePairVocabulary vocabulary = LearnVocabulary(grammar, options.Seed);
        TrainingBatches batches = new(grammar, vocabulary, options.Seed + 1);
        float[] start = ParameterLayout.Initialise(NanoModel.Architecture, new SplitMix64(options.Seed + 2));
        using TrainingSession session = new(NanoModel.Architecture, start, options.Threads);
        NanoPackageWriter writer = new(options, vocabulary);
        long[] ids = new long[ShortBatch.Rows];
        long[] targets = new long[ShortBatch.Rows];
        double sum = 0;
        long since = Stopwatch.GetTimestamp();
        int reported = 0;
        for (int step = 1; step <= options.Steps; step++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            BatchShape shape = step > options.Steps - options.Steps / 8 ? LongBatch : ShortBatch;
            session.Reshape(shape);
            batches.Next(shape, ids, targets);
            sum += session.Step(ids, targets, Rate(step, options.Steps), step);
            if (step % ReportSteps == 0 || step == options.Steps)
            {
                int steps = step - reported;
                double rate = steps * (double)shape.Rows / Stopwatch.GetElapsedTime(since).TotalSeconds;
                TrainingProgress point = new(step, options.Steps, (float)(sum / steps), rate);
                writer.AddPoint(point);
                progress?.Report(point);
                (sum, since, reported) = (0, Stopwatch.GetTimestamp(), step);
            }

            if (step == options.Steps || (options.CheckpointSteps > 0 && step % options.CheckpointSteps == 0))
            {
                writer.Write(session.Weights);
            }
        }
    }

    private static float Rate(int step, int steps)
    {
        if (step < WarmUpSteps)
        {
            return RateMax * step / WarmUpSteps;
        }

        double done = (step - WarmUpSteps) / (double)Math.Max(1, steps - WarmUpSteps);
        return (float)(RateMax * (RateMinShare + (1 - RateMinShare) * 0.5 * (1 + Math.Cos(Math.PI * done))));
    }
}
