using Camelid.Protocol.Blocks;

namespace Camelid.Chain.Storage;

/// <summary>
/// A chain in the files of one folder: blocks, undo data, a journal, snapshots of the unspent outputs, and the blocks
/// that the operator set aside.
/// </summary>
/// <remarks>
/// Only blocks are waited for: they are what can't be made again. Undo data and journal follow from blocks and are
/// written without waiting, the journal never before the blocks that it names; a snapshot waits for both first.
/// </remarks>
internal sealed class FileChainStore : IChainStore
{
    /// <summary>Notes that may wait while the journal takes none; beyond that no block is taken either.</summary>
    private const int NotesMax = 100_000;

    private readonly IStorageFolder folder;
    private readonly StoreForms forms;
    private readonly ChainStoreOptions options;
    private readonly BlockHash genesis;
    private readonly SnapshotFiles snapshots;
    private readonly List<StorageDamage> damage = [];
    private readonly List<JournalRecord> notes = [];
    private readonly Queue<int> heights = [];
    private FrameLog? blocks;
    private FrameLog? undo;
    private FrameLog? journal;

    /// <summary>Prepares to use a folder; <see cref="Load"/> opens it.</summary>
    public FileChainStore(IStorageFolder folder, BlockHash genesis, ChainStoreOptions options)
    {
        this.folder = folder;
        this.genesis = genesis;
        this.options = options;
        forms = new StoreForms(genesis, options);
        snapshots = new SnapshotFiles(folder, genesis);
    }

    /// <inheritdoc/>
    public IReadOnlyList<StorageDamage> Damage => damage;

    /// <inheritdoc/>
    public long DroppedBytes { get; private set; }

    /// <inheritdoc/>
    public string Problem { get; private set; } = "";

    /// <inheritdoc/>
    public int UnflushedBytes => Blocks.UnflushedBytes;

    private FrameLog Blocks => blocks ?? throw new InvalidOperationException("the store was not loaded");

    private FrameLog Undo => undo ?? throw new InvalidOperationException("the store was not loaded");

    private FrameLog Journal => journal ?? throw new InvalidOperationException("the store was not loaded");

    /// <inheritdoc/>
    public long SnapshotBytes => snapshots.LastBytes;

    /// <inheritdoc/>
    public int OldestSnapshotHeight => heights.Count < SnapshotFiles.KeptCount ? -1 : heights.Min();

    /// <inheritdoc/>
    public StoredChain Load()
    {
        if (folder.Exists(StoreForms.OldBlockLog) && !folder.Exists(forms.Blocks.FileName(0)))
        {
            folder.Rename(StoreForms.OldBlockLog, forms.Blocks.FileName(0));
            folder.Flush();
        }

        StoreReading reading = new(folder, forms, genesis, damage);
        blocks = new FrameLog(folder, forms.Blocks);
        undo = new FrameLog(folder, forms.Undo);
        (journal, bool isJournalWhole) = reading.ReadJournal();
        DroppedBytes = reading.ReadBlocks(blocks, isJournalWhole && !options.CheckAllAtStart);
        blocks.FlushFound();
        folder.Flush();
        reading.ReadUndo(undo, isJournalWhole && !options.CheckAllAtStart);
        undo.FlushFound();
        journal.FlushFound();
        notes.AddRange(reading.Corrections);
        journal = reading.CompactJournal(journal, isJournalWhole);
        Problem = reading.Problem;
        IReadOnlyList<StoredSnapshot> kept = snapshots.List(damage);
        kept.Reverse().ToList().ForEach(snapshot => heights.Enqueue(snapshot.Height));
        return reading.Result(SetAsideFile.Read(folder, genesis, damage), kept);
    }

    /// <inheritdoc/>
    public CompactOutputs? LoadSnapshot(StoredSnapshot snapshot, UInt128 salt) =>
        snapshots.Load(snapshot, salt, damage);

    /// <inheritdoc/>
    public BlockPlace AddBlock(Block block) =>
        Attempt(() => BlockPlace.Of(block, Blocks.Append(block.Encode())));

    /// <inheritdoc/>
    public void DropBlock(BlockPlace place)
    {
        Blocks.DropLast(place.Position);
        notes.RemoveAll(note => note.Kind == JournalKind.Block && note.Block.Position == place.Position);
    }

    /// <inheritdoc/>
    public Block? ReadBlock(FramePosition position) =>
        Blocks.Read(position) is { } bytes && Block.TryDecode(bytes, out Block? block) ? block : null;

    /// <inheritdoc/>
    public UndoPlace AddUndo(BlockHash hash, StoredUndo undo) => Attempt(() =>
        new UndoPlace(Undo.Append(UndoEncoding.Write(hash, undo)), undo.FeeGrains.Sum()));

    /// <inheritdoc/>
    public StoredUndo? ReadUndo(BlockHash hash, FramePosition position) =>
        Undo.Read(position) is { } bytes ? UndoEncoding.Read(hash, bytes) : null;

    /// <inheritdoc/>
    public void Note(JournalRecord record) => notes.Add(record);

    /// <inheritdoc/>
    public void Flush() => Attempt(() =>
    {
        if (notes.Count > NotesMax)
        {
            WriteNotes();
        }

        Undo.Write();
        Blocks.Flush();
        Problem = "";
        try
        {
            WriteNotes();
        }
        catch (IOException error)
        {
            // The blocks are safe; what the journal lacks is found in them, or written next time.
            Problem = error.Message;
        }

        return true;
    });

    /// <inheritdoc/>
    public void FlushAll() => Attempt(() =>
    {
        Flush();
        WriteNotes();
        Undo.Flush();
        Journal.Flush();
        return true;
    });

    /// <inheritdoc/>
    public void SaveSnapshot(BlockHash tip, int height, CompactOutputs outputs) => Attempt(() =>
    {
        FlushAll();
        snapshots.Save(tip, height, outputs);
        heights.Enqueue(height);
        while (heights.Count > SnapshotFiles.KeptCount)
        {
            heights.Dequeue();
        }

        return true;
    });

    /// <inheritdoc/>
    public void SaveSetAside(IReadOnlyCollection<BlockHash> hashes) => Attempt(() =>
    {
        SetAsideFile.Write(folder, genesis, hashes);
        return true;
    });

    /// <inheritdoc/>
    public long BlockAndUndoBytes() => Blocks.Segments.Sum(Blocks.BytesOf) + Undo.Segments.Sum(Undo.BytesOf);

    /// <inheritdoc/>
    public int? OldestBlockSegment() => Blocks.Segments.Cast<int?>().FirstOrDefault() is { } oldest
        && oldest < Blocks.CurrentSegment ? oldest : null;

    /// <inheritdoc/>
    public void RemoveBlocks(int segment, int firstUndoSegmentKept) => Attempt(() =>
    {
        FlushAll();
        Blocks.Delete(segment);
        int[] old = [.. Undo.Segments.Where(number =>
            number < firstUndoSegmentKept && number < Undo.CurrentSegment)];
        Array.ForEach(old, Undo.Delete);
        folder.Flush();
        return true;
    });

    /// <inheritdoc/>
    public void Dispose()
    {
        blocks?.Dispose();
        undo?.Dispose();
        journal?.Dispose();
    }

    private void WriteNotes()
    {
        if (notes.Count > 0)
        {
            foreach (byte[] frame in JournalEncoding.Frames(notes))
            {
                Journal.Append(frame);
            }

            notes.Clear();
        }

        Journal.Write();
    }

    /// <summary>Does something, and remembers why the disk did not take it.</summary>
    private T Attempt<T>(Func<T> act)
    {
        try
        {
            return act();
        }
        catch (IOException error)
        {
            Problem = error.Message;
            throw;
        }
    }
}
