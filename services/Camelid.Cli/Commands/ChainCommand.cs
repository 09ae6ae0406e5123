using System.CommandLine;
using System.Text.Json.Nodes;
using Camelid.Client;

namespace Camelid.Cli.Commands;

/// <summary><c>camelid chain info|block|tx|mine</c>.</summary>
internal static class ChainCommand
{
    private static readonly Argument<string> Block = new("BLOCK") { Description =
        "height, or hash as explorers show it" };
    private static readonly Argument<string> Txid = new("TXID") { Description = "transaction id as explorers show it" };
    private static readonly Argument<int> Count = new("COUNT")
    {
        Description = "blocks, 1 to 1000", DefaultValueFactory = _ => 1,
    };

    public static Command Build(Terminal terminal)
    {
        Command info = new("info", "Network, tip, mempool.");
        info.SetAction((parse, cancellation) =>
            OperatorDocument.ShowAsync(terminal, parse, "/api/chain/status", OperatorPages.ChainStatus, cancellation));
        Command block = new("block", "One block.") { Block };
        block.SetAction((parse, cancellation) => OperatorDocument.ShowAsync(
            terminal,
            parse,
            $"/api/chain/blocks/{Uri.EscapeDataString(parse.GetRequiredValue(Block))}",
            OperatorPages.Block,
            cancellation));
        Command transaction = new("tx", "One transaction.") { Txid };
        transaction.SetAction((parse, cancellation) => OperatorDocument.ShowAsync(
            terminal,
            parse,
            $"/api/chain/tx/{Uri.EscapeDataString(parse.GetRequiredValue(Txid))}",
            (page, document) => page.WriteFields(document),
            cancellation));
        Command mine = new("mine", "Mine blocks now (regtest only).") { Count };
        mine.SetAction(async (parse, cancellation) =>
        {
            using CamelidClient client = Gateway.Open(parse);
            JsonNode? mined = JsonNode.Parse((await client.PostOperatorAsync(
                $"/api/chain/mine?count={parse.GetValue(Count)}", cancellation)).GetRawText());
            if (parse.GetValue(Gateway.Json))
            {
                terminal.WriteJson(mined);
            }
            else
            {
                terminal.WriteFields(mined);
            }
        });
        return new Command("chain", "The chain.") { info, block, transaction, mine };
    }
}
