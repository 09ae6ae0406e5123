using Camelid.Chain.Blocks;
using Camelid.Chain.Index;
using Camelid.Chain.Keys;
using Camelid.Contracts.Chain.V1;
using Camelid.Protocol;
using Camelid.Protocol.Keys;

namespace Camelid.Chain.Wallet;

/// <summary>
/// Rule W-16: addresses whose coins are shown apart from the wallet's. Nothing that pays asks this source, so none of
/// these coins is ever spent. What is the wallet's own is not shown twice.
/// </summary>
internal sealed class WatchAddresses(
    ChainState state, OutputIndex outputs, WalletStore store, WalletAddresses own) : IAddressSource, IDisposable
{
    /// <summary>Most addresses and extended keys.</summary>
    public const int WatchedMax = 1_000;

    private readonly SemaphoreSlim one = new(1, 1);
    private readonly Dictionary<string, WatchedAccount> accounts = [];

    /// <inheritdoc/>
    /// <remarks>Nobody here has the keys: a place in the answer says nothing.</remarks>
    public async Task<AddressScan> ScanAsync(CancellationToken cancellationToken)
    {
        AddressScan mine = await own.ScanAsync(cancellationToken);
        Dictionary<Hash160, KeyPlace> places = [];
        await one.WaitAsync(cancellationToken);
        try
        {
            foreach (string content in await store.WatchedAsync(cancellationToken))
            {
                foreach (Hash160 hash in await HashesOfAsync(content, cancellationToken))
                {
                    if (!mine.Places.ContainsKey(hash))
                    {
                        places[hash] = KeyPlace.Fixed(KeyRole.Client);
                    }
                }
            }
        }
        finally
        {
            one.Release();
        }

        return new AddressScan(places, places.Count);
    }

    /// <summary>Watches an address or the account of an extended public key.</summary>
    /// <exception cref="Grpc.Core.RpcException">It is neither, or too much is watched.</exception>
    public async Task<WatchList> AddAsync(string content, CancellationToken cancellationToken)
    {
        if (!Address.TryParse(content, state.Network, out _)
            && !ExtendedPublicKey.TryParse(content, state.Network, state.Curve, out _))
        {
            throw WalletRefusal.Bad(
                $"content: '{content}' is neither an address nor an extended public key of the network "
                + $"{state.Network.Name}; a private one is never taken");
        }

        if ((await store.WatchedAsync(cancellationToken)).Count >= WatchedMax)
        {
            throw WalletRefusal.Refused("too-many-watched", $"{WatchedMax} are watched: give some up first");
        }

        await store.WatchAsync(content, cancellationToken);
        return await ListAsync(cancellationToken);
    }

    /// <summary>Watches it no more. Safe to repeat.</summary>
    public async Task<WatchList> RemoveAsync(string content, CancellationToken cancellationToken)
    {
        await store.UnwatchAsync(content, cancellationToken);
        return await ListAsync(cancellationToken);
    }

    /// <summary>What is watched.</summary>
    public async Task<WatchList> ListAsync(CancellationToken cancellationToken)
    {
        WatchList list = new();
        list.Contents.AddRange(await store.WatchedAsync(cancellationToken));
        return list;
    }

    /// <inheritdoc/>
    public void Dispose() => one.Dispose();

    private async Task<IEnumerable<Hash160>> HashesOfAsync(string content, CancellationToken cancellationToken)
    {
        if (Address.TryParse(content, state.Network, out Address address))
        {
            return [address.KeyHash];
        }

        if (!accounts.TryGetValue(content, out WatchedAccount? account))
        {
            if (!ExtendedPublicKey.TryParse(content, state.Network, state.Curve, out ExtendedPublicKey? key))
            {
                return [];
            }

            accounts.Add(content, account = new WatchedAccount(key, state.Curve));
        }

        await GapScan.RunAsync(
            account.Runs, account.HashAt, hashes => outputs.UsedAsync(hashes, cancellationToken));
        return account.Runs.SelectMany(run => run.Hashes);
    }

    /// <summary>An extended public key of an account with its two chains.</summary>
    private sealed class WatchedAccount(ExtendedPublicKey key, ISecp256k1 curve)
    {
        private readonly ExtendedPublicKey[] chains =
            [key.Derive((uint)AddressChain.Receive, curve), key.Derive((uint)AddressChain.Change, curve)];

        public AddressRun[] Runs { get; } =
            [new(KeyRole.Client, AddressChain.Receive), new(KeyRole.Client, AddressChain.Change)];

        public Hash160 HashAt(KeyPlace place) =>
            Hash160.Of(chains[(int)place.Chain].Derive(place.Index, curve).Key.Span);
    }
}
