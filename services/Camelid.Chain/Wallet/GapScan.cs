using Camelid.Chain.Keys;
using Camelid.Protocol;
using Camelid.Protocol.Keys;

namespace Camelid.Chain.Wallet;

/// <summary>One chain of addresses, as far as it was derived: up to the gap behind the last used one.</summary>
internal sealed class AddressRun(KeyRole role, AddressChain chain)
{
    private readonly List<Hash160> hashes = [];

    /// <summary>Whose they are.</summary>
    public KeyRole Role => role;

    /// <summary>Which of the two chains.</summary>
    public AddressChain Chain => chain;

    /// <summary>The hashes of the keys; the index is that of the path.</summary>
    public IReadOnlyList<Hash160> Hashes => hashes;

    /// <summary>The index behind the last address that a block paid to; 0 where none was.</summary>
    public int UsedEnd { get; private set; }

    /// <summary>Those that are watched and come behind the last used one.</summary>
    public IEnumerable<Hash160> Open => hashes.Skip(UsedEnd);

    /// <summary>The place of an index.</summary>
    public KeyPlace At(int index) => new(role, chain, (uint)index);

    /// <summary>Derives what is missing of the gap.</summary>
    public void Extend(Func<KeyPlace, Hash160> derive)
    {
        while (hashes.Count < UsedEnd + GapScan.Limit)
        {
            hashes.Add(derive(At(hashes.Count)));
        }
    }

    /// <summary>Takes in which addresses were used.</summary>
    /// <returns>True where the gap begins further along now.</returns>
    public bool Note(IReadOnlySet<Hash160> used)
    {
        int last = hashes.FindLastIndex(hashes.Count - 1, hashes.Count - UsedEnd, used.Contains);
        UsedEnd = Math.Max(UsedEnd, last + 1);
        return last >= 0;
    }
}

/// <summary>
/// Rule W-08 (BIP44): a wallet's addresses are found from its keys alone: each chain is walked along until twenty
/// addresses in a row were never paid to.
/// </summary>
internal static class GapScan
{
    /// <summary>Unused addresses in a row behind which no used one is looked for.</summary>
    public const int Limit = 20;

    /// <summary>Walks the chains as far as they were used. Each round asks about all chains at once.</summary>
    /// <param name="runs">The chains, as far as they are known.</param>
    /// <param name="derive">The hash of the key at a place.</param>
    /// <param name="used">Those of some hashes that a block paid to.</param>
    public static async Task RunAsync(
        IReadOnlyCollection<AddressRun> runs, Func<KeyPlace, Hash160> derive,
        Func<IReadOnlyCollection<Hash160>, Task<IReadOnlySet<Hash160>>> used)
    {
        bool grew = true;
        while (grew)
        {
            foreach (AddressRun run in runs)
            {
                run.Extend(derive);
            }

            IReadOnlySet<Hash160> found = await used([.. runs.SelectMany(run => run.Open)]);
            grew = false;
            foreach (AddressRun run in runs)
            {
                grew |= run.Note(found);
            }
        }
    }
}
