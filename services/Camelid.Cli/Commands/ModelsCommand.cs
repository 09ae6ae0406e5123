using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Camelid.Client;
using Camelid.Client.Models;

namespace Camelid.Cli.Commands;

/// <summary><c>camelid models ls|show|import|train|samples</c>.</summary>
internal static class ModelsCommand
{
    private static readonly Argument<string> Model = new("MODEL") { Description = "name or root" };

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
        return new Command("models", "Models.")
        {
            list, show, ModelsImportCommand.Build(terminal), ModelsTrainCommand.Build(terminal),
            ModelsSamplesCommand.Build(terminal),
        };
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
}
