using System.Text.Json.Nodes;
using Camelid.Cli.Commands;
using Camelid.Client.Jobs;

namespace Camelid.Cli.Tests;

/// <summary>What commands write for people.</summary>
public sealed class PageTests
{
    [Fact]
    public void A_job_is_shown_with_its_stages_in_time_its_amounts_in_coins_and_its_transactions()
    {
        string txid = new('b', 64);
        string page = Write(terminal => JobPage.Write(terminal, new JobDocument
        {
            JobId = new string('a', 64),
            ModelRoot = new string('c', 64),
            CreatedUnixMs = 1_795_188_353_217,
            UpdatedUnixMs = 1_795_188_365_093,
            PromptTokens = 4,
            OutputTokens = 24,
            FinishReason = "length",
            Payment = new JobPaymentDocument
            {
                State = "paid", Grains = 28_000, RewardGrains = 123_456_789, Txid = txid, Height = 13,
            },
            Verification = new JobVerificationDocument("full", "passed"),
            Transitions = [new("payment", "committed", "paid", "payment-mined", 1_795_188_363_019)],
        }));
        string[] lines = page.Split('\n');
        Assert.Equal("paid, verification passed", lines[0]);
        Assert.Contains("tokens    4 prompt, 24 output, ended by length", lines);
        Assert.Contains("payment   0.00028000 CML", lines);
        Assert.Contains("promised  1.23456789 CML at most", lines);
        Assert.Contains("   9.802 s  payment  paid    payment-mined", lines);
        Assert.Contains($"payment      {txid}  13", lines);
        Assert.DoesNotContain("[0]", page, StringComparison.Ordinal);
    }

    [Fact]
    public void A_wallet_is_a_table_in_coins()
    {
        string page = Write(terminal => OperatorPages.Wallet(terminal, JsonNode.Parse("""
            {"depositsFree": 30, "depositsOpen": 2, "roles": [{"role": "client", "address": "mk",
            "spendableGrains": "9007199254740993", "depositsGrains": 5}]}
            """)));
        Assert.Contains("client  90071992.54740993", page, StringComparison.Ordinal);
        Assert.Contains("0.00000005", page, StringComparison.Ordinal);
        Assert.Contains("30 deposits free, 2 held by jobs", page, StringComparison.Ordinal);
    }

    [Fact]
    public void An_address_and_a_job_are_tables_in_coins_and_what_waits_says_so()
    {
        string address = Write(terminal => OperatorPages.Address(terminal, JsonNode.Parse("""
            {"address": "mk", "receivedGrains": "300000000", "spentGrains": "100000000", "outputCount": "3",
            "entries": [{"txid": "aa", "height": 0, "kind": "address", "grains": "-5"},
            {"txid": "bb", "height": 7, "kind": "stake", "grains": "200000000"}], "cursor": ""}
            """)));
        Assert.Contains("2.00000000 CML", address, StringComparison.Ordinal);
        Assert.Contains("waits  -0.00000005", address, StringComparison.Ordinal);
        Assert.Contains("7      2.00000000   stake", address, StringComparison.Ordinal);
        Assert.DoesNotContain("[0]", address, StringComparison.Ordinal);
        string job = Write(terminal => OperatorPages.JobTransactions(terminal, JsonNode.Parse("""
            {"jobId": "cc", "transactions": [{"line": {"txid": "dd", "outputGrains": "1", "feeGrains": "2"},
            "height": 9}]}
            """)));
        Assert.Contains("9      0.00000001  0.00000002  dd", job, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "0.0 H/s")]
    [InlineData(999.94, "999.9 H/s")]
    [InlineData(1_000, "1.0 kH/s")]
    [InlineData(24_590_000, "24.6 MH/s")]
    [InlineData(2.5e16, "25000.0 TH/s")]
    public void A_hash_rate_has_a_unit(double perSecond, string expected) =>
        Assert.Equal(expected, MiningCommand.RateOf(perSecond));

    [Fact]
    public void A_miner_says_whether_it_mines_and_how()
    {
        string page = Write(terminal => MiningCommand.WritePage(terminal, JsonNode.Parse("""
            {"isMining": true, "threads": 2, "path": "avx2", "hashesPerSecond": 27000000.5, "hashes": 81000000,
            "blocksFound": 3, "blocksStale": 1, "blocksRefused": 0, "height": 12, "started": 1795188334}
            """)));
        Assert.Contains("height 12", page, StringComparison.Ordinal);
        Assert.Contains("avx2", page, StringComparison.Ordinal);
        Assert.Contains("27.0 MH/s", page, StringComparison.Ordinal);
        string idle = Write(terminal => MiningCommand.WritePage(terminal, JsonNode.Parse(
            """{"isMining": false, "threads": 0, "path": "", "hashesPerSecond": 0, "height": 13, "started": null}""")));
        Assert.Contains("mining           no", idle, StringComparison.Ordinal);
    }

    [Fact]
    public void A_chain_that_is_not_ready_says_why()
    {
        string page = Write(terminal => OperatorPages.ChainStatus(terminal, JsonNode.Parse(
            """{"network": "regtest", "tipTime": 1795188334, "ready": false, "notReadyReason": "no tip"}""")));
        Assert.Contains("2026-11-20 15:25:34Z", page, StringComparison.Ordinal);
        Assert.Contains("no: no tip", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("true", "what was held in blocks so far")]
    [InlineData("false", "a floor, and no promise")]
    public void A_fee_says_whether_anything_is_known(string fromData, string expected)
    {
        string page = Write(terminal => OperatorPages.Fee(terminal, JsonNode.Parse(
            $$"""{"targetBlocks": 6, "grainsPerKilobyte": "500", "fromData": {{fromData}}}""")));
        Assert.Contains("500 grains for each 1,000 bytes", page, StringComparison.Ordinal);
        Assert.Contains(expected, page, StringComparison.Ordinal);
    }

    [Fact]
    public void A_block_lists_its_transactions_and_not_its_bytes()
    {
        string page = Write(terminal => OperatorPages.Block(terminal, JsonNode.Parse(
            """{"hash": "0c", "time": 1795188332, "confirmations": 10, "txids": ["66", "77"], "raw": "0102ff"}""")));
        Assert.Contains("size           3 bytes", page, StringComparison.Ordinal);
        Assert.Contains("\n  66\n  77\n", page, StringComparison.Ordinal);
        Assert.DoesNotContain("0102ff", page, StringComparison.Ordinal);
    }

    private static string Write(Action<Terminal> page)
    {
        using StringWriter output = new() { NewLine = "\n" };
        page(new Terminal(TextReader.Null, output, TextWriter.Null));
        return output.ToString();
    }
}
