using Camelid.Contracts.Chain.V1;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.ServiceDefaults.Rpc;
using Grpc.Core;

namespace Camelid.Chain.Tests;

/// <summary>The first start on regtest: it can be cut off anywhere, and the next start goes on.</summary>
public sealed class BootstrapTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("camelid-boot").FullName;
    private readonly ManualTime time = new(DateTimeOffset.FromUnixTimeSeconds(1_800_000_000));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    /// <summary>Rule E-32.</summary>
    [Fact]
    public async Task The_first_start_funds_all_roles_in_twelve_blocks_and_mines_no_empty_block_after()
    {
        await using ChainHost chain = await ChainHost.StartAsync(folder, time);
        Assert.Equal(12, chain.Tip.Height);
        Assert.True(chain.Reader.Status().Ready);
        BalancesReply balances = await chain.Wallet.GetBalances(new GetBalancesRequest(), new CallContext());
        Assert.Equal((32, 0), (balances.DepositsFree, balances.DepositsOpen));
        Assert.Equal(2 * Amount.GrainsPerCoin, balances.Roles.Single(role => role.Role == "worker").StakesGrains);
        Assert.Equal(2 * Amount.GrainsPerCoin, balances.Roles.Single(role => role.Role == "verifier").StakesGrains);
        SupplyInvariant.Check(chain);
        time.Advance(3600);
        await chain.RunAsync();
        Assert.Equal(12, chain.Tip.Height);
    }

    [Fact]
    public async Task A_start_killed_after_any_number_of_rounds_ends_in_the_same_state()
    {
        for (int rounds = 0; ; rounds++)
        {
            string data = Path.Combine(folder, $"{rounds}");
            int height;
            await using (ChainHost killed = await ChainHost.OpenAsync(data, time))
            {
                for (int i = 0; i < rounds; i++)
                {
                    await killed.Miner.NextAsync(Cancellation);
                }

                height = killed.Tip.Height;
            }

            await using ChainHost chain = await ChainHost.StartAsync(data, time);
            Assert.Equal(12, chain.Tip.Height);
            BalancesReply balances = await chain.Wallet.GetBalances(new GetBalancesRequest(), new CallContext());
            Assert.Equal(32, balances.DepositsFree);
            SupplyInvariant.Check(chain);
            if (height == 12)
            {
                return;
            }
        }
    }

    /// <summary>Killed while a block was being written: the log ends in the middle of any frame.</summary>
    [Fact]
    public async Task A_chain_whose_log_is_cut_off_in_any_block_goes_on()
    {
        await using (await ChainHost.StartAsync(folder, time, "Chain:DepositCount=2"))
        {
        }

        string log = Path.Combine(folder, "regtest", "chain", "blocks-000000.log");
        byte[] whole = await File.ReadAllBytesAsync(log, Cancellation);
        int[] cuts = [.. Enumerable.Range(1, 12).Select(i => whole.Length * i / 12)];
        foreach (int cut in cuts.Reverse())
        {
            await File.WriteAllBytesAsync(log, whole[..cut], Cancellation);
            await using ChainHost chain = await ChainHost.StartAsync(folder, time, "Chain:DepositCount=2");
            Assert.True(chain.Tip.Height >= 12);
            Assert.True(chain.Reader.Status().Ready);
            SupplyInvariant.Check(chain);
        }
    }

    [Fact]
    public async Task The_pool_is_topped_up_where_a_deposit_is_used_up()
    {
        await using ChainHost chain = await ChainHost.StartAsync(folder, time, "Chain:DepositCount=2");
        TestJob job = await TestJob.MakeAsync(chain, time, 1, price: 2_490_000);
        await job.OfferAsync();
        JobTransactionReply payment = await job.PayAsync();
        time.Advance(10);
        await chain.RunAsync();
        Assert.True(await TestJob.ConfirmationsAsync(chain, payment.Txid) >= 2);
        BalancesReply balances = await chain.Wallet.GetBalances(new GetBalancesRequest(), new CallContext());
        Assert.Equal(2, balances.DepositsFree);
    }

    [Fact]
    public async Task A_job_that_needs_more_than_any_worn_deposit_holds_gets_a_new_one()
    {
        await using ChainHost chain = await ChainHost.StartAsync(folder, time, "Chain:DepositCount=1");
        TestJob first = await TestJob.MakeAsync(chain, time, 1, price: 2_000_000);
        await first.OfferAsync();
        await first.PayAsync();
        time.Advance(10);
        await chain.RunAsync();
        TestJob second = await TestJob.MakeAsync(chain, time, 2, price: 2_490_000);
        RpcException refusal = await Assert.ThrowsAsync<RpcException>(second.OfferAsync);
        Assert.Equal("no-free-deposit", RpcReason.Of(refusal));
        await chain.RunAsync();
        await second.OfferAsync();
    }

    [Fact]
    public async Task A_client_without_coins_is_refused_as_no_money_while_the_node_is_ready()
    {
        await using ChainHost chain = await ChainHost.StartAsync(folder, time, "Chain:FundClient=false");
        Assert.True(chain.Reader.Status().Ready);
        TestJob job = await TestJob.MakeAsync(chain, time, 1);
        RpcException refusal = await Assert.ThrowsAsync<RpcException>(job.OfferAsync);
        Assert.Equal((StatusCode.FailedPrecondition, "no-money"), (refusal.StatusCode, RpcReason.Of(refusal)));
    }

    [Fact]
    public async Task A_node_that_does_not_mine_says_what_is_missing()
    {
        await using ChainHost chain = await ChainHost.StartAsync(folder, time, "Chain:Mine=false");
        ChainStatus status = chain.Reader.Status();
        Assert.False(status.Ready);
        Assert.Equal("the worker's stake is in no block yet", status.NotReadyReason);
    }

    [Fact]
    public async Task A_deposit_lives_long_enough_for_any_job_that_may_be_offered()
    {
        await using ChainHost chain = await ChainHost.StartAsync(folder, time, "Chain:DepositCount=1");
        uint expiry = chain.State.Read(reading => reading.Outputs.All()
            .Select(pair => Protocol.Scripts.DepositScript.TryParse(
                pair.Value.Output.Script, out Protocol.Scripts.DepositScript deposit) ? deposit.ExpiryTime : 0).Max());
        Assert.True(expiry >= time.UnixSeconds + (364 * 24 * 3600));
    }

    [Fact]
    public async Task Blocks_are_mined_on_demand_until_they_would_run_ahead_of_the_clock()
    {
        await using ChainHost chain = await ChainHost.StartAsync(folder, time, "Chain:DepositCount=1");
        MineReply reply = await chain.Chain.Mine(new MineRequest { Count = 500 }, new CallContext());
        Assert.Equal((500, 512), (reply.Hashes.Count, chain.Tip.Height));
        reply = await chain.Chain.Mine(new MineRequest { Count = 1000 }, new CallContext());
        Assert.InRange(reply.Hashes.Count, 200, 250);
        Assert.Equal(time.UnixSeconds + 120, chain.Tip.Header.Time);
        RpcException refusal = await Assert.ThrowsAsync<RpcException>(
            () => chain.Chain.Mine(new MineRequest { Count = 1001 }, new CallContext()));
        Assert.Equal(StatusCode.InvalidArgument, refusal.StatusCode);
        Assert.Equal(chain.Tip.Height, chain.BlocksFrom(0).Count - 1);
        Assert.Equal(Network.Regtest.GenesisHash, chain.BlocksFrom(0)[0].Hash);
        Assert.IsType<BlockHash>(chain.Tip.Hash);
        SupplyInvariant.Check(chain);
    }
}
