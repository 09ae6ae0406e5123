using System.CommandLine;
using System.Text.Json.Nodes;
using Camelid.ModelRuntime.Packages;
using Camelid.ModelRuntime.Training;

namespace Camelid.Cli.Commands;

/// <summary><c>camelid models train nano|lora|verify</c>.</summary>
internal static class ModelsTrainCommand
{
    private static readonly Option<DirectoryInfo> Out = new("--out")
    {
        Description = "folder for the package, its chain and its stored states", Required = true, HelpName = "DIR",
    };

    private static readonly Option<int?> Steps = new("--steps")
    {
        Description = "training steps (default: the recipe's)",
    };

    private static readonly Option<int> Threads = new("--threads")
    {
        Description = "threads; part of what makes a training reproducible", DefaultValueFactory = _ => 1,
    };

    private static readonly Option<bool> Resume = new("--resume")
    {
        Description = "go on from the last state in the folder, where there is one",
    };

    public static Command Build(Terminal terminal)
    {
        Command nano = new("nano", "Train camelid-nano from nothing but this repository.")
        {
            Out, Steps, Threads, Resume,
        };
        nano.SetAction((parse, cancellation) => TrainNanoAsync(terminal, parse, cancellation));
        return new Command("train", "Train a model; every step can be checked afterwards.")
        {
            nano, ModelsTrainLora.Build(terminal), ModelsTrainVerify.Build(terminal),
        };
    }

    /// <summary>Runs a training, shows where it stands, and says what came out.</summary>
    internal static async Task<int> RunAsync(
        Terminal terminal, ParseResult parse, string folder, Func<IProgress<TrainingProgress>, Task> train)
    {
        ModelRuntime.Graphs.NativeEnvironment.Prepare();
        TrainingProgressLine progress = new(terminal, parse.GetValue(Gateway.Json), TimeProvider.System);
        try
        {
            await train(progress);
        }
        catch (ModelPackageException fault)
        {
            throw new CommandFailure(ExitCode.Usage, fault.Message);
        }
        finally
        {
            progress.End();
        }

        if (parse.GetValue(Gateway.Json))
        {
            terminal.WriteJson(new JsonObject { ["folder"] = folder, ["loss"] = progress.Last.Loss });
        }
        else
        {
            await terminal.Out.WriteLineAsync(folder);
        }

        return (int)ExitCode.Ok;
    }

    private static Task<int> TrainNanoAsync(Terminal terminal, ParseResult parse, CancellationToken cancellationToken)
    {
        string folder = parse.GetRequiredValue(Out).FullName;
        NanoTrainingOptions recipe = new()
        {
            OutputFolder = folder, Threads = parse.GetValue(Threads), Resume = parse.GetValue(Resume),
        };
        NanoTrainingOptions options = parse.GetValue(Steps) is { } steps ? recipe with { Steps = steps } : recipe;
        if (options.Steps < 1 || options.Threads < 1)
        {
            throw new CommandFailure(ExitCode.Usage, "--steps and --threads must be at least 1");
        }

        return RunAsync(
            terminal, parse, folder, progress => NanoTrainer.TrainAsync(options, progress, cancellationToken));
    }
}
