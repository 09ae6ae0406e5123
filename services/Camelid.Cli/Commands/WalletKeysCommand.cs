using System.CommandLine;
using System.Text.Json.Nodes;
using Camelid.Client;

namespace Camelid.Cli.Commands;

/// <summary><c>camelid wallet unlock|lock|passphrase|words|backup</c>: what opens the keys, and copies.</summary>
internal static class WalletKeysCommand
{
    private const string Route = "/api/wallet";

    private static readonly Option<int> Seconds = new("--seconds")
    {
        Description = "how long, 1 to 604800 (a week)", DefaultValueFactory = _ => 600, HelpName = "N",
    };

    private static readonly Argument<FileInfo> File = new("FILE") { Description = "a file that is not there yet" };

    public static IEnumerable<Command> Build(Terminal terminal)
    {
        Command unlock = new("unlock", "Let the wallet sign for a while.") { Seconds, SecretInput.PassphraseFile };
        unlock.SetAction((parse, cancellation) => PostAsync(
            terminal,
            parse,
            "unlock",
            new JsonObject
            {
                ["passphrase"] = SecretInput.Passphrase(terminal, parse), ["seconds"] = parse.GetValue(Seconds),
            },
            cancellation));
        yield return unlock;
        Command locking = new("lock", "Let the wallet sign no more.");
        locking.SetAction((parse, cancellation) => PostAsync(terminal, parse, "lock", [], cancellation));
        yield return locking;
        Command passphrase = new("passphrase", "Seal the key file by another passphrase.")
        {
            SecretInput.PassphraseFile, SecretInput.NewPassphraseFile, SecretInput.NoPassphrase,
        };
        passphrase.SetAction((parse, cancellation) => ChangeAsync(terminal, parse, cancellation));
        yield return passphrase;
        Command words = new("words", "Show the words of the wallet again.") { SecretInput.PassphraseFile };
        words.SetAction(async (parse, cancellation) => await OperatorDocument.PostAsync(
            terminal,
            parse,
            ($"{Route}/words", new JsonObject
            {
                ["passphrase"] = await CurrentPassphraseAsync(terminal, parse, cancellation),
            }),
            (page, answer) => WalletPages.WriteWords(page, answer?["words"] as JsonArray ?? []),
            cancellation));
        yield return words;
        Command backup = new("backup", "Write the sealed key file to a file.") { File, SecretInput.PassphraseFile };
        backup.SetAction((parse, cancellation) => BackUpAsync(terminal, parse, cancellation));
        yield return backup;
    }

    private static Task<int> PostAsync(
        Terminal terminal, ParseResult parse, string route, JsonObject body, CancellationToken cancellationToken) =>
        OperatorDocument.PostAsync(
            terminal, parse, ($"{Route}/{route}", body), WalletPages.Status, cancellationToken);

    /// <summary>The passphrase that is set, asked for where there is one.</summary>
    private static async Task<string> CurrentPassphraseAsync(
        Terminal terminal, ParseResult parse, CancellationToken cancellationToken)
    {
        JsonNode? status = await OperatorDocument.GetAsync(parse, Route + "/status", cancellationToken);
        bool isSealed = status?["sealed"]?.GetValue<bool>() == true;
        return isSealed ? SecretInput.Passphrase(terminal, parse) : "";
    }

    private static async Task<int> ChangeAsync(
        Terminal terminal, ParseResult parse, CancellationToken cancellationToken)
    {
        string old = await CurrentPassphraseAsync(terminal, parse, cancellationToken);
        string next = SecretInput.NewPassphrase(terminal, parse, SecretInput.NewPassphraseFile);
        return await PostAsync(
            terminal,
            parse,
            "passphrase",
            new JsonObject { ["passphrase"] = old, ["newPassphrase"] = next },
            cancellationToken);
    }

    private static async Task<int> BackUpAsync(
        Terminal terminal, ParseResult parse, CancellationToken cancellationToken)
    {
        FileInfo file = parse.GetRequiredValue(File);
        if (file.Exists)
        {
            throw new CommandFailure(ExitCode.Refused, $"{file.FullName} is there already; nothing is written over");
        }

        JsonObject body = new()
        {
            ["passphrase"] = await CurrentPassphraseAsync(terminal, parse, cancellationToken),
        };
        using CamelidClient client = Gateway.Open(parse);
        JsonNode? answer = JsonNode.Parse((await client.PostOperatorAsync(
            Route + "/backup", body.ToJsonString(), cancellationToken)).GetRawText());
        FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        await using (FileStream stream = new(file.FullName, options))
        await using (StreamWriter writer = new(stream))
        {
            await writer.WriteAsync(answer?["keyFile"]?.GetValue<string>());
            await writer.FlushAsync(cancellationToken);
            stream.Flush(flushToDisk: true);
        }

        if (parse.GetValue(Gateway.Json))
        {
            terminal.WriteJson(new JsonObject { ["file"] = file.FullName });
        }
        else
        {
            await terminal.Out.WriteLineAsync($"{file.FullName}: as keys/seed in the data folder of a node it is this "
                + "wallet, with the same passphrase");
        }

        return (int)ExitCode.Ok;
    }
}
