using Camelid.Chain.Blocks;
using Camelid.Chain.Index;
using Camelid.Chain.Keys;
using Camelid.Chain.Mempool;
using Camelid.Protocol;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;
using Grpc.Core;

namespace Camelid.Chain.Wallet;

/// <summary>What a person wants to have paid.</summary>
/// <param name="RequestId">What makes it one: asked twice, it is paid once.</param>
/// <param name="To">The payee.</param>
/// <param name="Grains">What the payee gets.</param>
/// <param name="Rate">The price to offer, or null for the advised one.</param>
internal sealed record PaymentOrder(string RequestId, Address To, long Grains, FeeRate? Rate);

/// <summary>A payment before it is signed.</summary>
/// <param name="Plan">The coins.</param>
/// <param name="Unsigned">The transaction with empty unlocking scripts, its inputs in the plan's order.</param>
/// <param name="Lapsed">Requests whose coins are free again.</param>
internal sealed record PaymentDraft(SpendPlan Plan, Transaction Unsigned, IReadOnlyList<string> Lapsed)
{
    /// <summary>Most bytes of the signed transaction.</summary>
    public int BytesMax => CoinSelection.BytesOf(Plan.Coins.Count, Unsigned.Outputs.Count);
}

/// <summary>
/// Rule W-13: pays out of the wallet's coins. One payment at a time; each is kept before it leaves, and a request that
/// comes again gets the payment that it got before.
/// </summary>
internal sealed class WalletPayments(
    ChainState state, WalletCoins coins, WalletAddresses addresses, WalletSends sends, TransactionIntake intake,
    TransactionPool pool, TimeProvider time) : IDisposable
{
    /// <summary>The highest price, in grains for each 1,000 bytes: 100,000 times the default minimum.</summary>
    public const long RateMax = 10_000_000;

    /// <summary>Where nobody says a price: that at which a block holds a payment within so many (rule M-18).</summary>
    private const int TargetBlocks = 6;

    private readonly SemaphoreSlim one = new(1, 1);

    /// <summary>What a payment would be, now; nothing is signed or held.</summary>
    /// <exception cref="RpcException">no-money, or a number is not in form.</exception>
    public async Task<PaymentDraft> DraftAsync(PaymentOrder order, CancellationToken cancellationToken)
    {
        FeeRate rate = RateOf(order);
        Script payee = order.To.ToScript();
        long dust = PoolStandard.DustGrains(payee);
        if (order.Grains < dust || order.Grains > Amount.GrainsMax)
        {
            throw WalletRefusal.Bad(
                $"grains: {order.Grains}, not {dust} … {Amount.GrainsMax}; less than {dust} is dust");
        }

        WalletPicture picture = await coins.TakeAsync(addresses, cancellationToken);
        HeldCoins held = HeldCoins.Of(await sends.WaitingAsync(cancellationToken), state, pool);
        WalletCoin[] free = [.. picture.Coins.Where(coin => coin is { IsSpent: false, IsImmature: false }
            && (coin.Height > 0 || coin.IsOwnChange) && !held.Coins.Contains(coin.OutPoint))];
        SpendPlan plan = Choose(order.Grains, rate, dust, [.. free.Where(coin => coin.Height > 0)])
            ?? Choose(order.Grains, rate, dust, free)
            ?? throw WalletRefusal.NoMoney(
                $"{order.Grains} grains and the fee at {rate} can't be paid: {free.Sum(coin => coin.Grains)} grains "
                + $"may be spent now, of at most {CoinSelection.InputsMax} coins at once (see wallet balance)");
        List<TxOutput> outputs = [new TxOutput(Amount.Grain(order.Grains), payee)];
        if (plan.ChangeGrains > 0)
        {
            Script change = await ChangeAsync(picture, held, cancellationToken);
            outputs.Add(new TxOutput(Amount.Grain(plan.ChangeGrains), change));
        }

        return new PaymentDraft(plan, Build(plan, outputs), held.Lapsed);
    }

    /// <summary>Pays, and returns the payment that is kept under the request.</summary>
    /// <exception cref="RpcException">wallet-locked, no-money, request-id-used, payment-refused.</exception>
    public async Task<SendRow> SendAsync(PaymentOrder order, CancellationToken cancellationToken)
    {
        await one.WaitAsync(cancellationToken);
        try
        {
            SendRow? known = await sends.FindAsync(order.RequestId, cancellationToken);
            SendRow row = known ?? await RecordAsync(order, cancellationToken);
            if (row.Address != order.To.ToString() || row.Grains != order.Grains)
            {
                throw WalletRefusal.Refused(
                    "request-id-used",
                    $"request_id: '{order.RequestId}' paid {row.Grains} grains to {row.Address}; give another one");
            }

            await OfferAsync(row, known is null, cancellationToken);
            return row;
        }
        finally
        {
            one.Release();
        }
    }

    /// <summary>Signs a payment and keeps it; it has not left the node.</summary>
    internal async Task<SendRow> RecordAsync(PaymentOrder order, CancellationToken cancellationToken)
    {
        PaymentDraft draft = await DraftAsync(order, cancellationToken);
        Transaction signed = Sign(draft);
        SendRow row = new()
        {
            RequestId = order.RequestId,
            Txid = signed.Txid.ToString(),
            Raw = signed.Encode(),
            Address = order.To.ToString(),
            Grains = order.Grains,
            FeeGrains = draft.Plan.FeeGrains,
            Created = time.GetUtcNow().ToUnixTimeMilliseconds(),
        };
        await sends.AddAsync(row, draft.Lapsed, cancellationToken);
        return row;
    }

    /// <inheritdoc/>
    public void Dispose() => one.Dispose();

    /// <summary>
    /// Only what was never handed in before can't have left the node, and frees its coins where refused.
    /// </summary>
    private async Task OfferAsync(SendRow row, bool isFirst, CancellationToken cancellationToken)
    {
        if (row.State == (long)SendState.Refused)
        {
            throw Refused(row, "it was refused before");
        }

        PoolVerdict verdict = await intake.SubmitAsync(row.Transaction, cancellationToken);
        if (!verdict.IsAccepted && isFirst)
        {
            await sends.RefuseAsync(row.RequestId, cancellationToken);
            throw Refused(row, verdict.Reason);
        }
    }

    private static RpcException Refused(SendRow row, string reason) => WalletRefusal.Refused(
        "payment-refused",
        $"the mempool refused the payment of request '{row.RequestId}' ({reason}): nothing was paid, and its coins are "
        + "free. Try again with another request_id.");

    private FeeRate RateOf(PaymentOrder order)
    {
        FeeRate least = FeeRate.Max(pool.MinimumRate, pool.Policy.RelayRate);
        long advised = Math.Min(pool.EstimateFee(TargetBlocks).Rate.GrainsPerKilobyte, RateMax);
        FeeRate rate = order.Rate ?? FeeRate.Max(new FeeRate(advised), least);
        return rate >= least && rate.GrainsPerKilobyte <= RateMax
            ? rate
            : throw WalletRefusal.Bad(
                $"fee_rate: {rate}, not {least.GrainsPerKilobyte} (what the mempool asks now) … {RateMax} grains/kB");
    }

    private static SpendPlan? Choose(long grains, FeeRate rate, long dust, WalletCoin[] coins) => CoinSelection.Choose(
        new SpendQuestion { AmountGrains = grains, Rate = rate, DustGrains = dust, Coins = coins });

    /// <summary>The next unused address for change; at the end of the gap the last one is used again.</summary>
    private async Task<Script> ChangeAsync(
        WalletPicture picture, HeldCoins held, CancellationToken cancellationToken)
    {
        IReadOnlyList<(KeyPlace Place, Hash160 Hash)> unused = await addresses.UnusedAsync(
            KeyRole.Client, AddressChain.Change, cancellationToken);
        HashSet<Hash160> waiting = [.. picture.Waiting.SelectMany(move => move.Entry.Transaction.Outputs)
            .Concat(held.Outputs).Select(output => OutputOwner.Of(output.Script).Owner)];
        Hash160 hash = unused.Select(address => address.Hash).FirstOrDefault(
            hash => !waiting.Contains(hash), unused[^1].Hash);
        return new P2pkhScript(hash).Build();
    }

    /// <summary>Inputs and outputs are in the order of BIP69: nothing tells the change from the payment.</summary>
    private static Transaction Build(SpendPlan plan, IEnumerable<TxOutput> outputs) => Transaction.Create(
        2,
        plan.Coins.OrderBy(coin => coin.OutPoint.Txid.ToString(), StringComparer.Ordinal)
            .ThenBy(coin => coin.OutPoint.Index)
            .Select(coin => new TxInput(coin.OutPoint, Script.Empty, TxInput.SequenceFinal)),
        outputs.OrderBy(output => output.Value.Grains)
            .ThenBy(output => Convert.ToHexStringLower(output.Script.Span), StringComparer.Ordinal),
        0, default);

    private Transaction Sign(PaymentDraft draft)
    {
        Transaction transaction = draft.Unsigned;
        Dictionary<OutPoint, WalletCoin> spent = draft.Plan.Coins.ToDictionary(coin => coin.OutPoint);
        for (int i = 0; i < transaction.Inputs.Count; i++)
        {
            WalletCoin coin = spent[transaction.Inputs[i].Previous];
            PrivateKey key = state.Keys.Vault.KeyAt(coin.Place);
            byte[] signature = SignatureHash.Sign(transaction, i, coin.Output.Script, key, state.Curve);
            transaction = transaction.WithScript(
                i, P2pkhScript.Unlock(signature, state.Keys.Ring.KeyAt(coin.Place)));
        }

        return transaction;
    }
}
