using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;

namespace Camelid.Cli.Commands;

/// <summary><c>camelid wallet send ADDRESS AMOUNT</c>.</summary>
internal static class WalletSendCommand
{
    private const string Route = "/api/wallet/send";

    private static readonly Argument<string> Address = new("ADDRESS") { Description = "who is paid" };

    private static readonly Argument<string> Amount = new("AMOUNT")
    {
        Description = "in CML, at most eight places, such as 12.5",
    };

    private static readonly Option<long> FeeRate = new("--fee-rate")
    {
        Description = "grains for each 1,000 bytes (default: what the node advises)", HelpName = "N",
    };

    private static readonly Option<bool> DryRun = new("--dry-run")
    {
        Description = "say what would be paid, and pay nothing",
    };

    private static readonly Option<string?> RequestId = new("--request-id")
    {
        Description = "the same again pays nothing twice (default: a new one)", HelpName = "TEXT",
    };

    public static Command Build(Terminal terminal)
    {
        Command send = new("send", "Pay to an address.") { Address, Amount, FeeRate, DryRun, RequestId };
        send.SetAction(async (parse, cancellation) =>
        {
            string text = parse.GetRequiredValue(Amount);
            if (!Amounts.TryParse(text, out long grains))
            {
                throw new CommandFailure(
                    ExitCode.Usage, $"AMOUNT: '{text}' is no amount in CML: digits, and at most eight behind a point");
            }

            bool isDry = parse.GetValue(DryRun);
            string requestId = parse.GetValue(RequestId) ?? (isDry ? "" : Guid.NewGuid().ToString("N"));
            try
            {
                return await OperatorDocument.PostAsync(
                    terminal,
                    parse,
                    (Route, new JsonObject
                    {
                        ["requestId"] = requestId,
                        ["address"] = parse.GetRequiredValue(Address),
                        ["grains"] = grains.ToString(CultureInfo.InvariantCulture),
                        ["feeRate"] = parse.GetValue(FeeRate).ToString(CultureInfo.InvariantCulture),
                        ["dryRun"] = isDry,
                    }),
                    Page,
                    cancellation);
            }
            catch (Exception lost) when (!isDry && lost is HttpRequestException or OperationCanceledException)
            {
                await terminal.Error.WriteLineAsync(
                    "The answer is lost: it may be paid. The same command is paid once with "
                    + $"--request-id {requestId}");
                throw;
            }
        });
        return send;
    }

    private static void Page(Terminal terminal, JsonNode? paid)
    {
        string txid = OperatorPages.Text(paid?["txid"]);
        terminal.WritePage(
            ("transaction", txid.Length > 1 ? txid : "none: this was a dry run"),
            ("to", OperatorPages.Text(paid?["address"])),
            ("amount", Coins("grains")),
            ("fee", Coins("feeGrains")),
            ("change", Coins("changeGrains")),
            ("size", $"{OperatorPages.Text(paid?["bytesCount"])} bytes"),
            ("coins", OperatorPages.Text(paid?["inputCount"])));

        string Coins(string field) => $"{Amounts.Coins(OperatorPages.Number(paid?[field]))} CML";
    }
}
