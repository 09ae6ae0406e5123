using Camelid.Chain.Storage;

namespace Camelid.Chain.Blocks;

/// <summary>How a chain state keeps what it knows.</summary>
internal sealed record ChainStateOptions
{
    /// <summary>Connected blocks after which a snapshot is due.</summary>
    public int SnapshotBlocks { get; init; } = 4_096;

    /// <summary>Bytes of connected blocks after which one is due, or as many as the last snapshot has.</summary>
    public long SnapshotBytes { get; init; } = 64L << 20;

    /// <summary>Blocks and undo data beyond this are removed, oldest first; 0 keeps all.</summary>
    public long PruneBytes { get; init; }

    /// <summary>Blocks below the tip that are never removed.</summary>
    public int KeptBlocks { get; init; } = BlockPruning.KeptBlocks;
}

/// <summary>
/// Decides when the unspent outputs are written: so seldom that it costs no more than the blocks themselves, so often
/// that a start replays little.
/// </summary>
internal sealed class SnapshotPolicy(IChainStore store, ChainStateOptions options)
{
    /// <summary>Blocks until the next try, where the disk took no snapshot.</summary>
    private const int RetryBlocks = 64;

    private int blocks;
    private long bytes;

    /// <summary>A block was connected.</summary>
    public void Count(BlockEntry entry)
    {
        blocks++;
        bytes += entry.Stored?.BytesCount ?? 0;
    }

    /// <summary>Writes a snapshot where one is due.</summary>
    /// <returns>True where one was written.</returns>
    public bool SaveWhereDue(BlockEntry tip, CompactOutputs outputs) =>
        (blocks >= options.SnapshotBlocks || bytes >= Math.Max(options.SnapshotBytes, store.SnapshotBytes))
        && Save(tip, outputs);

    /// <summary>Writes a snapshot where anything has changed.</summary>
    /// <returns>True where one was written.</returns>
    public bool Save(BlockEntry tip, CompactOutputs outputs)
    {
        if (blocks == 0)
        {
            return false;
        }

        try
        {
            store.SaveSnapshot(tip.Hash, tip.Height, outputs);
            (blocks, bytes) = (0, 0);
            return true;
        }
        catch (IOException)
        {
            // The store says why. A snapshot saves time and nothing else: it is tried again after some blocks.
            (blocks, bytes) = (Math.Max(1, options.SnapshotBlocks - RetryBlocks), 0);
            return false;
        }
    }
}
