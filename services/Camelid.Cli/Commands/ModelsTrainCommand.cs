using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Camelid.ModelRuntime.Training;

namespace Camelid.Cli.Commands;

/// <summary><c>camelid models train</c>.</summary>
internal static class ModelsTrainCommand
{
    private static readonly Argument<string> Recipe = new("RECIPE") { Description = "nano" };
    private static readonly Option<DirectoryInfo> Out = new("--out")
    {
        Description = "folder for the package", Required = true, HelpName = "DIR",
    };

    private static readonly Option<int?> Steps = new("--steps") { Description =
        "training steps (default: the recipe's)" };
    private static readonly Option<int> Threads = new("--threads")
    {
        Description = "threads; part of what makes a training reproducible", DefaultValueFactory = _ => 1,
    };

    public static Command Build(Terminal terminal)
    {
        Recipe.AcceptOnlyFromAmong("nano");
        Command train = new("train", "Train a model of this repository from its own generated text.")
        {
            Recipe, Out, Steps, Threads,
        };
        train.SetAction((parse, cancellation) => TrainAsync(terminal, parse, cancellation));
        return train;
    }

    private static async Task<int> TrainAsync(Terminal terminal, ParseResult parse, CancellationToken cancellationToken)
    {
        string folder = parse.GetRequiredValue(Out).FullName;
        NanoTrainingOptions recipe = new() { OutputFolder = folder, Threads = parse.GetValue(Threads) };
        NanoTrainingOptions options = parse.GetValue(Steps) is { } steps ? recipe with { Steps = steps } : recipe;
        long started = Stopwatch.GetTimestamp();
        LineProgress progress = new(terminal, started);
        await NanoTrainer.TrainAsync(options, progress, cancellationToken);
        await terminal.Out.WriteLineAsync(folder);
        return (int)ExitCode.Ok;
    }

    /// <summary>A line now and then; nothing moves the cursor.</summary>
    private sealed class LineProgress(Terminal terminal, long started) : IProgress<TrainingProgress>
    {
        private TimeSpan shown = TimeSpan.FromSeconds(-10);

        public void Report(TrainingProgress value)
        {
            TimeSpan elapsed = Stopwatch.GetElapsedTime(started);
            if (elapsed - shown < TimeSpan.FromSeconds(5))
            {
                return;
            }

            shown = elapsed;
            terminal.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{elapsed.TotalSeconds:F0} s: {value}"));
        }
    }
}
