using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Camelid.Client;

namespace Camelid.Cli.Commands;

/// <summary><c>camelid chain info|block|tx|address|job|fee|mine|mining|invalidate|reconsider</c>.</summary>
internal static class ChainCommand
{
    private static readonly Argument<string> Block = new("BLOCK") { Description =
        "height, or hash as explorers show it" };
    private static readonly Argument<string> Txid = new("TXID") { Description = "transaction id as explorers show it" };
    private static readonly Argument<string> Address = new("ADDRESS") { Description = "address of this network" };
    private static readonly Argument<string> Job = new("JOB") { Description = "job id, 64 digits" };
    private static readonly Argument<string> Hash = new("HASH") { Description = "block hash as explorers show it" };
    private static readonly Argument<int> Count = new("COUNT")
    {
        Description = "blocks, 1 to 1000", DefaultValueFactory = _ => 1,
    };

    private static readonly Option<int> Blocks = new("--blocks")
    {
        Description = "in how many blocks, 1 to 144", DefaultValueFactory = _ => 6, HelpName = "N",
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
        Command address = View(
            "address", "What an address received and spent.", Address, "addresses", OperatorPages.Address);
        Command job = View("job", "The transactions of a job.", Job, "jobs", OperatorPages.JobTransactions);
        Command fee = new("fee", "What to pay for a place in one of the next blocks.") { Blocks };
        fee.SetAction((parse, cancellation) => OperatorDocument.ShowAsync(
            terminal,
            parse,
            string.Create(CultureInfo.InvariantCulture, $"/api/chain/fee?target={parse.GetValue(Blocks)}"),
            OperatorPages.Fee,
            cancellation));
        Command invalidate = Change(terminal, "invalidate", "Set a block and all that build on it aside.");
        Command reconsider = Change(terminal, "reconsider", "Take that back, and any refusal of the block.");
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
        return new Command("chain", "The chain.")
        {
            info, block, transaction, address, job, fee, mine, MiningCommand.Build(terminal), invalidate, reconsider,
        };

        Command View(
            string word, string what, Argument<string> argument, string route, Action<Terminal, JsonNode?> page)
        {
            Command command = new(word, what) { argument };
            command.SetAction((parse, cancellation) => OperatorDocument.ShowAsync(
                terminal,
                parse,
                $"/api/chain/view/{route}/{Uri.EscapeDataString(parse.GetRequiredValue(argument))}",
                page,
                cancellation));
            return command;
        }
    }

    private static Command Change(Terminal terminal, string word, string what)
    {
        Command command = new(word, what) { Hash };
        command.SetAction(async (parse, cancellation) =>
        {
            using CamelidClient client = Gateway.Open(parse);
            JsonNode? status = JsonNode.Parse((await client.PostOperatorAsync(
                $"/api/chain/blocks/{Uri.EscapeDataString(parse.GetRequiredValue(Hash))}/{word}", cancellation))
                .GetRawText());
            if (parse.GetValue(Gateway.Json))
            {
                terminal.WriteJson(status);
            }
            else
            {
                OperatorPages.ChainStatus(terminal, status);
            }
        });
        return command;
    }
}
