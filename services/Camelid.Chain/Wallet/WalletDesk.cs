using Camelid.Chain.Blocks;
using Camelid.Chain.Explorer;
using Camelid.Chain.Index;
using Camelid.Chain.Keys;
using Camelid.Chain.Mempool;
using Camelid.Contracts.Chain.V1;
using Camelid.Protocol;
using Camelid.Protocol.Keys;

namespace Camelid.Chain.Wallet;

/// <summary>
/// What a person asks of the wallet, the same for gRPC and for the JSON routes: texts become values here, once. Every
/// refusal is an <see cref="Grpc.Core.RpcException"/>.
/// </summary>
internal sealed class WalletDesk(
    ChainState state, KeyCustody custody, WalletAddresses addresses, WalletCoins coins, WalletHistoryReader history,
    WalletStore store, WalletSends sends, TransactionPool pool, WatchAddresses watched)
{
    /// <summary>Makes keys where there are none.</summary>
    public async Task<CreateWalletReply> CreateAsync(CreateWalletRequest request, CancellationToken cancellationToken)
    {
        CreateWalletReply reply = new();
        reply.Words.AddRange(await custody.CreateAsync(request.Passphrase, cancellationToken));
        reply.Status = await StatusAsync(cancellationToken);
        return reply;
    }

    /// <summary>Makes the keys of words where there are none.</summary>
    public async Task<WalletStatus> RestoreAsync(RestoreWalletRequest request, CancellationToken cancellationToken)
    {
        await custody.RestoreAsync(request.Words, request.WordsPassphrase, request.Passphrase, cancellationToken);
        return await StatusAsync(cancellationToken);
    }

    /// <summary>Lets the wallet sign for a while.</summary>
    public async Task<WalletStatus> UnlockAsync(UnlockWalletRequest request, CancellationToken cancellationToken)
    {
        await custody.UnlockAsync(request.Passphrase, request.Seconds, cancellationToken);
        return await StatusAsync(cancellationToken);
    }

    /// <summary>Lets it sign no more.</summary>
    public Task<WalletStatus> LockAsync(CancellationToken cancellationToken)
    {
        custody.Lock();
        return StatusAsync(cancellationToken);
    }

    /// <summary>Seals the key file anew.</summary>
    public async Task<WalletStatus> ChangePassphraseAsync(
        ChangePassphraseRequest request, CancellationToken cancellationToken)
    {
        await custody.ChangePassphraseAsync(request.Passphrase, request.NewPassphrase, cancellationToken);
        return await StatusAsync(cancellationToken);
    }

    /// <summary>The words again.</summary>
    public async Task<ShowWordsReply> WordsAsync(ShowWordsRequest request, CancellationToken cancellationToken)
    {
        ShowWordsReply reply = new();
        reply.Words.AddRange(await custody.WordsAsync(request.Passphrase, cancellationToken));
        return reply;
    }

    /// <summary>The sealed key file.</summary>
    public async Task<BackUpWalletReply> BackUpAsync(
        BackUpWalletRequest request, CancellationToken cancellationToken) =>
        new() { KeyFile = await custody.BackUpAsync(request.Passphrase, cancellationToken) };

    /// <summary>Whether there is a wallet, and whether it can sign.</summary>
    public async Task<WalletStatus> StatusAsync(CancellationToken cancellationToken)
    {
        WalletStatus status = new()
        {
            Exists = state.Keys.Exists,
            Network = state.Network.Name,
            Height = state.Read(reading => reading.Tip.Height),
        };
        if (!status.Exists)
        {
            return status;
        }

        status.Id = state.Keys.Ring.Id;
        status.Sealed = custody.IsSealed;
        status.Locked = state.Keys.Vault.IsLocked;
        status.LocksAtUnix = state.Keys.Vault.Until?.ToUnixTimeSeconds() ?? 0;
        status.UsedAddresses = (await addresses.ScanAsync(cancellationToken)).UsedCount;
        return status;
    }

    /// <summary>All of the wallet's coin.</summary>
    public async Task<WalletBalance> BalanceAsync(CancellationToken cancellationToken)
    {
        WalletPicture picture = await coins.TakeAsync(addresses, cancellationToken);
        WalletBalance balance = picture.Balance(
            HeldCoins.Of(await sends.WaitingAsync(cancellationToken), state, pool).Coins);
        WalletBalance others = (await coins.TakeAsync(watched, cancellationToken)).Balance(HeldCoins.None.Coins);
        balance.WatchedWaitingGrains = others.UnconfirmedGrains + others.ChangeGrains;
        balance.WatchedGrains = others.TotalGrains - balance.WatchedWaitingGrains;
        return state.Keys.Exists || balance.WatchedGrains + balance.WatchedWaitingGrains > 0
            ? balance
            : throw WalletRefusal.None();
    }

    /// <summary>An address that nobody paid to yet, in a block or in the mempool.</summary>
    public async Task<ReceiveAddress> ReceiveAsync(bool isFresh, CancellationToken cancellationToken)
    {
        state.Keys.RequireWallet();
        HashSet<Hash160> waiting = [.. (await coins.TakeAsync(addresses, cancellationToken)).Coins
            .Where(coin => coin.Height == 0).Select(coin => OutputOwner.Of(coin.Output.Script).Owner)];
        foreach ((KeyPlace place, Hash160 hash) in await addresses.UnusedAsync(
            KeyRole.Client, AddressChain.Receive, cancellationToken))
        {
            if (!waiting.Contains(hash) && (!isFresh || !await store.IsHandedOutAsync(hash, cancellationToken)))
            {
                await store.HandOutAsync(hash, cancellationToken);
                return new ReceiveAddress
                {
                    Address = new Address(state.Network.AddressVersion, hash).ToString(),
                    Path = place.PathOn(state.Network),
                };
            }
        }

        throw WalletRefusal.Refused(
            "address-gap",
            $"{GapScan.Limit} addresses in a row were handed out and no block paid to them; a wallet restored from its "
            + "words looks no further. Use one of them again (wallet address), or wait for a payment.");
    }

    /// <summary>What happened to the wallet.</summary>
    public Task<WalletHistory> HistoryAsync(ListHistoryRequest request, CancellationToken cancellationToken)
    {
        if (!request.Watched)
        {
            state.Keys.RequireWallet();
        }

        return ExplorerMapping.TryReadCursor(request.Cursor, out ChainPlace below)
            ? history.ReadAsync(
                request.Watched ? watched : addresses, below, request.Limit, cancellationToken)
            : throw WalletRefusal.Bad($"cursor: '{request.Cursor}' is not the cursor of an earlier answer");
    }
}
