using System.Globalization;
using System.Text.Json.Nodes;

namespace Camelid.Cli.Commands;

/// <summary>The wallet's documents for people.</summary>
internal static class WalletPages
{
    private const int WordsPerLine = 4;

    /// <summary>The words of a new wallet, numbered, and what they are.</summary>
    public static void Words(Terminal terminal, JsonNode? made)
    {
        terminal.Error.WriteLine("These words are the wallet. Write them down, in order, and keep them where nobody "
            + "else looks: they are not shown again by this command, and whoever has them has the coins.");
        WriteWords(terminal, made?["words"] as JsonArray ?? []);
        Status(terminal, made?["status"]);
    }

    /// <summary>Words in numbered columns.</summary>
    public static void WriteWords(Terminal terminal, JsonArray words)
    {
        foreach ((int Index, JsonNode? Word)[] line in words.Index().Chunk(WordsPerLine))
        {
            terminal.Out.WriteLine(string.Concat(line.Select(cell => string.Create(
                CultureInfo.InvariantCulture, $"{cell.Index + 1,4} {OperatorPages.Text(cell.Word),-10}"))).TrimEnd());
        }
    }

    /// <summary>Whether there is a wallet, and whether it can sign.</summary>
    public static void Status(Terminal terminal, JsonNode? status)
    {
        if (status?["exists"]?.GetValue<bool>() != true)
        {
            terminal.WritePage(
                ("wallet", "none: make one (wallet create), or restore yours from its words (wallet restore)"),
                ("network", OperatorPages.Text(status?["network"])));
            return;
        }

        long until = OperatorPages.Number(status["locksAtUnix"]);
        string state = status["locked"]?.GetValue<bool>() == true ? "locked: nothing can be signed (wallet unlock)"
            : until == 0 ? "open"
            : $"open until {OperatorPages.Time(until)}";
        terminal.WritePage(
            ("wallet", OperatorPages.Text(status["id"])),
            ("network", OperatorPages.Text(status["network"])),
            ("keys", state),
            ("key file", status["sealed"]?.GetValue<bool>() == true
                ? "sealed by a passphrase" : "OPEN: whoever can read it can spend the coins"),
            ("addresses", $"{OperatorPages.Text(status["usedAddresses"])} up to the last used ones"),
            ("height", OperatorPages.Text(status["height"])));
    }

    /// <summary>All coins of the wallet.</summary>
    public static void Balance(Terminal terminal, JsonNode? balance)
    {
        (string Name, string Field)[] lines =
        [
            ("spendable", "spendableGrains"), ("own change, waiting", "changeGrains"),
            ("from others, waiting", "unconfirmedGrains"), ("mined, too young", "immatureGrains"),
            ("in unsent payments", "reservedGrains"), ("in deposits, stakes, jobs", "lockedGrains"),
            ("total", "totalGrains"), ("watched, not ours", "watchedGrains"),
            ("watched, waiting", "watchedWaitingGrains"),
        ];
        string[] amounts = [.. lines.Select(line => Amounts.Coins(OperatorPages.Number(balance?[line.Field])))];
        int width = amounts.Max(amount => amount.Length);
        terminal.WritePage(
            [.. lines.Select((line, index) => (line.Name, $"{amounts[index].PadLeft(width)} CML"))]);
    }

    /// <summary>One line for each transaction.</summary>
    public static void History(Terminal terminal, JsonNode? history)
    {
        JsonArray entries = history?["entries"] as JsonArray ?? [];
        terminal.WriteRows(
            ["TIME", "BLOCK", "KIND", "AMOUNT", "FEE", "TRANSACTION", "NAME"],
            [.. entries.Select(entry => (IReadOnlyList<string>)[
                OperatorPages.Time(OperatorPages.Number(entry?["timeUnix"])),
                OperatorPages.Number(entry?["height"]) == 0 ? "waits" : OperatorPages.Text(entry?["height"]),
                OperatorPages.Text(entry?["kind"]),
                Amounts.Coins(OperatorPages.Number(entry?["netGrains"])),
                Amounts.Coins(OperatorPages.Number(entry?["feeGrains"])),
                OperatorPages.Text(entry?["txid"]),
                OperatorPages.Text(entry?["label"])])]);
        if (OperatorPages.Text(history?["cursor"]) is { Length: > 1 } cursor)
        {
            terminal.Error.WriteLine($"… and older ones: wallet history --cursor {cursor}");
        }
    }
}
