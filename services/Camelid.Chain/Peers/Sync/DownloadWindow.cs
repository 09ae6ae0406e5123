using Camelid.Chain.Blocks;

namespace Camelid.Chain.Peers.Sync;

/// <summary>The next blocks on the way to a header that are not here.</summary>
/// <param name="Missing">Their entries, lowest first.</param>
/// <param name="IsCut">True where there are more beyond the window.</param>
internal sealed record DownloadWindow(IReadOnlyList<BlockEntry> Missing, bool IsCut)
{
    private static readonly DownloadWindow Nothing = new([], false);

    /// <summary>The way from the active chain to a header.</summary>
    /// <param name="target">The header; nothing where it has no more work than the tip, or is refused.</param>
    /// <param name="reading">The chain.</param>
    /// <param name="blocksMax">How far the window reaches ahead of where the two chains part.</param>
    public static DownloadWindow Towards(BlockEntry target, ChainReading reading, int blocksMax)
    {
        if (target.Work <= reading.Tip.Work || target.IsRefused)
        {
            return Nothing;
        }

        int fork = ForkHeight(target, reading);
        int end = (int)Math.Min(target.Height, (long)fork + blocksMax);
        List<BlockEntry> missing = [];
        for (BlockEntry entry = target.Ancestor(end); entry.Height > fork; entry = entry.Parent!)
        {
            if (!entry.HasBlock)
            {
                missing.Add(entry);
            }
        }

        missing.Reverse();
        return new DownloadWindow(missing, end < target.Height);
    }

    /// <summary>The last height at which both are the same; found by halving.</summary>
    private static int ForkHeight(BlockEntry target, ChainReading reading)
    {
        int low = 0;
        int high = Math.Min(target.Height, reading.Tip.Height);
        while (low < high)
        {
            int middle = low + ((high - low + 1) / 2);
            if (reading.Active[middle] == target.Ancestor(middle))
            {
                low = middle;
            }
            else
            {
                high = middle - 1;
            }
        }

        return low;
    }
}
