using Camelid.Chain.Blocks;
using Camelid.Chain.Explorer;
using Camelid.Chain.Index;
using Camelid.Contracts.Chain.V1;
using Camelid.Protocol;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;

namespace Camelid.Chain.Tests;

/// <summary>The explorer shows what the chain holds, and says plainly where there is nothing.</summary>
public sealed class ExplorerTests : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("camelid-explorer").FullName;
    private readonly ManualTime time = new(DateTimeOffset.FromUnixTimeSeconds(1_800_000_000));
    private ChainHost chain = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private BlockExplorer Blocks => chain.Explorer;

    public async ValueTask InitializeAsync() =>
        chain = await ChainHost.StartAsync(folder, time, "Chain:DepositCount=2");

    public async ValueTask DisposeAsync()
    {
        await chain.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void A_block_is_found_by_height_and_hash_and_leads_to_its_neighbours()
    {
        BlockView tip = Blocks.ShowBlock($"{chain.Tip.Height}", 0)!;
        Assert.Equal(chain.Tip.Hash.ToString(), tip.Hash);
        Assert.Equal((true, 1, ""), (tip.Active, tip.Confirmations, tip.NextHash));
        BlockView before = Blocks.ShowBlock(tip.PreviousHash, 0)!;
        Assert.Equal(tip.Hash, before.NextHash);
        Assert.Equal(tip.TransactionCount, tip.Transactions.Count);
        Assert.True(tip.Transactions[0].Coinbase);
        Assert.Null(Blocks.ShowBlock($"{chain.Tip.Height + 1}", 0));
        Assert.Null(Blocks.ShowBlock("no such thing", 0));
    }

    [Fact]
    public void A_block_beside_the_chain_is_shown_as_such()
    {
        Protocol.Blocks.Block other = ReorgTests.Branch(
            chain.Tip.Parent!, 1, new Protocol.Scripts.P2pkhScript(Hash160.Of("other"u8)).Build())[0];
        chain.Core.Submit(other);
        BlockView view = Blocks.ShowBlock(other.Hash.ToString(), 0)!;
        Assert.Equal((false, 0), (view.Active, view.Confirmations));
        chain.Core.AcceptHeader(ReorgTests.Branch(chain.Tip, 1, default)[0].Header, out BlockEntry? entry);
        Assert.True(Blocks.ShowBlock(entry!.Hash.ToString(), 0)!.WithoutTransactions);
    }

    [Fact]
    public async Task A_job_and_its_transactions_are_followed_from_the_mempool_into_a_block()
    {
        TestJob job = await TestJob.MakeAsync(chain, time, 1);
        await job.OfferAsync();
        JobTransactionReply payment = await job.PayAsync();
        string txid = Hash256.FromBytes(payment.Txid.Span).ToReversedHex();
        TransactionView waiting = (await Blocks.ShowTransactionAsync(txid, Cancellation))!;
        Assert.Equal(0, waiting.Confirmations);
        Assert.Equal("deposit", waiting.Inputs[0].Spent.Kind);
        Assert.Contains(waiting.Outputs, output => output.Kind == "payment");

        time.Advance(10);
        await chain.RunAsync();
        TransactionView mined = (await Blocks.ShowTransactionAsync(txid, Cancellation))!;
        Assert.True(mined.Confirmations >= 1);
        Assert.Contains("CHECKJOB", mined.Outputs.First(output => output.Kind == "deposit").Script,
            StringComparison.Ordinal);
        Assert.True(JobId.TryParse(mined.Line.JobId, out JobId jobId));
        JobView view = await Blocks.ShowJobAsync(jobId, Cancellation);
        Assert.Contains(view.Transactions, entry => entry.Line.Txid == txid && entry.Height > 0);
        Assert.Equal("job", (await Blocks.SearchAsync(mined.Line.JobId, Cancellation)).Kind);
        Assert.Equal("transaction", (await Blocks.SearchAsync(txid, Cancellation)).Kind);
    }

    [Fact]
    public async Task An_address_has_received_less_spent_what_its_outputs_are_worth()
    {
        Address miner = chain.State.Keys[KeyRole.Miner].Address;
        AddressView view = await chain.Addresses.ShowAsync(miner, ChainPlace.Top, 200, Cancellation);
        long unspent = chain.State.Read(reading => reading.Outputs.Own(OutputKind.Address, KeyRole.Miner).Values
            .Sum(utxo => utxo.Output.Value.Grains));
        Assert.Equal(unspent, view.ReceivedGrains - view.SpentGrains);
        Assert.Equal(unspent, view.Entries.Sum(entry => entry.Grains));
        AddressView first = await chain.Addresses.ShowAsync(miner, ChainPlace.Top, 3, Cancellation);
        Assert.True(ExplorerMapping.TryReadCursor(first.Cursor, out ChainPlace below));
        AddressView rest = await chain.Addresses.ShowAsync(miner, below, 200, Cancellation);
        Assert.Equal(view.Entries, first.Entries.Concat(rest.Entries));
        Assert.Equal("address", (await Blocks.SearchAsync(miner.ToString(), Cancellation)).Kind);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-1")]
    [InlineData("zz")]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("1BoatSLRHtKNngkdXEeobR76b53LETtpyT")]
    public async Task What_names_nothing_here_is_found_to_be_none(string text) =>
        Assert.Equal("none", (await Blocks.SearchAsync(text, Cancellation)).Kind);

    [Theory]
    [InlineData("1")]
    [InlineData("1.x")]
    [InlineData("1.2.3")]
    [InlineData("-1.0")]
    public void A_cursor_of_another_form_is_refused(string cursor) =>
        Assert.False(ExplorerMapping.TryReadCursor(cursor, out ChainPlace _));
}
