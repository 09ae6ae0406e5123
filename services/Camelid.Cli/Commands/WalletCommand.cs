using System.CommandLine;
using System.Text.Json.Nodes;

namespace Camelid.Cli.Commands;

/// <summary><c>camelid wallet balance|address</c>: the operator's coins, by role.</summary>
internal static class WalletCommand
{
    private const string Path = "/api/wallet";

    private static readonly Argument<string> Role = new("ROLE")
    {
        Description = "client, worker, verifier, node or miner",
        DefaultValueFactory = _ => "client",
    };

    public static Command Build(Terminal terminal)
    {
        Role.AcceptOnlyFromAmong("client", "worker", "verifier", "node", "miner");
        Command balance = new("balance", "Coins of each role (with --json in grains).");
        balance.SetAction((parse, cancellation) =>
            OperatorDocument.ShowAsync(terminal, parse, Path, OperatorPages.Wallet, cancellation));
        Command address = new("address", "The address of a role.") { Role };
        address.SetAction(async (parse, cancellation) =>
        {
            string role = parse.GetRequiredValue(Role);
            JsonNode? wallet = await OperatorDocument.GetAsync(parse, Path, cancellation);
            string? found = wallet?["roles"]?.AsArray()
                .FirstOrDefault(entry => (string?)entry?["role"] == role)?["address"]?.GetValue<string>();
            if (found is null)
            {
                throw new CommandFailure(ExitCode.NotFound, $"the wallet has no address of the role '{role}'");
            }

            if (parse.GetValue(Gateway.Json))
            {
                terminal.WriteJson(new JsonObject { ["role"] = role, ["address"] = found });
            }
            else
            {
                await terminal.Out.WriteLineAsync(found);
            }
        });
        return new Command("wallet", "The operator's coins.") { balance, address };
    }
}
