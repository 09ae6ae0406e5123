using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Camelid.Client;

namespace Camelid.Cli.Commands;

/// <summary><c>camelid node peers|connect|disconnect|banned|ban|unban</c>: the nodes that this one talks to.</summary>
internal static class NodePeersCommand
{
    private const string Route = "/api/chain/peers";

    private static readonly Argument<string> Address = new("HOST:PORT")
    {
        Description = "where the node listens for peers",
    };

    private static readonly Argument<string> Peer = new("PEER")
    {
        Description = "number of a connection, or HOST:PORT",
    };

    private static readonly Argument<string> Host = new("HOST") { Description = "an IP address" };

    private static readonly Option<int> Hours = new("--hours")
    {
        Description = "how long, 1 to 8760 (default 24)", DefaultValueFactory = _ => 24,
    };

    public static IEnumerable<Command> Build(Terminal terminal)
    {
        Command peers = new("peers", "The nodes that this one is connected to.");
        peers.SetAction((parse, cancellation) =>
            OperatorDocument.ShowAsync(terminal, parse, Route, Page, cancellation));
        yield return peers;
        yield return Act(terminal, "connect", "Connect to a node, and again whenever the connection ends.", Address,
            parse => $"/connect?address={Word(parse, Address)}");
        yield return Act(terminal, "disconnect", "End a connection, and do not open it again.", Peer,
            parse => $"/disconnect?peer={Word(parse, Peer)}");
        Command banned = new("banned", "Hosts that are not spoken to.");
        banned.SetAction((parse, cancellation) =>
            OperatorDocument.ShowAsync(terminal, parse, Route + "/banned", BannedPage, cancellation));
        yield return banned;
        Command ban = Act(terminal, "ban", "Speak to a host no more.", Host,
            parse => $"/ban?host={Word(parse, Host)}&hours={parse.GetValue(Hours)}");
        ban.Add(Hours);
        yield return ban;
        yield return Act(terminal, "unban", "Speak to a host again.", Host,
            parse => $"/unban?host={Word(parse, Host)}");
    }

    /// <summary>One line for each connection.</summary>
    internal static void Page(Terminal terminal, JsonNode? document)
    {
        JsonArray peers = document?["peers"] as JsonArray ?? [];
        terminal.WriteRows(
            ["PEER", "KIND", "ADDRESS", "LINK", "HEIGHT", "PING", "AGE", "IN", "OUT", "SCORE", "NODE"],
            [.. peers.Select(peer => (IReadOnlyList<string>)[
                Text(peer?["number"]),
                peer?["ready"]?.GetValue<bool>() == true ? Text(peer["kind"]) : $"{Text(peer?["kind"])}…",
                Text(peer?["address"]),
                peer?["isEncrypted"]?.GetValue<bool>() == true ? "encrypted" : "plain",
                Text(peer?["height"]),
                $"{Text(peer?["pingMilliseconds"])} ms",
                $"{Text(peer?["ageSeconds"])} s",
                Bytes(peer?["receivedBytes"]),
                Bytes(peer?["sentBytes"]),
                Text(peer?["score"]),
                Text(peer?["nodeId"])])]);
        terminal.Out.WriteLine();
        JsonArray listening = document?["listening"] as JsonArray ?? [];
        terminal.Out.WriteLine(listening.Count == 0
            ? $"this is node {Text(document?["nodeId"])}; it takes no connections"
            : $"this is node {Text(document?["nodeId"])}, listening on {string.Join(", ", listening.Select(Text))}");
    }

    private static void BannedPage(Terminal terminal, JsonNode? document) => terminal.WriteRows(
        ["HOST", "LEFT", "BY"],
        [.. (document as JsonArray ?? []).Select(host => (IReadOnlyList<string>)[
            Text(host?["host"]),
            $"{Text(host?["leftSeconds"])} s",
            host?["byOperator"]?.GetValue<bool>() == true ? "operator" : "conduct"])]);

    private static Command Act(
        Terminal terminal, string name, string description, Argument argument, Func<ParseResult, string> path)
    {
        Command command = new(name, description) { argument };
        command.SetAction(async (parse, cancellation) =>
        {
            using CamelidClient client = Gateway.Open(parse);
            JsonNode? done = JsonNode.Parse(
                (await client.PostOperatorAsync(Route + path(parse), cancellation)).GetRawText());
            if (parse.GetValue(Gateway.Json))
            {
                terminal.WriteJson(done);
            }
            else
            {
                await terminal.Out.WriteLineAsync(Text(done?["done"]));
            }
        });
        return command;
    }

    private static string Word(ParseResult parse, Argument<string> argument) =>
        Uri.EscapeDataString(parse.GetRequiredValue(argument));

    private static string Text(JsonNode? node) => node?.ToString() ?? "-";

    private static string Bytes(JsonNode? node) =>
        long.TryParse(node?.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out long bytes)
            ? bytes switch
            {
                < 10_000 => FormattableString.Invariant($"{bytes} B"),
                < 10_000_000 => FormattableString.Invariant($"{bytes / 1_000} kB"),
                _ => FormattableString.Invariant($"{bytes / 1_000_000} MB"),
            }
            : "-";
}
