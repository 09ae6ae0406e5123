using Camelid.Chain.Blocks;
using Camelid.Chain.Index;
using Camelid.Contracts.Chain.V1;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Scripts;
using Camelid.TestKit;

namespace Camelid.Chain.Tests;

/// <summary>The derived tables: what they answer is what a scan of all blocks answers, on both engines.</summary>
public sealed class IndexTests(PostgreSqlServer server) : IClassFixture<PostgreSqlServer>, IDisposable
{
    private static readonly Script Stranger = new P2pkhScript(Hash160.Of("stranger"u8)).Build();

    private readonly string folder = Directory.CreateTempSubdirectory("camelid-index").FullName;
    private readonly ManualTime time = new(DateTimeOffset.FromUnixTimeSeconds(1_800_000_000));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    /// <summary>Rule W-01.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_derived_tables_agree_with_a_scan_of_all_blocks_over_jobs_and_reorgs(bool isPostgreSql)
    {
        await using ChainHost chain = await StartAsync(isPostgreSql);
        BlockEntry fork = chain.Tip;
        await RunJobAsync(chain);
        await IndexScan.CheckAsync(chain);

        foreach (Block block in ReorgTests.Branch(fork, chain.Tip.Height - fork.Height + 1, Stranger))
        {
            Assert.Equal(RuleCode.Accepted, await chain.Blocks.SubmitAsync(block, Cancellation));
        }

        await IndexScan.CheckAsync(chain);
        time.Advance(60);
        await chain.RunAsync();
        await IndexScan.CheckAsync(chain);
    }

    /// <summary>Rule W-02.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Tables_of_another_version_are_built_anew_and_no_event_or_offer_is_touched(bool isPostgreSql)
    {
        await using ChainHost chain = await StartAsync(isPostgreSql);
        await RunJobAsync(chain);
        string[] events = await EventsAsync(chain);
        await chain.Database.WriteAsync(
            async session =>
            {
                await session.ExecuteAsync("update index_state set version = 0, height = 3");
                await session.ExecuteAsync("delete from transactions where height = 5");
            },
            Cancellation);
        await chain.Chain.Mine(new MineRequest { Count = 1 }, new CallContext());
        await IndexScan.CheckAsync(chain);
        Assert.Equal(events.Length + 1, (await EventsAsync(chain)).Length);
        Assert.Equal(1, await CountAsync(chain, "job_offers"));
        Assert.Equal(1, await CountAsync(chain, "deposits"));
    }

    /// <summary>Rule W-02: the blocks that were told leave the chain while the tables are still being built.</summary>
    [Fact]
    public async Task A_reorg_during_a_rebuild_tells_the_blocks_that_left_with_their_jobs()
    {
        await using ChainHost chain = await StartAsync(false);
        BlockEntry fork = chain.Tip;
        await RunJobAsync(chain);
        string job = await chain.Database.ReadAsync(
            session => session.QueryFirstOrDefaultAsync<string>("select job_id from job_offers"), Cancellation) ?? "";
        await chain.Database.WriteAsync(
            session => session.ExecuteAsync("update index_state set version = 0"), Cancellation);
        foreach (Block block in ReorgTests.Branch(fork, chain.Tip.Height - fork.Height + 1, Stranger))
        {
            chain.State.Submit(block);
        }

        await chain.Blocks.CatchUpAsync(Cancellation);
        await IndexScan.CheckAsync(chain);
        Assert.Contains(
            await EventsAsync(chain, "BlockDisconnected"), body => body.Contains(job, StringComparison.Ordinal));
    }

    /// <summary>Rule W-02: damage is noticed where a block spends what the tables lack.</summary>
    [Fact]
    public async Task Damaged_tables_are_built_anew_by_themselves()
    {
        await using ChainHost chain = await StartAsync(false);
        await chain.Database.WriteAsync(
            session => session.ExecuteAsync("delete from outputs where kind = 2"), Cancellation);
        await RunJobAsync(chain);
        await IndexScan.CheckAsync(chain);
    }

    /// <summary>The control of the scan: it sees one grain.</summary>
    [Fact]
    public async Task A_scan_finds_tables_that_are_wrong()
    {
        await using ChainHost chain = await StartAsync(false);
        await chain.Database.WriteAsync(
            session => session.ExecuteAsync("update outputs set grains = grains + 1 where height = 1"), Cancellation);
        await Assert.ThrowsAnyAsync<Exception>(() => IndexScan.CheckAsync(chain));
    }

    [Fact]
    public async Task A_history_is_read_page_by_page_without_a_gap_or_a_repetition()
    {
        await using ChainHost chain = await StartAsync(false);
        await RunJobAsync(chain);
        Hash160[] owners = [.. Enum.GetValues<KeyRole>().Select(role => chain.State.Keys[role].Address.KeyHash)];
        IReadOnlyList<OwnerEntry> whole = await chain.Outputs.HistoryAsync(owners, ChainPlace.Top, 1000, Cancellation);
        List<OwnerEntry> pages = [];
        ChainPlace below = ChainPlace.Top;
        while (await chain.Outputs.HistoryAsync(owners, below, 3, Cancellation) is { Count: > 0 } page)
        {
            Assert.InRange(page.Select(entry => entry.Txid).Distinct().Count(), 1, 3);
            pages.AddRange(page);
            below = new ChainPlace(page[^1].Height, page[^1].Position);
        }

        Assert.Equal(whole, pages);
        Assert.True(whole.Count > 20);
    }

    [Fact]
    public async Task More_blocks_than_one_write_takes_are_indexed_at_a_later_start()
    {
        await using (ChainHost chain = await StartAsync(false))
        {
            await chain.Chain.Mine(new MineRequest { Count = (2 * BlockIndex.BlocksPerWrite) + 5 }, new CallContext());
            await chain.Index.RebuildAsync(Cancellation);
        }

        await using ChainHost again = await ChainHost.OpenAsync(folder, time);
        await IndexScan.CheckAsync(again);
        Assert.Equal(again.Tip.Height, (await again.Totals.AtTipAsync(Cancellation)).Height);
    }

    private async Task<ChainHost> StartAsync(bool isPostgreSql) => isPostgreSql
        ? await ChainHost.StartAsync(
            folder, time, "Chain:DepositCount=2",
            "ConnectionStrings:chainindex=" + await server.NewDatabaseAsync(Cancellation))
        : await ChainHost.StartAsync(folder, time, "Chain:DepositCount=2");

    private async Task RunJobAsync(ChainHost chain)
    {
        TestJob job = await TestJob.MakeAsync(chain, time, 1);
        await job.OfferAsync();
        await job.PayAsync();
        time.Advance(10);
        await chain.RunAsync();
        await job.ClaimAsync();
        await chain.RunAsync();
    }

    private static async Task<string[]> EventsAsync(ChainHost chain, string kind = "BlockConnected") =>
    [
        .. await chain.Database.ReadAsync(
            session => session.QueryAsync<string>(
                "select body from outbox where message_type like @kind", new { kind = $"%{kind}%" }),
            Cancellation),
    ];

    private static Task<long> CountAsync(ChainHost chain, string table) => chain.Database.ReadAsync(
        session => session.QueryFirstOrDefaultAsync<long>($"select count(*) from {table}"), Cancellation);
}
