using Camelid.Chain.Mining;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Market;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Tests.Mining;

/// <summary>Rule P-66: on regtest a node that does not mine makes stakes and deposits of what it is paid.</summary>
public sealed class FaucetTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("camelid-faucet").FullName;
    private readonly ManualTime time = new(DateTimeOffset.FromUnixTimeSeconds(1_800_000_000));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("worker", 2)]
    [InlineData("verifier", 2)]
    [InlineData("client", 32)]
    [InlineData("client,worker,verifier", 36)]
    [Trait("Rule", "P-66")]
    public async Task A_node_that_does_not_mine_is_paid_once_and_makes_what_its_roles_need(string roles, long coins)
    {
        await using ChainHost miner = await ChainHost.StartAsync(Path.Combine(folder, "a"), time);
        await using ChainHost other = await ChainHost.OpenAsync(
            Path.Combine(folder, "b"), time, "Chain:Mine=false", $"Camelid:Roles={roles}");
        await FollowAsync(other, miner);
        Assert.False(other.Reader.Status().Ready);
        FundingRequest request = other.Faucet.Ask()!;
        Assert.Equal((coins * Amount.GrainsPerCoin) + 10_000, request.Grains);
        Assert.Equal(FaucetAnswer.Paid, miner.Faucet.Pay(request.Encode()));
        Assert.Equal(FaucetAnswer.PaidBefore, miner.Faucet.Pay(request.Encode()));
        await miner.RunAsync();
        await FollowAsync(other, miner);
        await other.RunAsync();
        Transaction funding = Assert.Single(other.Pool.List()).Transaction;
        Assert.Null(other.Faucet.Ask());
        Assert.True(miner.Pool.Accept(funding).IsAccepted);
        await miner.RunAsync();
        await FollowAsync(other, miner);
        Assert.Equal("", other.Reader.NotReadyReason());
        await other.RunAsync();
        Assert.Empty(other.Pool.List());
        Assert.Null(other.Faucet.Ask());
        SupplyInvariant.Check(miner);
    }

    [Fact]
    [Trait("Rule", "P-66")]
    public async Task One_payment_waits_at_a_time_and_others_are_paid_after_it()
    {
        await using ChainHost miner = await ChainHost.StartAsync(folder, time);
        Assert.Equal(FaucetAnswer.Paid, miner.Faucet.Pay(Request(1).Encode()));
        Assert.Equal(FaucetAnswer.NotNow, miner.Faucet.Pay(Request(2).Encode()));
        await miner.RunAsync();
        Assert.Equal(FaucetAnswer.Paid, miner.Faucet.Pay(Request(2).Encode()));
    }

    [Fact]
    [Trait("Rule", "P-66")]
    public async Task A_miner_whose_own_roles_lack_something_pays_nobody()
    {
        await using ChainHost miner = await ChainHost.OpenAsync(folder, time);
        Assert.Equal(FaucetAnswer.NotNow, miner.Faucet.Pay(Request(1).Encode()));
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, true)]
    [InlineData(FundingRequest.GrainsMax, true)]
    [InlineData(FundingRequest.GrainsMax + 1, false)]
    [Trait("Rule", "P-66")]
    public void A_request_is_for_one_grain_to_forty_coins(long grains, bool isGood)
    {
        FundingRequest request = Request(1) with { Grains = grains };
        Assert.Equal(isGood, FundingRequest.TryDecode(request.Encode(), out FundingRequest? read));
        Assert.True(!isGood || request == read);
        Assert.False(FundingRequest.TryDecode([.. request.Encode(), 0], out _));
    }

    [Fact]
    [Trait("Rule", "P-66")]
    public async Task A_request_of_another_network_or_out_of_form_is_refused()
    {
        await using ChainHost miner = await ChainHost.StartAsync(folder, time);
        FundingRequest foreign = Request(1) with { Genesis = Network.Main.GenesisHash.Value };
        Assert.Equal(FaucetAnswer.Refused, miner.Faucet.Pay(foreign.Encode()));
        Assert.Equal(FaucetAnswer.Refused, miner.Faucet.Pay([]));
        Assert.Empty(miner.Pool.List());
    }

    /// <summary>Elsewhere coin costs work: nobody asks, and nobody pays.</summary>
    [Theory]
    [InlineData("Camelid:Network=test", "Chain:Mine=true")]
    [InlineData("Camelid:Network=main", "Chain:Mine=false")]
    [InlineData("Chain:Faucet=false", "Chain:Mine=true")]
    [InlineData("Chain:Faucet=false", "Chain:Mine=false")]
    [Trait("Rule", "P-66")]
    public async Task There_is_no_faucet_elsewhere_or_where_it_is_switched_off(string first, string second)
    {
        await using ChainHost chain = await ChainHost.OpenAsync(folder, time, first, second);
        Assert.False(chain.Faucet.Pays || chain.Faucet.Asks);
        Assert.Null(chain.Faucet.Ask());
        Assert.Equal(FaucetAnswer.Refused, chain.Faucet.Pay(Request(1).Encode()));
    }

    private static FundingRequest Request(byte payee) => new()
    {
        Genesis = Network.Regtest.GenesisHash.Value,
        Payee = Hash160.FromBytes([.. new byte[19], payee]),
        Grains = Amount.GrainsPerCoin,
    };

    private static async Task FollowAsync(ChainHost follower, ChainHost leader)
    {
        foreach (Block block in leader.BlocksFrom(follower.Tip.Height + 1))
        {
            Assert.Equal(RuleCode.Accepted, await follower.Blocks.SubmitAsync(block, Cancellation));
        }
    }
}
