using System.Globalization;
using System.Text.Json.Nodes;

namespace Camelid.Cli.Commands;

/// <summary>Operator documents for people. <c>--json</c> shows everything; these show what one looks for.</summary>
internal static class OperatorPages
{
    private static readonly string[] Purses =
        ["spendable", "immature", "unconfirmed", "deposits", "stakes", "payments"];

    /// <summary>Coins of each role, and what is bound where.</summary>
    public static void Wallet(Terminal terminal, JsonNode? wallet)
    {
        JsonArray roles = wallet?["roles"] as JsonArray ?? [];
        terminal.WriteRows(
            ["ROLE", .. Purses.Select(purse => purse.ToUpperInvariant()), "ADDRESS"],
            [.. roles.Select(role => (IReadOnlyList<string>)[
                Text(role?["role"]),
                .. Purses.Select(purse => Amounts.Coins(Number(role?[purse + "Grains"]))),
                Text(role?["address"])])]);
        terminal.Out.WriteLine();
        terminal.Out.WriteLine($"amounts in CML; {Text(wallet?["depositsFree"])} deposits free, "
            + $"{Text(wallet?["depositsOpen"])} held by jobs");
    }

    /// <summary>Network, tip, mempool.</summary>
    public static void ChainStatus(Terminal terminal, JsonNode? status) => terminal.WritePage(
        ("network", Text(status?["network"])),
        ("height", Text(status?["height"])),
        ("tip", Text(status?["tipHash"])),
        ("tip time", Time(Number(status?["tipTime"]))),
        ("mempool", $"{Text(status?["mempoolCount"])} transactions"),
        ("peers", Text(status?["peerCount"])),
        ("payment window", $"{Text(status?["windowSeconds"])} s after a job's creation"),
        ("genesis", Text(status?["genesisHash"])),
        ("ready", status?["ready"]?.GetValue<bool>() == true ? "yes" : $"no: {Text(status?["notReadyReason"])}"));

    /// <summary>What a place in one of the next blocks costs, and how much that is worth.</summary>
    public static void Fee(Terminal terminal, JsonNode? fee) => terminal.WritePage(
        ("pay", $"{Text(fee?["grainsPerKilobyte"])} grains for each 1,000 bytes"),
        ("for a place in", $"the next {Text(fee?["targetBlocks"])} blocks"),
        ("from", fee?["fromData"]?.GetValue<bool>() == true
            ? "what was held in blocks so far"
            : "too little seen: a floor, and no promise"),
        ("least", $"{Text(fee?["minimumGrainsPerKilobyte"])} grains for each 1,000 bytes"));

    /// <summary>What an address received and spent, the latest transactions first.</summary>
    public static void Address(Terminal terminal, JsonNode? address)
    {
        long received = Number(address?["receivedGrains"]);
        terminal.WritePage(
            ("address", Text(address?["address"])),
            ("has", $"{Amounts.Coins(received - Number(address?["spentGrains"]))} CML, escrow of its key included"),
            ("received", $"{Amounts.Coins(received)} CML in {Text(address?["outputCount"])} outputs"),
            ("waiting", $"{Amounts.Coins(Number(address?["unconfirmedGrains"]))} CML"));
        terminal.WriteRows(
            ["BLOCK", "AMOUNT", "KIND", "TRANSACTION"],
            [.. (address?["entries"] as JsonArray ?? []).Select(entry => (IReadOnlyList<string>)[
                Height(entry), Amounts.Coins(Number(entry?["grains"])), Text(entry?["kind"]), Text(entry?["txid"])])]);
        if (Text(address?["cursor"]) is { Length: > 1 })
        {
            terminal.Out.WriteLine("… and older ones, which the explorer of the dashboard shows");
        }
    }

    /// <summary>The transactions of a job.</summary>
    public static void JobTransactions(Terminal terminal, JsonNode? job)
    {
        terminal.WritePage(("job", Text(job?["jobId"])));
        terminal.WriteRows(
            ["BLOCK", "AMOUNT", "FEE", "TRANSACTION"],
            [.. (job?["transactions"] as JsonArray ?? []).Select(entry => (IReadOnlyList<string>)[
                Height(entry), Amounts.Coins(Number(entry?["line"]?["outputGrains"])),
                Amounts.Coins(Number(entry?["line"]?["feeGrains"])), Text(entry?["line"]?["txid"])])]);
    }

    /// <summary>One block and its transactions.</summary>
    public static void Block(Terminal terminal, JsonNode? block)
    {
        JsonArray transactions = block?["txids"] as JsonArray ?? [];
        terminal.WritePage(
            ("block", Text(block?["hash"])),
            ("height", Text(block?["height"])),
            ("time", Time(Number(block?["time"]))),
            ("confirmations", Text(block?["confirmations"])),
            ("size", $"{Text(block?["raw"]).Length / 2} bytes"),
            ("transactions", transactions.Count.ToString(CultureInfo.InvariantCulture)));
        foreach (JsonNode? txid in transactions)
        {
            terminal.Out.WriteLine($"  {Text(txid)}");
        }
    }

    private static string Height(JsonNode? entry) => Number(entry?["height"]) is > 0 and var height
        ? height.ToString(CultureInfo.InvariantCulture)
        : "waits";

    /// <summary>A value as text; a dash where there is none.</summary>
    internal static string Text(JsonNode? node) => node?.ToString() ?? "-";

    /// <summary>A number, which the gateway may have written as text.</summary>
    internal static long Number(JsonNode? node) =>
        long.TryParse(node?.ToString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number)
            ? number : 0;

    /// <summary>A time in UTC.</summary>
    internal static string Time(long unix) => unix is < 0 or > 253_402_300_799 ? "-"
        : DateTimeOffset.FromUnixTimeSeconds(unix).ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
