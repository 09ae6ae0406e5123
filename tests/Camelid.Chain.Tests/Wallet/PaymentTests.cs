using Camelid.Chain.Keys;
using Camelid.Chain.Mempool;
using Camelid.Chain.Wallet;
using Camelid.Contracts.Chain.V1;
using Camelid.Protocol;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;
using Camelid.ServiceDefaults.Rpc;
using Grpc.Core;

namespace Camelid.Chain.Tests.Wallet;

/// <summary>Rules W-12 and W-13: what is paid, once, whatever happens in between.</summary>
public sealed class PaymentTests : IAsyncLifetime
{
    private const long Coin = Amount.GrainsPerCoin;

    private static readonly Address Stranger = new(Network.Regtest.AddressVersion, Hash160.Of("stranger"u8));

    /// <summary>An address whose key nobody has.</summary>
    internal static string StrangerAddress => Stranger.ToString();

    private readonly string folder = Directory.CreateTempSubdirectory("camelid-payment").FullName;
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
    [Trait("Rule", "W-13")]
    public async Task A_payment_reaches_the_payee_exactly_and_the_rest_comes_back_as_change()
    {
        long before = (await BalanceAsync()).TotalGrains;
        SendReply paid = await SendAsync("a", 12_345_678, rate: 1_000);
        Transaction transaction = Find(paid.Txid);
        Assert.Contains(new TxOutput(Amount.Grain(12_345_678), Stranger.ToScript()), transaction.Outputs);
        Assert.True(paid.FeeGrains * 1_000 >= 1_000L * transaction.ByteCount);
        Assert.InRange(transaction.ByteCount, 1, paid.FeeGrains);
        WalletBalance waiting = await BalanceAsync();
        Assert.Equal(paid.ChangeGrains, waiting.ChangeGrains);
        Assert.Equal(before - 12_345_678 - paid.FeeGrains, waiting.TotalGrains);
        HistoryEntry entry = (await HistoryAsync()).Entries[0];
        Assert.Equal(
            (paid.Txid, "sent", -12_345_678 - paid.FeeGrains, paid.FeeGrains, 0),
            (entry.Txid, entry.Kind, entry.NetGrains, entry.FeeGrains, entry.Height));
        await chain.RunAsync();
        HistoryEntry mined = Assert.Single((await HistoryAsync()).Entries, entry => entry.Txid == paid.Txid);
        Assert.Equal((entry.NetGrains, entry.FeeGrains), (mined.NetGrains, mined.FeeGrains));
        Assert.Equal(1, mined.Confirmations);
        WalletCoin change = Assert.Single(
            (await chain.Coins.TakeAsync(chain.OwnAddresses, Cancellation)).Coins,
            coin => coin.Grains == paid.ChangeGrains);
        Assert.Equal(new KeyPlace(KeyRole.Client, AddressChain.Change, 0), change.Place);
    }

    [Fact]
    [Trait("Rule", "W-13")]
    public async Task A_request_that_comes_twice_is_paid_once_and_another_payment_needs_another_request()
    {
        SendReply first = await SendAsync("same", Coin);
        Assert.Equal(first, await SendAsync("same", Coin));
        Assert.Equal(1, chain.Pool.Count);
        await chain.RunAsync();
        Assert.Equal(first, await SendAsync("same", Coin));
        Assert.Equal("request-id-used", await ReasonAsync(SendAsync("same", Coin + 1)));
        Assert.Equal(Coin, (await chain.Outputs.TotalsAsync(Stranger.KeyHash, Cancellation)).ReceivedGrains);
        SendReply[] both = await Task.WhenAll(SendAsync("twin", Coin), SendAsync("twin", Coin));
        Assert.Equal(both[0], both[1]);
        Assert.Equal(1, chain.Pool.Count);
    }

    /// <summary>The node is killed between the record and the mempool, and again after it was offered.</summary>
    [Fact]
    [Trait("Rule", "W-12")]
    public async Task A_payment_that_was_kept_is_paid_after_a_crash_and_only_once()
    {
        SendRow kept = await chain.Payments.RecordAsync(Order("crash", 3 * Coin), Cancellation);
        Assert.Equal(0, chain.Pool.Count);
        await ReopenAsync();
        Assert.Equal(0, chain.Pool.Count);
        await chain.Rebroadcast.RunAsync(Cancellation);
        Assert.True(chain.Pool.Has(kept.Transaction.Txid));
        await ReopenAsync();
        Assert.Equal(kept.Txid, (await SendAsync("crash", 3 * Coin)).Txid);
        await chain.RunAsync();
        await chain.Rebroadcast.RunAsync(Cancellation);
        Assert.Equal(3 * Coin, (await chain.Outputs.TotalsAsync(Stranger.KeyHash, Cancellation)).ReceivedGrains);
        Assert.Equal(0, (await BalanceAsync()).ReservedGrains);
    }

    [Fact]
    [Trait("Rule", "W-12")]
    public async Task Two_payments_never_spend_one_coin_even_while_one_has_not_left()
    {
        WalletBalance before = await BalanceAsync();
        HashSet<OutPoint> spent = [];
        int count = 0;
        for (; ; count++)
        {
            try
            {
                SendRow row = await chain.Payments.RecordAsync(Order($"p{count}", 20 * Coin), Cancellation);
                Assert.All(row.Transaction.Inputs, input => Assert.True(spent.Add(input.Previous)));
            }
            catch (RpcException refusal) when (RpcReason.Of(refusal) == "no-money")
            {
                break;
            }
        }

        Assert.InRange(count, 1, 20);
        WalletBalance after = await BalanceAsync();
        Assert.Equal(
            (before.SpendableGrains, before.TotalGrains),
            (after.SpendableGrains + after.ReservedGrains, after.TotalGrains));
        await chain.Rebroadcast.RunAsync(Cancellation);
        Assert.Equal(count, chain.Pool.Count);
    }

    [Fact]
    [Trait("Rule", "W-12")]
    public async Task A_coin_that_a_payment_holds_can_not_be_held_by_another()
    {
        SendRow row = await chain.Payments.RecordAsync(Order("one", Coin), Cancellation);
        await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() => chain.Sends.AddAsync(
            row with { RequestId = "two", Txid = new string('0', 64) }, [], Cancellation));
        Assert.Null(await chain.Sends.FindAsync("two", Cancellation));
    }

    /// <summary>Somebody with the same words spends the coin: what the payment held besides is free.</summary>
    [Fact]
    [Trait("Rule", "W-12")]
    public async Task A_payment_whose_coin_is_gone_holds_nothing()
    {
        SendRow lapsed = await chain.Payments.RecordAsync(Order("lapsed", 60 * Coin), Cancellation);
        Assert.True(lapsed.Transaction.Inputs.Count > 1);
        WalletCoin taken = (await chain.Coins.TakeAsync(chain.OwnAddresses, Cancellation)).Coins
            .Single(coin => coin.OutPoint == lapsed.Transaction.Inputs[0].Previous);
        Transaction other = Transaction.Create(
            2, [new TxInput(taken.OutPoint, Script.Empty, TxInput.SequenceFinal)],
            [new TxOutput(Amount.Grain(taken.Grains - 10_000), Stranger.ToScript())], 0, default);
        byte[] signature = SignatureHash.Sign(
            other, 0, taken.Output.Script, chain.State.Keys.Vault.KeyAt(taken.Place), chain.State.Curve);
        other = other.WithScript(0, P2pkhScript.Unlock(signature, chain.State.Keys.Ring.KeyAt(taken.Place)));
        Assert.True(chain.Pool.Accept(other).IsAccepted);
        await chain.Miner.RunAsync(5, Cancellation);
        Assert.Equal(0, (await BalanceAsync()).ReservedGrains);
        SendRow next = await chain.Payments.RecordAsync(Order("next", 60 * Coin), Cancellation);
        Assert.Contains(
            next.Transaction.Inputs.Select(input => input.Previous),
            outPoint => lapsed.Transaction.Inputs.Any(input => input.Previous == outPoint));
        await chain.Rebroadcast.RunAsync(Cancellation);
        Assert.True(chain.Pool.Has(next.Transaction.Txid));
    }

    [Fact]
    [Trait("Rule", "W-13")]
    public async Task Change_that_waits_is_spent_where_no_coin_in_a_block_suffices()
    {
        await SendAsync("first", 10 * Coin);
        WalletBalance balance = await BalanceAsync();
        Assert.True(balance.ChangeGrains > 0);
        SendReply second = await SendAsync("second", balance.SpendableGrains + (balance.ChangeGrains / 2));
        Assert.Contains(Find(second.Txid).Inputs, input => chain.Pool.Has(input.Previous.Txid));
        await chain.RunAsync();
        Assert.Equal(0, chain.Pool.Count);
    }

    /// <summary>Nothing is kept where the answer is no.</summary>
    [Theory]
    [Trait("Rule", "W-13")]
    [InlineData("", 100_000_000, 0, "InvalidArgument", "request_id")]
    [InlineData("spaces here", 100_000_000, 0, "InvalidArgument", "request_id")]
    [InlineData("x", 54, 0, "InvalidArgument", "dust")]
    [InlineData("x", -1, 0, "InvalidArgument", "dust")]
    [InlineData("x", 100_000_000, -1, "InvalidArgument", "below 0")]
    [InlineData("x", 100_000_000, 99, "InvalidArgument", "not 100")]
    [InlineData("x", 100_000_000, 10_000_001, "InvalidArgument", "10000000")]
    [InlineData("x", 9_000_000_000_000_000, 0, "FailedPrecondition", "can't be paid")]
    public async Task What_can_not_be_paid_is_refused_in_words(
        string requestId, long grains, long rate, string status, string words)
    {
        RpcException refusal = await Assert.ThrowsAsync<RpcException>(() => SendAsync(requestId, grains, rate));
        Assert.Equal(status, refusal.StatusCode.ToString());
        Assert.Contains(words, refusal.Status.Detail, StringComparison.Ordinal);
        Assert.Empty(await chain.Sends.WaitingAsync(Cancellation));
    }

    [Fact]
    [Trait("Rule", "W-13")]
    public async Task A_dry_run_says_what_would_be_paid_and_a_locked_wallet_pays_nothing()
    {
        chain.State.Keys.Vault.Lock();
        SendReply dry = await SendAsync("dry", Coin, isDry: true);
        Assert.Equal("", dry.Txid);
        Assert.Equal("wallet-locked", await ReasonAsync(SendAsync("dry", Coin)));
        Assert.Equal(0, (await BalanceAsync()).ReservedGrains);
        await ReopenAsync();
        SendReply paid = await SendAsync("dry", Coin);
        Assert.Equal(
            (dry.FeeGrains, dry.ChangeGrains, dry.InputCount), (paid.FeeGrains, paid.ChangeGrains, paid.InputCount));
        Assert.InRange(paid.BytesCount, dry.BytesCount - (3 * paid.InputCount) - 2, dry.BytesCount);
    }

    private async Task ReopenAsync()
    {
        await chain.DisposeAsync();
        chain = await ChainHost.OpenAsync(folder, time, "Chain:DepositCount=2");
    }

    private Transaction Find(string txid)
    {
        Assert.True(Txid.TryParse(txid, out Txid id));
        Assert.True(chain.Pool.TryFind(id, out PoolEntry? entry));
        return entry.Transaction;
    }

    private static PaymentOrder Order(string requestId, long grains) => new(requestId, Stranger, grains, null);

    private Task<SendReply> SendAsync(string requestId, long grains, long rate = 0, bool isDry = false) =>
        chain.Wallet.Send(
            new SendRequest
            {
                RequestId = requestId, Address = Stranger.ToString(), Grains = grains, FeeRate = rate, DryRun = isDry,
            },
            new CallContext());

    private Task<WalletBalance> BalanceAsync() => chain.Wallet.GetBalance(new GetBalanceRequest(), new CallContext());

    private Task<WalletHistory> HistoryAsync() =>
        chain.Wallet.ListHistory(new ListHistoryRequest(), new CallContext());

    private static async Task<string> ReasonAsync(Task call) =>
        RpcReason.Of(await Assert.ThrowsAsync<RpcException>(() => call));
}
