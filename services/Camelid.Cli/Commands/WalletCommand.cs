using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;

namespace Camelid.Cli.Commands;

/// <summary>
/// <c>camelid wallet create|restore|status|address|balance|history</c>, and what <see cref="WalletSendCommand"/>,
/// <see cref="WalletKeysCommand"/> and <see cref="WalletBookCommand"/> add.
/// </summary>
internal static class WalletCommand
{
    private const string Route = "/api/wallet";

    private static readonly Argument<string?> Role = new("ROLE")
    {
        Description = "client, worker, verifier, node or miner: its fixed address (default: the next one for payers)",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static readonly Option<bool> Fresh = new("--new")
    {
        Description = "one that was never handed out before",
    };

    private static readonly Option<bool> Roles = new("--roles")
    {
        Description = "the coins of each role's fixed key, and what is bound where",
    };

    private static readonly Option<int> Limit = new("--limit")
    {
        Description = "transactions, 1 to 200", DefaultValueFactory = _ => 50, HelpName = "N",
    };

    private static readonly Option<bool> Watched = new("--watched")
    {
        Description = "of the watched addresses, in place of the wallet's",
    };

    private static readonly Option<string?> Cursor = new("--cursor")
    {
        Description = "where an earlier answer ended", HelpName = "TEXT",
    };

    public static Command Build(Terminal terminal)
    {
        Role.AcceptOnlyFromAmong("client", "worker", "verifier", "node", "miner");
        Command status = new("status", "Whether there is a wallet, and whether it can sign.");
        status.SetAction((parse, cancellation) =>
            OperatorDocument.ShowAsync(terminal, parse, Route + "/status", WalletPages.Status, cancellation));
        Command balance = new("balance", "The coins (with --json in grains).") { Roles };
        balance.SetAction((parse, cancellation) => parse.GetValue(Roles)
            ? OperatorDocument.ShowAsync(terminal, parse, Route, OperatorPages.Wallet, cancellation)
            : OperatorDocument.ShowAsync(terminal, parse, Route + "/balance", WalletPages.Balance, cancellation));
        Command history = new("history", "What came and went, the latest first.") { Limit, Cursor, Watched };
        history.SetAction((parse, cancellation) => OperatorDocument.ShowAsync(
            terminal,
            parse,
            string.Create(CultureInfo.InvariantCulture, $"{Route}/history?limit={parse.GetValue(Limit)}")
            + $"&watched={(parse.GetValue(Watched) ? "true" : "false")}"
            + $"&cursor={Uri.EscapeDataString(parse.GetValue(Cursor) ?? "")}",
            WalletPages.History,
            cancellation));
        Command wallet = new("wallet", "The operator's keys and coins.")
        {
            Create(terminal), Restore(terminal), status, BuildAddress(terminal), balance, history,
            WalletSendCommand.Build(terminal),
        };
        foreach (Command command in WalletKeysCommand.Build(terminal).Concat(WalletBookCommand.Build(terminal)))
        {
            wallet.Add(command);
        }

        return wallet;
    }

    private static Command Create(Terminal terminal)
    {
        Command create = new("create", "Make a wallet. Its 24 words are shown once: write them down.")
        {
            SecretInput.PassphraseFile, SecretInput.NoPassphrase,
        };
        create.SetAction((parse, cancellation) => OperatorDocument.PostAsync(
            terminal,
            parse,
            ($"{Route}/create", new JsonObject
            {
                ["passphrase"] = SecretInput.NewPassphrase(terminal, parse, SecretInput.PassphraseFile),
            }),
            WalletPages.Words,
            cancellation));
        return create;
    }

    private static Command Restore(Terminal terminal)
    {
        Command restore = new("restore", "Make the wallet of words that were written down, read from standard input.")
        {
            SecretInput.PassphraseFile, SecretInput.NoPassphrase,
        };
        restore.SetAction(async (parse, cancellation) =>
        {
            string words = await SecretInput.WordsAsync(terminal, cancellation);
            string passphrase = SecretInput.NewPassphrase(terminal, parse, SecretInput.PassphraseFile);
            return await OperatorDocument.PostAsync(
                terminal,
                parse,
                ($"{Route}/restore", new JsonObject { ["words"] = words, ["passphrase"] = passphrase }),
                WalletPages.Status,
                cancellation);
        });
        return restore;
    }

    private static Command BuildAddress(Terminal terminal)
    {
        Command address = new("address", "An address to be paid to.") { Role, Fresh };
        address.SetAction(async (parse, cancellation) =>
        {
            if (parse.GetValue(Role) is not { } role)
            {
                return await OperatorDocument.PostAsync(
                    terminal,
                    parse,
                    ($"{Route}/address", new JsonObject { ["fresh"] = parse.GetValue(Fresh) }),
                    (page, answer) => page.Out.WriteLine(OperatorPages.Text(answer?["address"])),
                    cancellation);
            }

            JsonNode? wallet = await OperatorDocument.GetAsync(parse, Route, cancellation);
            string found = wallet?["roles"]?.AsArray()
                .FirstOrDefault(entry => (string?)entry?["role"] == role)?["address"]?.GetValue<string>()
                ?? throw new CommandFailure(ExitCode.NotFound, $"the wallet has no address of the role '{role}'");
            if (parse.GetValue(Gateway.Json))
            {
                terminal.WriteJson(new JsonObject { ["role"] = role, ["address"] = found });
            }
            else
            {
                await terminal.Out.WriteLineAsync(found);
            }

            return (int)ExitCode.Ok;
        });
        return address;
    }
}
