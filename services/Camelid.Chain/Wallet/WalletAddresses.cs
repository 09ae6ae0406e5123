using System.Collections.Frozen;
using Camelid.Chain.Blocks;
using Camelid.Chain.Index;
using Camelid.Chain.Keys;
using Camelid.Protocol;
using Camelid.Protocol.Keys;

namespace Camelid.Chain.Wallet;

/// <summary>The wallet's addresses as one moment saw them.</summary>
/// <param name="Places">The place of each address that is watched.</param>
/// <param name="UsedCount">Addresses up to the last used one of each chain.</param>
internal sealed record AddressScan(IReadOnlyDictionary<Hash160, KeyPlace> Places, int UsedCount)
{
    /// <summary>No wallet, no addresses.</summary>
    public static AddressScan None { get; } = new(FrozenDictionary<Hash160, KeyPlace>.Empty, 0);
}

/// <summary>Knows addresses whose coins are shown.</summary>
internal interface IAddressSource
{
    /// <summary>Brings the addresses to what the index knows now.</summary>
    Task<AddressScan> ScanAsync(CancellationToken cancellationToken);
}

/// <summary>
/// Knows which addresses are the wallet's: of every role both chains, by the gap scan (rule W-08). What was found is
/// kept in memory and only grows, so that asking again costs one question about the gaps.
/// </summary>
internal sealed class WalletAddresses(ChainState state, OutputIndex outputs) : IAddressSource, IDisposable
{
    private readonly SemaphoreSlim one = new(1, 1);
    private readonly List<AddressRun> runs = [];
    private AddressScan known = AddressScan.None;

    /// <inheritdoc/>
    /// <remarks>Nothing where the node has no wallet.</remarks>
    public async Task<AddressScan> ScanAsync(CancellationToken cancellationToken)
    {
        if (!state.Keys.Exists)
        {
            return AddressScan.None;
        }

        await one.WaitAsync(cancellationToken);
        try
        {
            int before = runs.Sum(run => run.Hashes.Count);
            if (runs.Count == 0)
            {
                runs.AddRange(Enum.GetValues<KeyRole>().SelectMany(
                    role => Enum.GetValues<AddressChain>().Select(chain => new AddressRun(role, chain))));
            }

            await GapScan.RunAsync(
                runs, place => Hash160.Of(state.Keys.Ring.KeyAt(place).Span),
                hashes => outputs.UsedAsync(hashes, cancellationToken));
            if (runs.Sum(run => run.Hashes.Count) > before)
            {
                known = Gather();
            }

            return known;
        }
        finally
        {
            one.Release();
        }
    }

    /// <summary>The addresses of a chain behind its last used one, in order. To be asked after a scan.</summary>
    public async Task<IReadOnlyList<(KeyPlace Place, Hash160 Hash)>> UnusedAsync(
        KeyRole role, AddressChain chain, CancellationToken cancellationToken)
    {
        await ScanAsync(cancellationToken);
        await one.WaitAsync(cancellationToken);
        try
        {
            AddressRun run = runs.Find(run => run.Role == role && run.Chain == chain) ?? throw WalletRefusal.None();

            // Index 0 of the first chain is the fixed key of the role, which everybody may know.
            int first = chain == AddressChain.Receive ? Math.Max(1, run.UsedEnd) : run.UsedEnd;
            return [.. Enumerable.Range(first, run.Hashes.Count - first).Select(i => (run.At(i), run.Hashes[i]))];
        }
        finally
        {
            one.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => one.Dispose();

    private AddressScan Gather() => new(
        runs.SelectMany(run => run.Hashes.Select((hash, index) => KeyValuePair.Create(hash, run.At(index))))
            .ToFrozenDictionary(),
        runs.Sum(run => run.UsedEnd));
}
