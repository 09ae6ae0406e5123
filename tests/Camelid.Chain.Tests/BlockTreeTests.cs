using Camelid.Chain.Blocks;
using Camelid.Contracts.Chain.V1;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Scripts;
using BlockHash = Camelid.Protocol.Blocks.BlockHash;

namespace Camelid.Chain.Tests;

/// <summary>
/// Rule C-32: headers come first, blocks in whatever order, and the best chain without a gap is the active one.
/// </summary>
public sealed class BlockTreeTests : IAsyncLifetime
{
    private static readonly Script Miner = new P2pkhScript(Hash160.Of("miner"u8)).Build();
    private static readonly Script Other = new P2pkhScript(Hash160.Of("other"u8)).Build();

    private readonly string folder = Directory.CreateTempSubdirectory("camelid-tree").FullName;
    private readonly ManualTime time = new(DateTimeOffset.FromUnixTimeSeconds(1_800_000_000));
    private ChainHost chain = null!;

    private ChainCore Core => chain.Core;

    public async ValueTask InitializeAsync() => chain = await ChainHost.OpenAsync(folder, time);

    public async ValueTask DisposeAsync()
    {
        await chain.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Blocks_that_come_backwards_connect_when_the_gap_is_closed_and_after_a_restart()
    {
        List<Block> branch = ReorgTests.Branch(chain.Tip, 5, Miner);
        Assert.All(branch, block => Assert.Equal(RuleCode.Accepted, Core.AcceptHeader(block.Header, out _)));
        Assert.Equal(branch[^1].Hash, chain.State.Read(reading => reading.BestHeader.Hash));
        foreach (Block block in branch.Skip(1).Reverse())
        {
            Assert.Equal(RuleCode.Accepted, Core.Submit(block).Code);
            Assert.Equal(0, chain.Tip.Height);
        }

        Assert.Equal(5, Core.Submit(branch[0]).Connected.Count);
        Assert.Equal(branch[^1].Hash, chain.Tip.Hash);
        await chain.DisposeAsync();
        chain = await ChainHost.OpenAsync(folder, time);
        Assert.Equal(branch[^1].Hash, chain.Tip.Hash);
    }

    [Fact]
    public void A_header_without_a_known_parent_or_on_a_refused_one_is_refused()
    {
        List<Block> branch = ReorgTests.Branch(chain.Tip, 3, Miner, greedy: true);
        Assert.Equal(RuleCode.WrongPreviousBlock, Core.AcceptHeader(branch[1].Header, out BlockEntry? unknown));
        Assert.Null(unknown);
        Assert.Equal(RuleCode.CoinbaseClaimsTooMuch, Core.Submit(branch[0]).Code);
        Assert.Equal(RuleCode.ParentRefused, Core.AcceptHeader(branch[1].Header, out _));
        Assert.Equal(RuleCode.BlockRefusedBefore, Core.Submit(branch[0]).Code);
        Assert.Equal(0, chain.State.Read(reading => reading.BestHeader.Height));
    }

    [Fact]
    public void Transactions_that_do_not_belong_to_a_header_leave_the_header_good()
    {
        Block good = ReorgTests.Branch(chain.Tip, 1, Miner)[0];
        Block other = ReorgTests.Branch(chain.Tip, 1, Other)[0];
        Block mixed = new(good.Header, other.Transactions);
        Assert.Equal(RuleCode.MerkleRootMismatch, Core.Submit(mixed).Code);
        Assert.Equal(RuleCode.Accepted, Core.Submit(good).Code);
        Assert.Equal(good.Hash, chain.Tip.Hash);
    }

    [Fact]
    public void A_block_set_aside_gives_way_to_the_next_best_and_comes_back_when_reconsidered()
    {
        BlockEntry genesis = chain.Tip;
        List<Block> longer = ReorgTests.Branch(genesis, 3, Miner);
        List<Block> shorter = ReorgTests.Branch(genesis, 2, Other);
        Assert.All(longer.Concat(shorter), block => Assert.Equal(RuleCode.Accepted, Core.Submit(block).Code));
        BlockAcceptance away = Core.Invalidate(longer[1].Hash);
        Assert.Equal(shorter[1].Hash, chain.Tip.Hash);
        Assert.Equal((3, 2), (away.Disconnected.Count, away.Connected.Count));
        Assert.Equal(RuleCode.ParentRefused, Core.AcceptHeader(
            ReorgTests.Branch(chain.State.Read(reading => reading.Find(longer[2].Hash)!), 1, Miner)[0].Header, out _));
        SupplyInvariant.Check(chain);

        Core.Reconsider(longer[1].Hash);
        Assert.Equal(longer[2].Hash, chain.Tip.Hash);
        SupplyInvariant.Check(chain);
        Assert.Equal(RuleCode.GenesisStays, Core.Invalidate(genesis.Hash).Code);
        Assert.Equal(RuleCode.BlockUnknown, Core.Invalidate(default).Code);
    }

    [Fact]
    public async Task A_block_set_aside_within_its_second_is_not_mined_again()
    {
        await chain.Chain.Mine(new MineRequest { Count = 1 }, new CallContext());
        BlockHash aside = chain.Tip.Hash;
        Core.Invalidate(aside);
        await chain.Chain.Mine(new MineRequest { Count = 1 }, new CallContext());
        Assert.Equal(1, chain.Tip.Height);
        Assert.NotEqual(aside, chain.Tip.Hash);
    }

    [Fact]
    public void A_branch_that_breaks_a_rule_at_equal_work_gives_the_first_seen_chain_back()
    {
        BlockEntry genesis = chain.Tip;
        Block first = ReorgTests.Branch(genesis, 1, Miner)[0];
        Block second = ReorgTests.Branch(genesis, 1, Other)[0];
        Core.Submit(first);
        Core.Submit(second);
        BlockEntry entry = chain.State.Read(reading => reading.Find(second.Hash)!);
        Block bad = ReorgTests.Branch(entry, 1, Other, greedy: true)[0];
        Assert.Equal(RuleCode.CoinbaseClaimsTooMuch, Core.Submit(bad).Code);
        Assert.Equal(first.Hash, chain.Tip.Hash);
    }

    [Fact]
    public void A_block_ahead_of_the_clock_is_held_and_judged_at_its_time()
    {
        Block early = ReorgTests.Branch(chain.Tip, 1, Miner, time: time.UnixSeconds + 121)[0];
        Assert.Equal(RuleCode.BlockTimeTooLate, Core.Submit(early).Code);
        Core.ReleaseHeld();
        Assert.Equal(0, chain.Tip.Height);
        time.Advance(1);
        Core.ReleaseHeld();
        Assert.Equal(early.Hash, chain.Tip.Hash);
    }

    [Fact]
    public void Locators_and_ancestors_lead_to_where_two_chains_part()
    {
        List<Block> common = ReorgTests.Branch(chain.Tip, 100, Miner);
        common.ForEach(block => Core.Submit(block));
        BlockEntry fork = chain.Tip;
        List<Block> mine = ReorgTests.Branch(fork, 30, Miner);
        mine.ForEach(block => Core.Submit(block));
        List<Block> theirs = ReorgTests.Branch(fork, 20, Other);
        theirs.ForEach(block => Core.AcceptHeader(block.Header, out _));
        chain.State.Read(reading =>
        {
            BlockEntry other = reading.Find(theirs[^1].Hash)!;
            Assert.Equal(fork, BlockEntry.ForkOf(reading.Tip, other));
            for (int height = 0; height <= reading.Tip.Height; height++)
            {
                Assert.Equal(reading.Active[height], reading.Tip.Ancestor(height));
            }

            IReadOnlyList<BlockHash> locator = ChainReading.Locator(other);
            Assert.True(locator.Count <= ChainReading.LocatorMax);
            IReadOnlyList<BlockEntry> found = reading.HeadersAfter(locator, default, 2_000);
            Assert.True(found[0].Height <= fork.Height + 1);
            Assert.Equal(reading.Tip, found[^1]);
            Assert.Equal(5, reading.HeadersAfter(locator, default, 5).Count);
            Assert.Equal(mine[3].Hash, reading.HeadersAfter(locator, mine[3].Hash, 2_000)[^1].Hash);
            return 0;
        });
    }
}
