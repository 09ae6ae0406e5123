using System.CommandLine;
using System.Text.Json.Nodes;
using Camelid.Client;
using Camelid.Client.Operator;

namespace Camelid.Cli.Commands;

/// <summary>
/// <c>camelid node status</c>: can a completion be served, and if not, what is missing; and the node's peers.
/// </summary>
internal static class NodeCommand
{
    public static Command Build(Terminal terminal)
    {
        Command status = new("status", "Whether a completion can be served now; exit code 1 where not.");
        status.SetAction(async (parse, cancellation) =>
        {
            using CamelidClient client = Gateway.Open(parse);
            HealthDocument health = await client.GetHealthAsync(cancellation);
            if (parse.GetValue(Gateway.Json))
            {
                terminal.WriteJson(new JsonObject
                {
                    ["ready"] = health.IsReady,
                    ["missing"] = new JsonArray([.. health.Missing.Select(line => JsonValue.Create(line))]),
                });
            }
            else
            {
                await terminal.Out.WriteLineAsync(health.IsReady ? "ready" : "not ready");
                foreach (string line in health.Missing)
                {
                    await terminal.Out.WriteLineAsync($"  {line}");
                }
            }

            return (int)(health.IsReady ? ExitCode.Ok : ExitCode.Failure);
        });
        Command node = new("node", "The node.") { status };
        foreach (Command command in NodePeersCommand.Build(terminal))
        {
            node.Add(command);
        }

        return node;
    }
}
