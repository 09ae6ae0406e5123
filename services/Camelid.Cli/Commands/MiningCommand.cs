using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Camelid.Client;

namespace Camelid.Cli.Commands;

/// <summary><c>camelid chain mining start|stop|status</c>: the miner of networks whose blocks cost work.</summary>
internal static class MiningCommand
{
    private const string Route = "/api/chain/mining";

    private static readonly Option<int> Threads = new("--threads")
    {
        Description = "threads that mine, 1 to 256", DefaultValueFactory = _ => 1, HelpName = "N",
    };

    public static Command Build(Terminal terminal)
    {
        Command start = new("start", "Start mining, or go on with another number of threads.") { Threads };
        start.SetAction((parse, cancellation) => PostAsync(
            terminal,
            parse,
            string.Create(CultureInfo.InvariantCulture, $"{Route}/start?threads={parse.GetValue(Threads)}"),
            cancellation));
        Command stop = new("stop", "Stop mining.");
        stop.SetAction((parse, cancellation) => PostAsync(terminal, parse, $"{Route}/stop", cancellation));
        Command status = new("status", "Threads, hash rate, blocks found.");
        status.SetAction((parse, cancellation) =>
            OperatorDocument.ShowAsync(terminal, parse, Route, WritePage, cancellation));
        return new Command("mining", "Mine blocks by proof of work (main and test).") { start, stop, status };
    }

    /// <summary>The status for people.</summary>
    internal static void WritePage(Terminal terminal, JsonNode? status)
    {
        bool isMining = status?["isMining"]?.GetValue<bool>() == true;
        terminal.WritePage(
            ("mining", isMining ? $"height {status!["height"]}" : "no"),
            ("threads", Text(status?["threads"])),
            ("hashing by", isMining ? Text(status?["path"]) : "-"),
            ("hash rate", RateOf(status?["hashesPerSecond"]?.GetValue<double>() ?? 0)),
            ("hashes", Text(status?["hashes"])),
            ("blocks found", Text(status?["blocksFound"])),
            ("blocks too late", Text(status?["blocksStale"])),
            ("blocks refused", Text(status?["blocksRefused"])));
    }

    /// <summary>A hash rate with three or four digits and its unit.</summary>
    internal static string RateOf(double perSecond)
    {
        string[] units = ["H/s", "kH/s", "MH/s", "GH/s", "TH/s"];
        int unit = 0;
        while (perSecond >= 1000 && unit < units.Length - 1)
        {
            perSecond /= 1000;
            unit++;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{perSecond:0.0} {units[unit]}");
    }

    private static async Task<int> PostAsync(
        Terminal terminal, ParseResult parse, string path, CancellationToken cancellationToken)
    {
        using CamelidClient client = Gateway.Open(parse);
        JsonNode? status = JsonNode.Parse((await client.PostOperatorAsync(path, cancellationToken)).GetRawText());
        if (parse.GetValue(Gateway.Json))
        {
            terminal.WriteJson(status);
        }
        else
        {
            WritePage(terminal, status);
        }

        return (int)ExitCode.Ok;
    }

    private static string Text(JsonNode? node) => node?.ToString() ?? "-";
}
