using System.Globalization;
using System.Text.Json.Nodes;

namespace Camelid.Cli.Commands;

/// <summary>Documents of models and downloads for people.</summary>
internal static class ModelPages
{
    private const double Megabyte = 1e6;

    /// <summary>A model of this node, and what others may have of it.</summary>
    public static void Published(Terminal terminal, JsonNode? model) => terminal.WritePage(
        ("model", OperatorPages.Text(model?["name"])),
        ("root", OperatorPages.Text(model?["root"])),
        ("size", Megabytes(model?["bytesCount"])),
        ("published", Flag(model?["isPublished"]) ? "yes: other nodes are told and may have it" : "no"),
        ("settled jobs", OperatorPages.Text(model?["settledJobs"])),
        ("versions before", Lineage(model)));

    /// <summary>Models that other nodes have.</summary>
    public static void Announced(Terminal terminal, JsonNode? models) => terminal.WriteRows(
        ["MODEL", "ROOT", "SIZE", "NODES", "SETTLED JOBS", "HERE", "MADE FROM"],
        [.. (models as JsonArray ?? []).Select(model => (IReadOnlyList<string>)[
            OperatorPages.Text(model?["name"]), OperatorPages.Text(model?["root"]), Megabytes(model?["bytesCount"]),
            OperatorPages.Text(model?["holdersCount"]), OperatorPages.Text(model?["settledJobs"]),
            Flag(model?["isLocal"]) ? "yes" : "no", OperatorPages.Text(model?["parentRoot"])])]);

    /// <summary>Downloads.</summary>
    public static void Pulls(Terminal terminal, JsonNode? pulls) => terminal.WriteRows(
        ["MODEL", "ROOT", "STATE", "HAVE", "OF", "NODES", "WHY"],
        [.. (pulls as JsonArray ?? []).Select(pull => (IReadOnlyList<string>)[
            OperatorPages.Text(pull?["name"]), OperatorPages.Text(pull?["root"]), OperatorPages.Text(pull?["state"]),
            Megabytes(pull?["bytesHave"]), Megabytes(pull?["bytesCount"]),
            Holders(pull).Count(holder => Flag(holder?["isConnected"])).ToString(CultureInfo.InvariantCulture),
            OperatorPages.Text(pull?["message"])])]);

    /// <summary>One download: what came from whom, and who did wrong.</summary>
    public static void Pull(Terminal terminal, JsonNode? pull)
    {
        terminal.WritePage(
            ("model", OperatorPages.Text(pull?["name"])),
            ("root", OperatorPages.Text(pull?["root"])),
            ("state", OperatorPages.Text(pull?["state"])),
            ("size", Megabytes(pull?["bytesCount"])),
            ("time", Seconds(pull)));
        foreach (JsonNode? holder in Holders(pull))
        {
            string fault = OperatorPages.Text(holder?["fault"]);
            terminal.Out.WriteLine($"  {OperatorPages.Text(holder?["address"])}: "
                + $"{OperatorPages.Text(holder?["chunks"])} chunks, {Megabytes(holder?["bytes"])}"
                + (fault == "none" ? "" : $", {fault}")
                + (Flag(holder?["isDropped"]) ? $" (node {OperatorPages.Text(holder?["nodeId"])})" : ""));
        }
    }

    /// <summary>The versions that a model comes from.</summary>
    public static string Lineage(JsonNode? model) => model?["lineage"] is JsonArray { Count: > 0 } versions
        ? string.Join(" ← ", versions.Select(version => OperatorPages.Text(version)))
        : "-";

    /// <summary>The holders of a download.</summary>
    public static JsonArray Holders(JsonNode? pull) => pull?["holders"] as JsonArray ?? [];

    /// <summary>True for a flag that is set.</summary>
    public static bool Flag(JsonNode? node) => node?.ToString() is "true";

    private static string Megabytes(JsonNode? bytes) => bytes is null ? "-"
        : string.Create(CultureInfo.InvariantCulture, $"{OperatorPages.Number(bytes) / Megabyte:F1} MB");

    private static string Seconds(JsonNode? pull)
    {
        long ended = OperatorPages.Number(pull?["endedUnixMs"]);
        double seconds = (ended - OperatorPages.Number(pull?["requestedUnixMs"])) / 1e3;
        return ended == 0 ? "-" : string.Create(CultureInfo.InvariantCulture, $"{seconds:F1} s");
    }
}
