using Camelid.Contracts.Chain.V1;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Keys;
using Grpc.Core;

namespace Camelid.Chain.Tests.Wallet;

/// <summary>Rule W-16: another's coins are shown, apart, and never spent.</summary>
[Trait("Rule", "W-16")]
public sealed class WatchTests : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("camelid-watch").FullName;
    private readonly ManualTime time = new(DateTimeOffset.FromUnixTimeSeconds(1_800_000_000));
    private ChainHost payer = null!;
    private ChainHost watcher = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        payer = await ChainHost.StartAsync(Path.Combine(folder, "payer"), time, "Chain:DepositCount=2");
        watcher = await ChainHost.OpenAsync(Path.Combine(folder, "watcher"), time, "Chain:CreateWallet=false");
    }

    public async ValueTask DisposeAsync()
    {
        await payer.DisposeAsync();
        await watcher.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task The_account_of_an_extended_key_is_watched_on_both_chains_without_a_wallet()
    {
        await PayAsync("a", (await payer.Wallet.GetReceiveAddress(new(), new CallContext())).Address, 5_000_000);
        string account = payer.State.Keys.Ring.AccountText(KeyRole.Client);
        await WatchAsync(account);
        await SyncAsync();
        WalletBalance balance = await BalanceAsync(watcher);
        WalletBalance own = await BalanceAsync(payer);
        RoleBalance client = (await payer.Wallet.GetBalances(new(), new CallContext())).Roles[0];
        Assert.Equal(0, balance.TotalGrains);
        Assert.True(balance.WatchedGrains > 5_000_000 + client.DepositsGrains);
        Assert.True(balance.WatchedGrains < own.TotalGrains);
        WalletHistory history = await watcher.Wallet.ListHistory(
            new ListHistoryRequest { Watched = true }, new CallContext());
        Assert.Contains(history.Entries, entry => entry.NetGrains > 5_000_000);
    }

    [Fact]
    public async Task A_watched_address_is_shown_apart_and_what_is_ours_is_not_shown_twice()
    {
        await WatchAsync(PaymentTests.StrangerAddress, payer);
        await WatchAsync(payer.State.Keys[KeyRole.Miner].Address.ToString(), payer);
        WalletBalance before = await BalanceAsync(payer);
        Assert.Equal((0, 0), (before.WatchedGrains, before.WatchedWaitingGrains));
        SendReply sent = await payer.Wallet.Send(
            Request("a", PaymentTests.StrangerAddress, 7_000_000), new CallContext());
        WalletBalance waiting = await BalanceAsync(payer);
        Assert.Equal((0, 7_000_000), (waiting.WatchedGrains, waiting.WatchedWaitingGrains));
        Assert.Equal(before.TotalGrains - 7_000_000 - sent.FeeGrains, waiting.TotalGrains);
        await payer.RunAsync();
        Assert.Equal((7_000_000, 0),
            ((await BalanceAsync(payer)).WatchedGrains, (await BalanceAsync(payer)).WatchedWaitingGrains));
        WatchList left = await payer.Wallet.Unwatch(
            new WatchRequest { Content = PaymentTests.StrangerAddress }, new CallContext());
        Assert.Single(left.Contents);
        Assert.Equal(0, (await BalanceAsync(payer)).WatchedGrains);
    }

    /// <summary>A wallet whose only coins in sight are watched ones can't pay with them.</summary>
    [Fact]
    public async Task Watched_coins_are_never_spent()
    {
        await WatchAsync(payer.State.Keys.Ring.AccountText(KeyRole.Miner));
        await watcher.Wallet.CreateWallet(new CreateWalletRequest(), new CallContext());
        await SyncAsync();
        Assert.True((await BalanceAsync(watcher)).WatchedGrains > 100_000_000);
        RpcException refusal = await Assert.ThrowsAsync<RpcException>(() => watcher.Wallet.Send(
            Request("x", PaymentTests.StrangerAddress, 1_000), new CallContext()));
        Assert.Contains("0 grains may be spent", refusal.Status.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("1BShJZ8A5q53oJJfMJoEF1gfZCWdZqZwwD")]
    [InlineData("")]
    public async Task What_is_neither_an_address_nor_a_public_account_of_this_network_is_refused(string content)
    {
        RpcException refusal = await Assert.ThrowsAsync<RpcException>(() => WatchAsync(content));
        Assert.Equal(StatusCode.InvalidArgument, refusal.StatusCode);
    }

    [Fact]
    public async Task An_extended_private_key_is_not_taken()
    {
        string secret = ExtendedKey.FromSeed(new byte[32], payer.State.Curve).ToText(Network.Regtest);
        await Assert.ThrowsAsync<RpcException>(() => WatchAsync(secret));
        Assert.Empty((await watcher.Wallet.ListWatched(new ListWatchedRequest(), new CallContext())).Contents);
    }

    private async Task PayAsync(string requestId, string address, long grains)
    {
        await payer.Wallet.Send(Request(requestId, address, grains), new CallContext());
        await payer.RunAsync();
    }

    private async Task SyncAsync()
    {
        foreach (Block block in payer.BlocksFrom(1))
        {
            Assert.Equal(RuleCode.Accepted, await watcher.Blocks.SubmitAsync(block, Cancellation));
        }
    }

    private Task<WatchList> WatchAsync(string content, ChainHost? node = null) =>
        (node ?? watcher).Wallet.Watch(new WatchRequest { Content = content }, new CallContext());

    private static SendRequest Request(string requestId, string address, long grains) =>
        new() { RequestId = requestId, Address = address, Grains = grains };

    private static Task<WalletBalance> BalanceAsync(ChainHost node) =>
        node.Wallet.GetBalance(new GetBalanceRequest(), new CallContext());
}
