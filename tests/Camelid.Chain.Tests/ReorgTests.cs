using Camelid.Chain.Blocks;
using Camelid.Contracts.Chain.V1;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Tests;

/// <summary>
/// Rule C-32: the active chain is the one with the most work; leaving a block restores what was before it.
/// </summary>
public sealed class ReorgTests : IAsyncLifetime
{
    private static readonly Script Stranger = new P2pkhScript(Hash160.Of("stranger"u8)).Build();

    private readonly string folder = Directory.CreateTempSubdirectory("camelid-reorg").FullName;
    private readonly ManualTime time = new(DateTimeOffset.FromUnixTimeSeconds(1_800_000_000));
    private ChainHost chain = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() =>
        chain = await ChainHost.StartAsync(folder, time, "Chain:DepositCount=2");

    public async ValueTask DisposeAsync()
    {
        await chain.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_longer_branch_takes_over_and_a_still_longer_one_brings_the_old_outputs_back()
    {
        BlockEntry fork = chain.Tip;
        TestJob job = await TestJob.MakeAsync(chain, time, 1);
        await job.OfferAsync();
        JobTransactionReply payment = await job.PayAsync();
        time.Advance(10);
        await chain.RunAsync();
        Dictionary<OutPoint, Utxo> before = Outputs();
        BlockEntry oldTip = chain.Tip;
        Assert.True(await TestJob.ConfirmationsAsync(chain, payment.Txid) >= 2);

        List<Block> branch = Branch(fork, oldTip.Height - fork.Height + 1, Stranger);
        foreach (Block block in branch)
        {
            Assert.Equal(RuleCode.Accepted, await chain.Blocks.SubmitAsync(block, Cancellation));
        }

        Assert.Equal(branch[^1].Hash, chain.Tip.Hash);
        Assert.Equal(0, await TestJob.ConfirmationsAsync(chain, payment.Txid));
        SupplyInvariant.Check(chain);

        foreach (Block block in Branch(oldTip, 3, Stranger))
        {
            Assert.Equal(RuleCode.Accepted, await chain.Blocks.SubmitAsync(block, Cancellation));
        }

        Assert.Equal(oldTip.Height + 3, chain.Tip.Height);
        Dictionary<OutPoint, Utxo> after = Outputs();
        Assert.All(before, pair => Assert.Equal(pair.Value.Encode(), after[pair.Key].Encode()));
        Assert.Equal(before.Count + 3, after.Count);
        SupplyInvariant.Check(chain);
    }

    [Fact]
    public async Task A_reorg_survives_a_restart_and_tells_every_block_that_left()
    {
        BlockEntry fork = chain.Tip;
        await chain.Chain.Mine(new MineRequest { Count = 2 }, new CallContext());
        BlockEntry left = chain.Tip;
        List<Block> branch = Branch(fork, 3, Stranger);
        foreach (Block block in branch)
        {
            await chain.Blocks.SubmitAsync(block, Cancellation);
        }

        await chain.DisposeAsync();
        chain = await ChainHost.OpenAsync(folder, time);
        Assert.Equal(branch[^1].Hash, chain.Tip.Hash);
        IReadOnlyList<string> events = await chain.Database.ReadAsync(
            session => session.QueryAsync<string>(
                "select body from outbox where message_type like '%BlockDisconnected%'"),
            Cancellation);
        Assert.Equal(2, events.Count);
        Assert.Contains(events, body => body.Contains(left.Hash.Value.ToString(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_branch_that_breaks_a_rule_is_left_again_and_the_outputs_are_as_before()
    {
        BlockEntry fork = chain.Tip;
        await chain.Chain.Mine(new MineRequest { Count = 1 }, new CallContext());
        BlockEntry tip = chain.Tip;
        Dictionary<OutPoint, Utxo> before = Outputs();
        List<Block> branch = Branch(fork, 2, Stranger, greedy: true);
        Assert.Equal(RuleCode.Accepted, await chain.Blocks.SubmitAsync(branch[0], Cancellation));
        Assert.Equal(RuleCode.CoinbaseClaimsTooMuch, await chain.Blocks.SubmitAsync(branch[1], Cancellation));
        Assert.Equal(tip.Hash, chain.Tip.Hash);
        Assert.Equal(before.Keys.ToHashSet(), Outputs().Keys.ToHashSet());
        await chain.DisposeAsync();
        chain = await ChainHost.OpenAsync(folder, time);
        Assert.Equal(tip.Hash, chain.Tip.Hash);
    }

    [Fact]
    public async Task Every_block_is_told_once_in_the_transaction_that_indexes_it()
    {
        IReadOnlyList<string> events = await chain.Database.ReadAsync(
            session => session.QueryAsync<string>("select body from outbox where message_type like '%BlockConnected%'"),
            Cancellation);
        Assert.Equal(chain.Tip.Height, events.Count);
        Assert.Equal(chain.Tip.Height, events.Distinct().Count());
    }

    [Fact]
    public async Task A_lost_index_is_rebuilt_from_the_log()
    {
        IReadOnlyList<string> before = await TransactionsAsync();
        await chain.DisposeAsync();
        foreach (string file in Directory.GetFiles(Path.Combine(folder, "regtest", "db"), "chainindex.db*"))
        {
            File.Delete(file);
        }

        chain = await ChainHost.OpenAsync(folder, time);
        Assert.Equal(before, await TransactionsAsync());
    }

    [Fact]
    public async Task A_block_too_far_ahead_of_the_clock_may_come_again_later()
    {
        Block block = Branch(chain.Tip, 1, Stranger, time: time.UnixSeconds + 121)[0];
        Assert.Equal(RuleCode.BlockTimeTooLate, await chain.Blocks.SubmitAsync(block, Cancellation));
        time.Advance(1);
        Assert.Equal(RuleCode.Accepted, await chain.Blocks.SubmitAsync(block, Cancellation));
        Assert.Equal(block.Hash, chain.Tip.Hash);
    }

    private Task<IReadOnlyList<string>> TransactionsAsync() => chain.Database.ReadAsync(
        session => session.QueryAsync<string>(
            "select txid || ' ' || height from transactions order by height, position"),
        Cancellation);

    private Dictionary<OutPoint, Utxo> Outputs() => chain.State.Read(reading => reading.Outputs.All().ToDictionary());

    /// <summary>
    /// Blocks without transactions on any known block; a greedy branch claims one grain too much in its first.
    /// </summary>
    internal static List<Block> Branch(BlockEntry from, int count, Script payee, bool greedy = false, uint time = 0)
    {
        List<Block> blocks = [];
        BlockHash previous = from.Hash;
        uint at = time == 0 ? from.Header.Time + 1 : time;
        for (int i = 0; i < count; i++)
        {
            Block block = new BlockTemplate
            {
                Network = Network.Regtest,
                PreviousHash = previous,
                Height = from.Height + 1 + i,
                Bits = Network.Regtest.GenesisBits,
                Time = at++,
                Payee = payee,
            }.Build();
            Transaction coinbase = block.Transactions[0];
            if (greedy && i == 0)
            {
                coinbase = Transaction.Create(
                    1, coinbase.Inputs, [new TxOutput(Amount.Grain(Subsidy.FirstGrains + 1), payee)], 0, default);
            }

            BlockHeader header = block.Header with { MerkleRoot = coinbase.Txid.Value };
            blocks.Add(new Block(ProofOfWork.TryFind(header, 0, uint.MaxValue)!, [coinbase]));
            previous = blocks[^1].Hash;
        }

        return blocks;
    }
}
