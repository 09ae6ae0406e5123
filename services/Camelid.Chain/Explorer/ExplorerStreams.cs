using Camelid.Chain.Blocks;
using Camelid.Chain.Index;
using Camelid.Chain.Mempool;
using Camelid.Contracts.Chain.V1;
using Camelid.Protocol.Keys;
using Grpc.Core;

namespace Camelid.Chain.Explorer;

/// <summary>Streams of what changes. A slow reader gets the newest state, not every step on the way.</summary>
internal sealed class ExplorerStreams(
    ChainCore core, TransactionPool pool, AddressExplorer addresses, TimeProvider time)
{
    /// <summary>Most addresses in one stream.</summary>
    public const int AddressesMax = 100;

    private const int EntriesShown = 50;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(5);

    /// <summary>Each transaction that joins or leaves the mempool from now on.</summary>
    public async Task WatchMempoolAsync(
        IServerStreamWriter<MempoolChange> stream, CancellationToken cancellationToken)
    {
        HashSet<string> known = Ids();
        await RepeatAsync(
            async () =>
            {
                HashSet<string> now = Ids();
                foreach (string txid in now.Where(txid => !known.Contains(txid)))
                {
                    await stream.WriteAsync(new MempoolChange { Txid = txid, Joined = true }, cancellationToken);
                }

                foreach (string txid in known.Where(txid => !now.Contains(txid)))
                {
                    await stream.WriteAsync(new MempoolChange { Txid = txid }, cancellationToken);
                }

                known = now;
            },
            cancellationToken);
    }

    /// <summary>The view of each address at once, then again whenever it is another one.</summary>
    public async Task WatchAddressesAsync(
        IReadOnlyList<Address> watched, IServerStreamWriter<AddressView> stream, CancellationToken cancellationToken)
    {
        Dictionary<Address, AddressView> sent = [];
        await RepeatAsync(
            async () =>
            {
                foreach (Address address in watched)
                {
                    AddressView view = await addresses.ShowAsync(
                        address, ChainPlace.Top, EntriesShown, cancellationToken);
                    if (!sent.TryGetValue(address, out AddressView? last) || !last.Equals(view))
                    {
                        sent[address] = view;
                        await stream.WriteAsync(view, cancellationToken);
                    }
                }
            },
            cancellationToken);
    }

    /// <summary>Looks at once, then after each change, at most four times a second, until the reader leaves.</summary>
    private async Task RepeatAsync(Func<Task> look, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                Task changed = Task.WhenAny(core.TipChanged.Next, pool.Joined.Next);
                await look();
                await Task.Delay(Pause, time, cancellationToken);
                await Task.WhenAny(changed, Task.Delay(LookAgain, time, cancellationToken));
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The reader left.
        }
    }

    private HashSet<string> Ids() => [.. pool.List().Select(entry => entry.Transaction.Txid.ToString())];
}
