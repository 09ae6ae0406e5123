using Camelid.Chain.Blocks;

namespace Camelid.Chain.Peers.Sync;

/// <summary>The next blocks on the way to a header that are not here.</summary>
/// <param name="Missing">Their entries, lowest first.</param>
/// <param name="IsCut">True where there are more beyond the window.</param>
internal sealed record DownloadWindow(IReadOnlyList<BlockEntry> Missing, bool IsCut)
{
    private static readonly DownloadWindow Nothing = new([], false);

    /// <summary>True where they are blocks that the disk lost, below the tip.</summary>
    public bool IsRepair { get; private init; }

    /// <summary>The way from the active chain to a header; where nothing lacks there, what the disk lost.</summary>
    /// <param name="target">The header; nothing where it is refused.</param>
    /// <param name="reading">The chain.</param>
    /// <param name="blocksMax">How far the window reaches ahead of where the two chains part.</param>
    public static DownloadWindow Towards(BlockEntry target, ChainReading reading, int blocksMax)
    {
        if (target.IsRefused)
        {
            return Nothing;
        }

        DownloadWindow ahead = target.Work > reading.Tip.Work ? Ahead(target, reading, blocksMax) : Nothing;
        return ahead.Missing.Count > 0 ? ahead : Repair(target, reading, blocksMax);
    }

    private static DownloadWindow Repair(BlockEntry target, ChainReading reading, int blocksMax)
    {
        BlockEntry[] lost = [.. reading.Lost.Where(entry =>
            entry.Height <= target.Height && target.Ancestor(entry.Height) == entry).Take(blocksMax)];
        return lost.Length == 0 ? Nothing : new DownloadWindow(lost, false) { IsRepair = true };
    }

    private static DownloadWindow Ahead(BlockEntry target, ChainReading reading, int blocksMax)
    {
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
