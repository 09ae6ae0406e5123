using System.Diagnostics.CodeAnalysis;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;

namespace Camelid.Chain.Blocks;

/// <summary>The chain as one moment saw it. Valid only inside <see cref="ChainState.Read"/>.</summary>
internal sealed class ChainReading(IReadOnlyList<BlockEntry> active, BlockTree tree, UtxoSet outputs)
{
    /// <summary>Most hashes in a locator: ten, then one for each doubling of the distance.</summary>
    public const int LocatorMax = 64;

    private const int LocatorDense = 10;

    /// <summary>The active chain, genesis first: the index is the height.</summary>
    public IReadOnlyList<BlockEntry> Active => active;

    /// <summary>The unspent outputs.</summary>
    public UtxoSet Outputs => outputs;

    /// <summary>The last block.</summary>
    public BlockEntry Tip => active[^1];

    /// <summary>The header with the most work; its block may not be here yet.</summary>
    public BlockEntry BestHeader => tree.BestHeader;

    /// <summary>Headers known, on whatever branch.</summary>
    public int HeaderCount => tree.Count;

    /// <summary>Blocks of the active chain that the disk lost: they are to be fetched again.</summary>
    public IReadOnlyCollection<BlockEntry> Lost => tree.Lost;

    /// <summary>The median time of the last eleven blocks, Unix seconds (BIP113).</summary>
    public uint MedianTimePast => Tip.MedianTimePast();

    /// <summary>Any header that is known, or null.</summary>
    public BlockEntry? Find(BlockHash hash) => tree.TryFind(hash, out BlockEntry? entry) ? entry : null;

    /// <summary>A block of the active chain.</summary>
    public bool TryFind(BlockHash hash, [NotNullWhen(true)] out BlockEntry? entry) =>
        tree.TryFind(hash, out entry) && IsActive(entry);

    /// <summary>True where the block is on the active chain.</summary>
    public bool IsActive(BlockEntry entry) => entry.Height < active.Count && active[entry.Height] == entry;

    /// <summary>Hashes from an entry back to genesis, dense at first, then ever sparser.</summary>
    public static IReadOnlyList<BlockHash> Locator(BlockEntry from)
    {
        List<BlockHash> hashes = [];
        int step = 1;
        for (int height = from.Height; height > 0; height -= step)
        {
            hashes.Add(from.Ancestor(height).Hash);
            step = hashes.Count >= LocatorDense ? step * 2 : 1;
        }

        hashes.Add(from.Ancestor(0).Hash);
        return hashes;
    }

    /// <summary>The locator of the best header.</summary>
    public IReadOnlyList<BlockHash> Locator() => Locator(BestHeader);

    /// <summary>
    /// Entries of the active chain behind the first hash of the locator that is on it, genesis where none is.
    /// </summary>
    /// <param name="locator">What the asker has, best first.</param>
    /// <param name="stop">The last one wanted; default for as many as there are.</param>
    /// <param name="max">Most entries.</param>
    public IReadOnlyList<BlockEntry> HeadersAfter(IEnumerable<BlockHash> locator, BlockHash stop, int max)
    {
        BlockEntry from = active[0];
        foreach (BlockHash hash in locator)
        {
            if (TryFind(hash, out BlockEntry? found))
            {
                from = found;
                break;
            }
        }

        List<BlockEntry> entries = [];
        for (int height = from.Height + 1; height < active.Count && entries.Count < max; height++)
        {
            entries.Add(active[height]);
            if (active[height].Hash == stop)
            {
                break;
            }
        }

        return entries;
    }
}

/// <summary>What came of a block.</summary>
internal sealed record BlockAcceptance
{
    /// <summary>Accepted, or the first refusal.</summary>
    public required RuleCode Code { get; init; }

    /// <summary>Blocks that joined the active chain, lowest first.</summary>
    public IReadOnlyList<BlockEntry> Connected { get; init; } = [];

    /// <summary>Blocks that left the active chain, highest first.</summary>
    public IReadOnlyList<BlockEntry> Disconnected { get; init; } = [];

    /// <summary>Blocks that turned out to break a rule when their branch was tried, each with its code.</summary>
    public IReadOnlyList<(BlockEntry Entry, RuleCode Code)> Refused { get; init; } = [];

    /// <summary>True where the active chain is another one than before.</summary>
    public bool IsChange => Connected.Count > 0 || Disconnected.Count > 0;
}
