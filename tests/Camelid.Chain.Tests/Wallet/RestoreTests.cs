using Camelid.Contracts.Chain.V1;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Keys;
using Camelid.ServiceDefaults.Rpc;
using Grpc.Core;

namespace Camelid.Chain.Tests.Wallet;

/// <summary>Rules W-08 to W-10: a wallet is its words: balance and history come back on any node.</summary>
public sealed class RestoreTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("camelid-restore").FullName;
    private readonly ManualTime time = new(DateTimeOffset.FromUnixTimeSeconds(1_800_000_000));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    /// <summary>The blocks come before the words, and after them.</summary>
    [Theory]
    [Trait("Rule", "W-08")]
    [Trait("Rule", "W-09")]
    [Trait("Rule", "W-10")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_wallet_restored_from_its_words_has_the_balance_and_the_history_of_the_first(bool blocksFirst)
    {
        await using ChainHost first = await OpenAsync("first");
        CreateWalletReply made = await first.Wallet.CreateWallet(new CreateWalletRequest(), new CallContext());
        Assert.Equal(24, made.Words.Count);
        await first.RunAsync();
        await LiveAsync(first);

        await using ChainHost second = await OpenAsync("second");
        RestoreWalletRequest words = new() { Words = string.Join(' ', made.Words) };
        if (blocksFirst)
        {
            await SyncAsync(first, second);
            await second.Wallet.RestoreWallet(words, new CallContext());
        }
        else
        {
            await second.Wallet.RestoreWallet(words, new CallContext());
            await SyncAsync(first, second);
        }

        WalletBalance balance = await BalanceOf(first);
        Assert.True(balance is { SpendableGrains: > 0, ImmatureGrains: > 0, LockedGrains: > 0 }, balance.ToString());
        Assert.Equal(balance, await BalanceOf(second));
        Assert.Equal(await HistoryOf(first), await HistoryOf(second));
        Assert.Equal(
            await first.Wallet.GetBalances(new GetBalancesRequest(), new CallContext()),
            await second.Wallet.GetBalances(new GetBalancesRequest(), new CallContext()));
        Assert.Equal(await StatusOf(first), await StatusOf(second));
    }

    /// <summary>The control: other words give another wallet, which has nothing.</summary>
    [Fact]
    public async Task Other_words_have_no_coins_there()
    {
        await using ChainHost first = await OpenAsync("first");
        await first.Wallet.CreateWallet(new CreateWalletRequest(), new CallContext());
        await first.RunAsync();
        await using ChainHost second = await OpenAsync("second");
        await SyncAsync(first, second);
        await second.Wallet.CreateWallet(new CreateWalletRequest(), new CallContext());
        Assert.Equal(0, (await BalanceOf(second)).TotalGrains);
        Assert.Equal("[ ]", await HistoryOf(second));
    }

    /// <summary>Every grain that was issued is the wallet's, except what it sent away and what was burned.</summary>
    [Fact]
    [Trait("Rule", "W-09")]
    public async Task The_history_adds_up_to_the_balance()
    {
        await using ChainHost chain = await OpenAsync("first");
        await chain.Wallet.CreateWallet(new CreateWalletRequest(), new CallContext());
        await chain.RunAsync();
        await LiveAsync(chain);
        WalletHistory history = new();
        do
        {
            WalletHistory page = await chain.Wallet.ListHistory(
                new ListHistoryRequest { Cursor = history.Cursor, Limit = 3 }, new CallContext());
            history.Entries.AddRange(page.Entries);
            history.Cursor = page.Cursor;
        }
        while (history.Cursor.Length > 0);

        Assert.Equal(
            (await BalanceOf(chain)).TotalGrains, history.Entries.Sum(entry => entry.NetGrains));
        Assert.Equal(history.Entries.Count, history.Entries.DistinctBy(entry => entry.Txid).Count());
        Assert.Contains(history.Entries, entry => entry.Kind == "mined");
        Assert.Contains(history.Entries, entry => entry is { Kind: "moved", FeeGrains: > 0 });
        Assert.Contains(history.Entries, entry => entry is { Kind: "sent", FeeGrains: > 0, NetGrains: < -1_000_000 });
    }

    [Fact]
    [Trait("Rule", "W-10")]
    public async Task A_wallet_is_never_made_over_another()
    {
        await using (ChainHost chain = await OpenAsync("first"))
        {
            Assert.Equal("no-wallet", await ReasonAsync(chain.Wallet.GetBalance(new(), new CallContext())));
            CreateWalletReply made = await chain.Wallet.CreateWallet(new CreateWalletRequest(), new CallContext());
            Assert.Equal("wallet-exists", await ReasonAsync(chain.Wallet.CreateWallet(new(), new CallContext())));
            Assert.Equal("wallet-exists", await ReasonAsync(chain.Wallet.RestoreWallet(
                new RestoreWalletRequest { Words = string.Join(' ', made.Words) }, new CallContext())));
        }

        await using ChainHost again = await OpenAsync("first");
        Assert.True((await again.Wallet.GetWalletStatus(new(), new CallContext())) is { Exists: true, Locked: false });
    }

    [Theory]
    [Trait("Rule", "W-10")]
    [InlineData("regtest", "", null)]
    [InlineData("regtest", "1234567", "passphrase: 7 characters, not 8 … 1024")]
    [InlineData("test", "", "only on regtest")]
    public async Task A_passphrase_is_long_enough_and_may_be_missing_on_regtest_only(
        string network, string passphrase, string? refusal)
    {
        await using ChainHost chain = await OpenAsync("first", network);
        Task<CreateWalletReply> made = chain.Wallet.CreateWallet(
            new CreateWalletRequest { Passphrase = passphrase }, new CallContext());
        if (refusal is null)
        {
            Assert.False((await made).Status.Sealed);
            return;
        }

        RpcException exception = await Assert.ThrowsAsync<RpcException>(() => made);
        Assert.Equal(StatusCode.InvalidArgument, exception.StatusCode);
        Assert.Contains(refusal, exception.Status.Detail, StringComparison.Ordinal);
        Assert.False(chain.State.Keys.Exists);
    }

    [Fact]
    [Trait("Rule", "W-10")]
    public async Task A_sealed_wallet_is_locked_when_it_was_made_and_its_words_are_in_no_file()
    {
        await using ChainHost chain = await OpenAsync("first", "test");
        CreateWalletReply made = await chain.Wallet.CreateWallet(
            new CreateWalletRequest { Passphrase = "a long one" }, new CallContext());
        Assert.True(made.Status is { Sealed: true, Locked: true, LocksAtUnix: 0, Network: "test" });
        string words = string.Join(' ', made.Words);
        Assert.True(Mnemonic.TryParse(words, out Mnemonic? mnemonic, out _));
        string file = await File.ReadAllTextAsync(Path.Combine(folder, "first", "keys", "seed"), Cancellation);
        Assert.DoesNotContain(Convert.ToHexStringLower(mnemonic.Entropy), file, StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToHexStringLower(mnemonic.ToSeed()), file, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Rule", "M-36")]
    public async Task Mining_without_a_wallet_is_refused_and_begins_once_there_is_one()
    {
        await using ChainHost chain = await OpenAsync("first", "test");
        StartMiningRequest start = new() { Threads = 1 };
        RpcException refusal = await Assert.ThrowsAsync<RpcException>(
            () => chain.Mining.StartMining(start, new CallContext()));
        Assert.Equal("no-wallet", RpcReason.Of(refusal));
        Assert.Contains("wallet create", refusal.Status.Detail, StringComparison.Ordinal);
        await chain.Wallet.CreateWallet(new CreateWalletRequest { Passphrase = "a long one" }, new CallContext());
        Assert.Equal(1, (await chain.Mining.StartMining(start, new CallContext())).Threads);
        Assert.Equal(0, (await chain.Mining.StopMining(new StopMiningRequest(), new CallContext())).Threads);
    }

    [Fact]
    public async Task A_receive_address_is_the_same_until_it_is_used_and_fresh_ones_end_at_the_gap()
    {
        await using ChainHost chain = await OpenAsync("first");
        await chain.Wallet.CreateWallet(new CreateWalletRequest(), new CallContext());
        ReceiveAddress address = await ReceiveAsync(chain, isFresh: false);
        Assert.Equal("m/44'/1'/0'/0/1", address.Path);
        Assert.Equal(address, await ReceiveAsync(chain, isFresh: false));
        HashSet<string> fresh = [address.Address];
        for (int i = 2; i < 20; i++)
        {
            Assert.True(fresh.Add((await ReceiveAsync(chain, isFresh: true)).Address));
        }

        Assert.Equal("address-gap", await ReasonAsync(ReceiveAsync(chain, isFresh: true)));
        Assert.Equal(address, await ReceiveAsync(chain, isFresh: false));
    }

    /// <summary>
    /// Payments to 25 fresh addresses of the wallet, more than a gap, and to a stranger, each with change.
    /// </summary>
    private static async Task LiveAsync(ChainHost chain)
    {
        string stranger = new Address(Network.Regtest.AddressVersion, Hash160.Of("stranger"u8)).ToString();
        for (int i = 0; i < 25; i++)
        {
            foreach (string address in new[] { (await ReceiveAsync(chain, isFresh: true)).Address, stranger })
            {
                await chain.Wallet.Send(
                    new SendRequest { RequestId = $"{i}-{address}", Address = address, Grains = 1_000_000 + i },
                    new CallContext());
            }

            await chain.RunAsync();
        }
    }

    private static async Task SyncAsync(ChainHost from, ChainHost to)
    {
        foreach (Block block in from.BlocksFrom(1))
        {
            Assert.Equal(RuleCode.Accepted, await to.Blocks.SubmitAsync(block, Cancellation));
        }
    }

    private Task<ChainHost> OpenAsync(string name, string network = "regtest") => ChainHost.OpenWithoutSeedAsync(
        Path.Combine(folder, name), time, "Chain:CreateWallet=false", "Chain:DepositCount=2",
        $"Camelid:Network={network}");

    private static Task<ReceiveAddress> ReceiveAsync(ChainHost chain, bool isFresh) =>
        chain.Wallet.GetReceiveAddress(new GetReceiveAddressRequest { Fresh = isFresh }, new CallContext());

    private static Task<WalletBalance> BalanceOf(ChainHost chain) =>
        chain.Wallet.GetBalance(new GetBalanceRequest(), new CallContext());

    private static async Task<string> HistoryOf(ChainHost chain) =>
        (await chain.Wallet.ListHistory(new ListHistoryRequest { Limit = 200 }, new CallContext())).Entries.ToString();

    private static Task<WalletStatus> StatusOf(ChainHost chain) =>
        chain.Wallet.GetWalletStatus(new GetWalletStatusRequest(), new CallContext());

    private static async Task<string> ReasonAsync(Task call) =>
        RpcReason.Of(await Assert.ThrowsAsync<RpcException>(() => call));
}
