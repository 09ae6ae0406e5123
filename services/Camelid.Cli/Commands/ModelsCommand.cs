using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Camelid.Client;
using Camelid.Client.Models;
using Camelid.ModelRuntime.Training;

namespace Camelid.Cli.Commands;

/// <summary><c>camelid models ls|show|import|train</c>.</summary>
internal static class ModelsCommand
{
    private static readonly Argument<string> Model = new("MODEL") { Description = "name or root" };
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
        Command list = new("ls", "Models that the gateway serves.");
        list.SetAction(async (parse, cancellation) =>
        {
            using CamelidClient client = Gateway.Open(parse);
            Write(terminal, await client.ListModelsAsync(cancellation), parse.GetValue(Gateway.Json));
        });
        Command show = new("show", "One model.") { Model };
        show.SetAction(async (parse, cancellation) =>
        {
            using CamelidClient client = Gateway.Open(parse);
            ModelDocument model = await client.GetModelAsync(parse.GetRequiredValue(Model), cancellation);
            if (parse.GetValue(Gateway.Json))
            {
                terminal.WriteJson(JsonSerializer.SerializeToNode(model, OpenAiJson.Default.ModelDocument));
            }
            else
            {
                WritePage(terminal, model);
            }
        });
        Recipe.AcceptOnlyFromAmong("nano");
        Command train = new("train", "Train a model of this repository from its own generated text.")
        {
            Recipe, Out, Steps, Threads,
        };
        train.SetAction((parse, cancellation) => TrainAsync(terminal, parse, cancellation));
        return new Command("models", "Models.") { list, show, ModelsImportCommand.Build(terminal), train };
    }

    private static void Write(Terminal terminal, ModelListDocument models, bool json)
    {
        if (json)
        {
            terminal.WriteJson(JsonSerializer.SerializeToNode(models, OpenAiJson.Default.ModelListDocument)?["data"]);
            return;
        }

        terminal.WriteRows(
            ["MODEL", "ROOT", "CONTEXT", "PARAMETERS", "PRECISION"],
            [.. models.Data.Select(model => (IReadOnlyList<string>)[
                model.Id,
                model.Camelid.ModelRoot,
                model.Camelid.ContextTokensMax.ToString(CultureInfo.InvariantCulture),
                model.Camelid.ParameterCount.ToString(CultureInfo.InvariantCulture),
                model.Camelid.Precision])]);
    }

    private static void WritePage(Terminal terminal, ModelDocument model)
    {
        ModelFacts facts = model.Camelid;
        terminal.WritePage(
            ("model", model.Id),
            ("root", facts.ModelRoot),
            ("architecture", string.Create(CultureInfo.InvariantCulture,
                $"{facts.Architecture}, {facts.ParameterCount:N0} parameters, {facts.Precision}")),
            ("vocabulary", string.Create(CultureInfo.InvariantCulture, $"{facts.VocabularySize:N0} tokens")),
            ("context", string.Create(CultureInfo.InvariantCulture, $"{facts.ContextTokensMax:N0} tokens")),
            ("size", string.Create(CultureInfo.InvariantCulture, $"{facts.BytesCount:N0} bytes")),
            ("chat", facts.Chat ? "yes" : "no"),
            ("licence", facts.Licence),
            ("made from", facts.ParentRoot ?? "-"),
            ("created", DateTimeOffset.FromUnixTimeSeconds(model.Created)
                .ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)));
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
