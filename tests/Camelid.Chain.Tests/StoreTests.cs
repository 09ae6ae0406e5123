using System.Data.Common;
using Camelid.Contracts.Chain.V1;
using Camelid.TestKit;
using Grpc.Core;

namespace Camelid.Chain.Tests;

/// <summary>The chain's tables on SQLite and on PostgreSQL, and a database that fails at the wrong moment.</summary>
public sealed class StoreTests(PostgreSqlServer server) : IClassFixture<PostgreSqlServer>, IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("camelid-store").FullName;
    private readonly ManualTime time = new(DateTimeOffset.FromUnixTimeSeconds(1_800_000_000));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_job_settles_over_a_restart_on_both_engines(bool isPostgreSql)
    {
        List<string> settings = ["Chain:DepositCount=2"];
        if (isPostgreSql)
        {
            settings.Add("ConnectionStrings:chainindex=" + await server.NewDatabaseAsync(Cancellation));
        }

        JobTransactionReply payment;
        await using (ChainHost chain = await ChainHost.StartAsync(folder, time, [.. settings]))
        {
            TestJob job = await TestJob.MakeAsync(chain, time, 1);
            await job.OfferAsync();
            await job.AssignAsync();
            payment = await job.PayAsync();
        }

        time.Advance(10);
        await using ChainHost again = await ChainHost.StartAsync(folder, time, [.. settings]);
        Assert.True(await TestJob.ConfirmationsAsync(again, payment.Txid) >= 2);
        TestJob same = await TestJob.MakeAsync(again, time, 2);
        await same.OfferAsync();
        await same.PayAsync();
        await Assert.ThrowsAsync<RpcException>(same.CloseAsync);
        time.Advance(10);
        await again.RunAsync();
        JobTransactionReply claim = await same.ClaimAsync();
        await again.RunAsync();
        Assert.Equal(1, await TestJob.ConfirmationsAsync(again, claim.Txid));
        SupplyInvariant.Check(again);
    }

    [Fact]
    public async Task A_database_that_fails_between_block_and_index_loses_nothing()
    {
        await using ChainHost chain = await ChainHost.StartAsync(folder, time, "Chain:DepositCount=2");
        TestJob job = await TestJob.MakeAsync(chain, time, 1);
        await job.OfferAsync();
        JobTransactionReply payment = await job.PayAsync();
        time.Advance(10);
        await RenameAsync(chain, "blocks", "gone");
        await Assert.ThrowsAnyAsync<DbException>(() => chain.Miner.NextAsync(Cancellation));
        int height = chain.Tip.Height;
        Assert.Equal(1, await TestJob.ConfirmationsAsync(chain, payment.Txid));
        await RenameAsync(chain, "gone", "blocks");
        await chain.RunAsync();
        Assert.Equal(height + 1, chain.Tip.Height);
        Assert.Equal(2, await TestJob.ConfirmationsAsync(chain, payment.Txid));
        Assert.Equal(0, chain.Pool.Count);
    }

    private static Task<int> RenameAsync(ChainHost chain, string from, string to) => chain.Database.WriteAsync(
        session => session.ExecuteAsync($"alter table {from} rename to {to}"), Cancellation);
}
