using Camelid.Protocol.Blocks;

namespace Camelid.Chain.Storage;

/// <summary>What is stored of a header and its block.</summary>
internal sealed class StoredEntry
{
    /// <summary>The header.</summary>
    public required BlockHeader Header { get; init; }

    /// <summary>The hash.</summary>
    public required BlockHash Hash { get; init; }

    /// <summary>Where its block lies, or nowhere.</summary>
    public BlockPlace Block { get; set; }

    /// <summary>Where its undo data lie, or nowhere.</summary>
    public UndoPlace Undo { get; set; }

    /// <summary>True once all its rules were found to hold.</summary>
    public bool WasConnected { get; set; }

    /// <summary>True where its block was removed to save room.</summary>
    public bool IsPruned { get; set; }
}

/// <summary>A snapshot that is there; whether it is good shows when it is loaded.</summary>
/// <param name="Name">Its file.</param>
/// <param name="Tip">The last block of the chain that left these outputs.</param>
/// <param name="Height">The height of that block.</param>
internal sealed record StoredSnapshot(string Name, BlockHash Tip, int Height);

/// <summary>What a start finds.</summary>
internal sealed record StoredChain
{
    /// <summary>Headers, parents before children, genesis left out.</summary>
    public required IReadOnlyList<StoredEntry> Entries { get; init; }

    /// <summary>Blocks of which the journal says nothing, in the order in which they were written.</summary>
    public required IReadOnlyList<FramePosition> Found { get; init; }

    /// <summary>Undo data of blocks of which the journal does not say that they were connected.</summary>
    public required IReadOnlyDictionary<BlockHash, UndoPlace> FoundUndo { get; init; }

    /// <summary>Refusals (true) and their withdrawals (false), in their order.</summary>
    public required IReadOnlyList<(BlockHash Hash, bool IsRefused)> Refusals { get; init; }

    /// <summary>Blocks that the operator set aside.</summary>
    public required IReadOnlyCollection<BlockHash> SetAside { get; init; }

    /// <summary>The snapshots, newest first.</summary>
    public required IReadOnlyList<StoredSnapshot> Snapshots { get; init; }
}

/// <summary>What disconnects a block, and the fees that it paid.</summary>
/// <param name="Undo">The outputs that it spent.</param>
/// <param name="FeeGrains">The fee of each transaction, in grains.</param>
internal sealed record StoredUndo(BlockUndo Undo, IReadOnlyList<long> FeeGrains);

/// <summary>
/// What the chain state asks of a disk. Synchronous; one call at a time. Whatever throws <see cref="IOException"/> has
/// changed nothing that the caller must know of, and may be called again.
/// </summary>
internal interface IChainStore : IDisposable
{
    /// <summary>What opening found damaged, with file and offset; what can be healed is named as well.</summary>
    IReadOnlyList<StorageDamage> Damage { get; }

    /// <summary>Bytes of an unfinished write that opening left out.</summary>
    long DroppedBytes { get; }

    /// <summary>Why the disk takes nothing at present, in words; empty where it does.</summary>
    string Problem { get; }

    /// <summary>Bytes of blocks that no flush has made durable yet.</summary>
    int UnflushedBytes { get; }

    /// <summary>Bytes of the last snapshot that was written or loaded; 0 before.</summary>
    long SnapshotBytes { get; }

    /// <summary>The height of the older of the snapshots; -1 where there are less than two.</summary>
    int OldestSnapshotHeight { get; }

    /// <summary>Reads all that is there; to be called once, first.</summary>
    /// <exception cref="StorageRefusedException">The folder is another network's or another version's.</exception>
    StoredChain Load();

    /// <summary>Loads the outputs of a snapshot.</summary>
    /// <returns>Null where it is damaged; it is then removed.</returns>
    CompactOutputs? LoadSnapshot(StoredSnapshot snapshot, UInt128 salt);

    /// <summary>Adds a block, durable after the next flush.</summary>
    BlockPlace AddBlock(Block block);

    /// <summary>Takes the last block back after a flush that failed.</summary>
    void DropBlock(BlockPlace place);

    /// <summary>Reads a block.</summary>
    /// <returns>Null where the disk no longer gives it.</returns>
    Block? ReadBlock(FramePosition position);

    /// <summary>Adds undo data. They need no flush: what a power cut takes is made again from blocks.</summary>
    UndoPlace AddUndo(BlockHash hash, StoredUndo undo);

    /// <summary>Reads undo data.</summary>
    /// <returns>Null where the disk no longer gives them.</returns>
    StoredUndo? ReadUndo(BlockHash hash, FramePosition position);

    /// <summary>Notes something in the journal. Never throws; written with the next flush.</summary>
    void Note(JournalRecord record);

    /// <summary>Waits until all blocks are on the disk; the journal is written, not waited for.</summary>
    void Flush();

    /// <summary>Waits until blocks, undo data and journal are on the disk.</summary>
    void FlushAll();

    /// <summary>Keeps the outputs of a tip, and removes all snapshots but this and the one before.</summary>
    void SaveSnapshot(BlockHash tip, int height, CompactOutputs outputs);

    /// <summary>Keeps the list of blocks that the operator set aside, durably.</summary>
    void SaveSetAside(IReadOnlyCollection<BlockHash> hashes);

    /// <summary>Bytes of all blocks and undo data.</summary>
    long BlockAndUndoBytes();

    /// <summary>The oldest file of blocks that may be removed, with the undo data of the same age, or null.</summary>
    int? OldestBlockSegment();

    /// <summary>Removes a file of blocks, and all files of undo data before a certain one.</summary>
    /// <param name="segment">The file of blocks.</param>
    /// <param name="firstUndoSegmentKept">The first file of undo data that is still needed.</param>
    void RemoveBlocks(int segment, int firstUndoSegmentKept);
}
