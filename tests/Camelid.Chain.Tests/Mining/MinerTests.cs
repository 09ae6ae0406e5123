using Camelid.Chain.Blocks;
using Camelid.Chain.Mining;
using Camelid.Contracts.Chain.V1;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;
using Grpc.Core;
using Microsoft.Extensions.Options;

namespace Camelid.Chain.Tests.Mining;

/// <summary>Rules M-32, M-34 and M-36: rounds, threads, start and stop, on the network <c>test</c>.</summary>
public sealed class MinerTests : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("camelid-miner").FullName;
    private readonly ManualTime time = new(DateTimeOffset.FromUnixTimeSeconds(1_800_000_000));
    private ChainHost chain = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() =>
        chain = await ChainHost.OpenAsync(folder, time, "Camelid:Network=test");

    public async ValueTask DisposeAsync()
    {
        await chain.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>Rule C-04 in the node: main and test can be run; nothing is mined there unasked.</summary>
    [Theory]
    [InlineData("main")]
    [InlineData("test")]
    public async Task A_node_of_a_public_network_starts_at_its_genesis(string name)
    {
        await using ChainHost node = await ChainHost.OpenAsync(
            Path.Combine(folder, name), time, $"Camelid:Network={name}");
        Assert.Equal(name, node.State.Network.Name);
        Assert.Equal(node.State.Network.GenesisHash, node.Tip.Hash);
        await node.RunAsync();
        Assert.Equal(0, node.Tip.Height);
    }

    [Fact]
    [Trait("Rule", "M-32")]
    public async Task Rounds_mine_blocks_whose_target_follows_the_clock_and_a_restart_finds_them()
    {
        MiningWalk walk = chain.MinerParts.NewWalk();
        for (int height = 1; height <= 10; height++)
        {
            // Each block comes after ten seconds: a sixth of what the rule aims at.
            time.Advance(10);
            uint due = chain.State.NextBits(chain.Tip);
            MineOne(walk);
            Assert.Equal((height, due), (chain.Tip.Height, chain.Tip.Header.Bits));
        }

        SupplyInvariant.Check(chain);
        Assert.Equal(Difficulty.GapSecondsMax + 90, chain.Tip.EffectiveSeconds);
        BlockEntry tip = chain.Tip;
        await chain.DisposeAsync();
        chain = await ChainHost.OpenAsync(folder, time, "Camelid:Network=test");
        Assert.Equal((tip.Hash, tip.EffectiveSeconds), (chain.Tip.Hash, chain.Tip.EffectiveSeconds));
    }

    [Fact]
    [Trait("Rule", "M-32")]
    public void The_next_batch_after_a_new_tip_is_on_it()
    {
        RecordingSearch search = new();
        MiningWalk walk = new(search, 1);
        MiningRound round = chain.MinerParts.Round;
        Assert.Equal(new MiningResult(MiningOutcome.Nothing, MiningRound.BatchNonces), round.Run(walk));
        MineOne(chain.MinerParts.NewWalk());
        round.Run(walk);
        Assert.Equal(
            [chain.State.Network.GenesisHash, chain.Tip.Hash],
            search.Asked.Select(asked => asked.Header.PreviousHash));
        Assert.All(search.Asked, asked => Assert.Equal(MiningRound.BatchNonces - 1, asked.Last - asked.First));
    }

    [Theory]
    [Trait("Rule", "M-34")]
    [InlineData(119, true)]
    [InlineData(120, false)]
    public void A_block_that_nodes_would_hold_is_not_mined_yet(int ahead, bool isMined)
    {
        MineOne(chain.MinerParts.NewWalk());
        for (int i = 0; i < 10; i++)
        {
            time.Advance(1);
            MineOne(chain.MinerParts.NewWalk());
        }

        // The next block is one second after the median, which is now so far ahead of the clock.
        time.AdvanceTo(chain.State.Read(reading => reading.MedianTimePast) - (uint)ahead);
        MiningResult result = chain.MinerParts.Round.Run(new MiningWalk(new RecordingSearch(), 1));
        Assert.Equal(isMined ? MiningOutcome.Nothing : MiningOutcome.TooEarly, result.Outcome);
        Assert.Equal(isMined ? MiningRound.BatchNonces : 0, result.Tried);
    }

    [Fact]
    [Trait("Rule", "M-35")]
    public void A_block_of_ours_that_breaks_a_rule_is_told_to_the_source_and_one_that_comes_late_is_not()
    {
        FixedSource source = new(BadTemplate());
        MiningResult refused = UntilFound(RoundOf(source, isTip: true), chain.MinerParts.NewWalk());
        Assert.Equal((MiningOutcome.Refused, RuleCode.MissingInput), (refused.Outcome, refused.Code));
        Assert.Equal(1, source.Refused);

        source = new FixedSource(new MiningTemplate(chain.Maker.MakeTemplate()));
        MiningResult stale = UntilFound(RoundOf(source, isTip: false), chain.MinerParts.NewWalk());
        Assert.Equal((MiningOutcome.Stale, 0), (stale.Outcome, source.Refused));
    }

    [Fact]
    [Trait("Rule", "M-36")]
    public async Task Mining_starts_goes_on_with_other_threads_and_stops()
    {
        Assert.Equal(0, (await StatusAsync()).Threads);
        MiningStatus status = await chain.Mining.StartMining(new StartMiningRequest { Threads = 1 }, new CallContext());
        Assert.Equal((1, chain.MinerParts.Path.Name), (status.Threads, status.Path));
        status = await chain.Mining.StartMining(new StartMiningRequest { Threads = 2 }, new CallContext());
        Assert.Equal((2, time.UnixSeconds), (status.Threads, status.StartedUnix));
        while (chain.Tip.Height < 5)
        {
            Task changed = chain.Core.TipChanged.Next;
            if (chain.Tip.Height < 5)
            {
                await changed.WaitAsync(Cancellation);
            }
        }

        status = await StatusAsync();
        Assert.True(status.Hashes > 0 && status.Height > 5);
        Assert.Equal(0, status.BlocksRefused);
        status = await chain.Mining.StopMining(new StopMiningRequest(), new CallContext());
        Assert.Equal((0, "", 0L), (status.Threads, status.Path, status.StartedUnix));
        BlockEntry tip = chain.Tip;
        await chain.Mining.StopMining(new StopMiningRequest(), new CallContext());
        Assert.Equal(tip, chain.Tip);
        SupplyInvariant.Check(chain);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(257)]
    public async Task One_to_256_threads_mine(int threads)
    {
        RpcException refusal = await Assert.ThrowsAsync<RpcException>(() =>
            chain.Mining.StartMining(new StartMiningRequest { Threads = threads }, new CallContext()));
        Assert.Equal(StatusCode.InvalidArgument, refusal.StatusCode);
    }

    [Theory]
    [Trait("Rule", "M-36")]
    [InlineData("test", 2, 2)]
    [InlineData("test", 0, 0)]
    [InlineData("regtest", 2, 0)]
    public async Task A_node_mines_from_its_start_only_where_that_was_asked_for(string name, int threads, int running)
    {
        await using ChainHost node = await ChainHost.OpenAsync(
            Path.Combine(folder, "from-start"), time, $"Camelid:Network={name}", $"Chain:MinerThreads={threads}");
        await node.ProofMiner.StartAsync(Cancellation);
        Assert.Equal(running, node.ProofMiner.Status().Threads);
        await node.ProofMiner.StopAsync(Cancellation);
        Assert.Equal(0, node.ProofMiner.Status().Threads);
    }

    [Fact]
    public async Task A_count_of_threads_that_cannot_be_ends_the_start()
    {
        await using ChainHost node = await ChainHost.OpenAsync(
            Path.Combine(folder, "out-of-range"), time, "Chain:MinerThreads=-1");
        await Assert.ThrowsAsync<OptionsValidationException>(() => node.ProofMiner.StartAsync(Cancellation));
    }

    [Fact]
    [Trait("Rule", "M-36")]
    public async Task Blocks_on_demand_and_blocks_by_work_exclude_each_other()
    {
        RpcException refusal = await Assert.ThrowsAsync<RpcException>(() =>
            chain.Chain.Mine(new MineRequest { Count = 1 }, new CallContext()));
        Assert.Equal(StatusCode.FailedPrecondition, refusal.StatusCode);
        await using ChainHost regtest = await ChainHost.OpenAsync(Path.Combine(folder, "regtest"), time);
        refusal = await Assert.ThrowsAsync<RpcException>(() =>
            regtest.Mining.StartMining(new StartMiningRequest { Threads = 1 }, new CallContext()));
        Assert.Equal(StatusCode.FailedPrecondition, refusal.StatusCode);
    }

    [Fact]
    public void A_hash_rate_is_the_mean_of_the_last_half_minute()
    {
        HashMeter meter = new(time);
        Assert.Equal(0, meter.PerSecond());
        for (int second = 0; second < 20; second++)
        {
            time.Advance(1);
            meter.Add(1_000);
        }

        Assert.Equal(1_000, meter.PerSecond());
        for (int second = 0; second < 40; second++)
        {
            time.Advance(1);
            meter.Add(3_000);
        }

        Assert.Equal(3_000, meter.PerSecond());
        Assert.Equal(140_000, meter.Total);
    }

    private async Task<MiningStatus> StatusAsync() =>
        await chain.Mining.GetMiningStatus(new GetMiningStatusRequest(), new CallContext());

    private void MineOne(MiningWalk walk) =>
        Assert.Equal(MiningOutcome.Accepted, UntilFound(chain.MinerParts.Round, walk).Outcome);

    private static MiningResult UntilFound(MiningRound round, MiningWalk walk)
    {
        MiningResult result = round.Run(walk);
        while (result.Outcome == MiningOutcome.Nothing)
        {
            result = round.Run(walk);
        }

        return result;
    }

    private MiningRound RoundOf(FixedSource source, bool isTip) => new(
        source, block => (chain.Core.Submit(block).Code, isTip), chain.State.Network, time);

    /// <summary>At the easiest target of the network, with a transaction that spends nothing that exists.</summary>
    private MiningTemplate BadTemplate()
    {
        Transaction bad = Transaction.Create(
            2,
            [new TxInput(new OutPoint(new Txid(Hashes.Sha256("none"u8)), 0), Script.Empty, TxInput.SequenceFinal)],
            [new TxOutput(Amount.Grain(1), Script.Empty)],
            0,
            default);
        return new MiningTemplate(chain.Maker.MakeTemplate() with
        {
            Transactions = [new TransactionWithFee(bad, Amount.Grain(1))],
        });
    }

    /// <summary>One template, come what may.</summary>
    private sealed class FixedSource(MiningTemplate template) : IBlockTemplateSource
    {
        public int Refused { get; private set; }

        public MiningTemplate Current() => template;

        public void Refuse(MiningTemplate refused) => Refused++;
    }
}
