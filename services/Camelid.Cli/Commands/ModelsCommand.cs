using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Camelid.Client;
using Camelid.Client.Models;

namespace Camelid.Cli.Commands;

/// <summary><c>camelid models ls|show|import|publish|pull|pulls|announced|rm|train|samples</c>.</summary>
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
            JsonNode? known = await ModelsNetworkCommands.TryGetAsync(client, model.Camelid.ModelRoot, cancellation);
            if (parse.GetValue(Gateway.Json))
            {
                WriteJson(terminal, model, known);
            }
            else
            {
                WritePage(terminal, model, known);
            }
        });
        Command models = new("models", "Models.")
        {
            list, show, ModelsImportCommand.Build(terminal), ModelsTrainCommand.Build(terminal),
            ModelsSamplesCommand.Build(terminal),
        };
        foreach (Command command in ModelsNetworkCommands.Build(terminal))
        {
            models.Add(command);
        }

        return models;
    }

    private static void WriteJson(Terminal terminal, ModelDocument model, JsonNode? known)
    {
        JsonNode? document = JsonSerializer.SerializeToNode(model, OpenAiJson.Default.ModelDocument);
        if (document is JsonObject written && known is not null)
        {
            written["distribution"] = new JsonObject
            {
                ["isPublished"] = known["isPublished"]?.DeepClone(),
                ["settledJobs"] = known["settledJobs"]?.DeepClone(),
                ["lineage"] = known["lineage"]?.DeepClone(),
            };
        }

        terminal.WriteJson(document);
    }

    private static void Write(Terminal terminal, ModelListDocument models, bool json)
    {
        if (json)
        {
            terminal.WriteJson(JsonSerializer.SerializeToNode(models, OpenAiJson.Default.ModelListDocument)?["data"]);
            return;
        }

        terminal.WriteRows(
            ["MODEL", "ROOT", "CONTEXT", "PARAMETERS", "PRECISION", "MADE FROM"],
            [.. models.Data.Select(model => (IReadOnlyList<string>)[
                model.Id,
                model.Camelid.ModelRoot,
                model.Camelid.ContextTokensMax.ToString(CultureInfo.InvariantCulture),
                model.Camelid.ParameterCount.ToString(CultureInfo.InvariantCulture),
                model.Camelid.Precision,
                model.Camelid.ParentRoot ?? "-"])]);
    }

    private static void WritePage(Terminal terminal, ModelDocument model, JsonNode? known)
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
            ("made from", known is null ? facts.ParentRoot ?? "-" : ModelPages.Lineage(known)),
            ("published", known is null ? "-" : ModelPages.Flag(known["isPublished"]) ? "yes" : "no"),
            ("settled jobs", OperatorPages.Text(known?["settledJobs"])),
            ("created", DateTimeOffset.FromUnixTimeSeconds(model.Created)
                .ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)));
    }
}
