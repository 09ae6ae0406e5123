using System.CommandLine;
using Camelid.ModelRuntime.Packages;
using Camelid.ModelRuntime.Training;

namespace Camelid.Cli.Commands;

/// <summary><c>camelid models train lora</c>.</summary>
internal static class ModelsTrainLora
{
    private static readonly Option<DirectoryInfo> Out = new("--out")
    {
        Description = "folder for the new package, its chain and its stored states", Required = true,
        HelpName = "DIR",
    };

    private static readonly Option<string> Model = new("--model")
    {
        Description = "package folder or name of the model to adapt, in fp32", Required = true,
    };

    private static readonly Option<FileInfo> Data = new("--data")
    {
        Description = ".jsonl with text, prompt and completion, or messages; or a .txt with empty lines between texts",
        Required = true, HelpName = "FILE",
    };

    private static readonly Option<string?> Name = new("--name")
    {
        Description = "name of the new model (default: the model's, with -lora)",
    };

    private static readonly Option<int> Rank = new("--rank")
    {
        Description = "width between the two factors", DefaultValueFactory = _ => 8,
    };

    private static readonly Option<float?> Alpha = new("--alpha")
    {
        Description = "the adapter counts alpha / rank times (default: twice the rank)",
    };

    private static readonly Option<bool> FeedForward = new("--mlp")
    {
        Description = "adapt gate, up and down too",
    };

    private static readonly Option<int> Steps = new("--steps")
    {
        Description = "training steps", DefaultValueFactory = _ => 100,
    };

    private static readonly Option<int> Windows = new("--windows")
    {
        Description = "token windows in a batch", DefaultValueFactory = _ => 4,
    };

    private static readonly Option<int> WindowTokens = new("--window-tokens")
    {
        Description = "tokens in a window", DefaultValueFactory = _ => 256,
    };

    private static readonly Option<float> Rate = new("--rate")
    {
        Description = "highest learning rate", DefaultValueFactory = _ => 1e-3f,
    };

    private static readonly Option<ulong> Seed = new("--seed")
    {
        Description = "seed of factors and order", DefaultValueFactory = _ => 2026,
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
        Command lora = new("lora", "Adapt a model to examples; the result is a model of its own.")
        {
            Model, Data, Out, Name, Rank, Alpha, FeedForward, Steps, Windows, WindowTokens, Rate, Seed, Threads, Resume,
        };
        lora.SetAction(async (parse, cancellation) =>
        {
            ModelPackage package = await ModelFolder.OpenAsync(parse, parse.GetRequiredValue(Model), cancellation);
            LoraTrainingOptions options = Options(parse, package);
            return await ModelsTrainCommand.RunAsync(
                terminal, parse, options.OutputFolder,
                progress => LoraTrainer.TrainAsync(package, options, progress, cancellation));
        });
        return lora;
    }

    private static LoraTrainingOptions Options(ParseResult parse, ModelPackage package) => new()
    {
        DataFile = parse.GetRequiredValue(Data).FullName,
        OutputFolder = parse.GetRequiredValue(Out).FullName,
        Name = parse.GetValue(Name) ?? package.Name + "-lora",
        Rank = parse.GetValue(Rank),
        Alpha = parse.GetValue(Alpha) ?? 2 * parse.GetValue(Rank),
        FeedForward = parse.GetValue(FeedForward),
        Steps = parse.GetValue(Steps),
        Windows = parse.GetValue(Windows),
        WindowTokens = parse.GetValue(WindowTokens),
        Rate = parse.GetValue(Rate),
        Seed = parse.GetValue(Seed),
        Threads = Math.Max(1, parse.GetValue(Threads)),
        Resume = parse.GetValue(Resume),
    };
}
