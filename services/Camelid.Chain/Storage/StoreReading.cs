using Camelid.Protocol.Blocks;

namespace Camelid.Chain.Storage;

/// <summary>
/// Rule C-33: what a start does with the files: the journal says what should be there, the logs what is. What one of
/// them lost is taken from the other; what both lost is left to peers.
/// </summary>
internal sealed class StoreReading(
    IStorageFolder folder, StoreForms forms, BlockHash genesis, List<StorageDamage> damage)
{
    private const int JournalBytesPerBlock = 220;

    private readonly Dictionary<BlockHash, StoredEntry> entries = [];
    private readonly List<StoredEntry> ordered = [];
    private readonly List<(BlockHash Hash, bool IsRefused)> refusals = [];
    private readonly List<FramePosition> found = [];
    private readonly Dictionary<BlockHash, UndoPlace> foundUndo = [];

    /// <summary>Why the disk did not take a shorter journal, or nothing.</summary>
    public string Problem { get; private set; } = "";

    /// <summary>What the journal must be told.</summary>
    public List<JournalRecord> Corrections { get; } = [];

    /// <summary>Reads the newest journal that holds anything, and removes the others.</summary>
    /// <returns>The journal, and true where nothing of it is lost.</returns>
    public (FrameLog Journal, bool IsWhole) ReadJournal()
    {
        folder.Delete(UnfinishedJournal.Name);
        IReadOnlyList<int> segments = FrameLog.SegmentsIn(folder, forms.Journal);
        foreach (int segment in segments.Reverse())
        {
            FrameLog journal = new(folder, forms.Journal, segment);
            bool isWhole = Read(journal, out int frames);
            if (frames > 0)
            {
                DeleteOthers(segments, segment);
                return (journal, isWhole);
            }

            journal.Dispose();
        }

        DeleteOthers(segments, -1);
        return (new FrameLog(folder, forms.Journal), segments.Count == 0);
    }

    /// <summary>Checks the blocks.</summary>
    /// <param name="blocks">The log.</param>
    /// <param name="skipKnown">True leaves those unread of which the journal knows.</param>
    /// <returns>Bytes of a block that a crash cut off.</returns>
    public long ReadBlocks(FrameLog blocks, bool skipKnown)
    {
        Dictionary<FramePosition, StoredEntry> missing = [];
        List<StoredEntry> lost = [.. ordered.Where(entry =>
            !entry.Block.Position.IsNone && !missing.TryAdd(entry.Block.Position, entry))];
        FrameScan scan = new(blocks, searches: true);
        foreach (ScannedFrame frame in scan.Run(missing.Keys.ToLookup(position => position.Segment), skipKnown))
        {
            if (missing.TryGetValue(frame.Position, out StoredEntry? entry) && HeaderHash(frame) == entry.Hash)
            {
                missing.Remove(frame.Position);
            }
            else
            {
                found.Add(frame.Position);
            }
        }

        ReportDamage(scan, blocks, missing.Keys);
        lost.AddRange(missing.Values.Where(entry => !scan.Skipped.Contains(entry.Block.Position.Segment)));
        foreach (StoredEntry entry in lost)
        {
            entry.Block = entry.Block with { Position = default };
            Corrections.Add(new JournalRecord { Kind = JournalKind.BlockLost, Hash = entry.Hash });
        }

        return scan.TailBytes;
    }

    /// <summary>Checks the undo data.</summary>
    /// <param name="undo">The log.</param>
    /// <param name="skipKnown">True leaves those unread of which the journal knows.</param>
    public void ReadUndo(FrameLog undo, bool skipKnown)
    {
        Dictionary<FramePosition, StoredEntry> missing = [];
        List<StoredEntry> lost = [.. ordered.Where(entry =>
            !entry.Undo.Position.IsNone && !missing.TryAdd(entry.Undo.Position, entry))];
        List<(BlockHash Hash, UndoPlace Place)> late = [];
        FrameScan scan = new(undo, searches: false);
        foreach (ScannedFrame frame in scan.Run(missing.Keys.ToLookup(position => position.Segment), skipKnown))
        {
            bool isRead = UndoEncoding.TryReadFees(
                frame.Payload.Span, out BlockHash hash, out long[] fees, out int _);
            if (isRead && missing.TryGetValue(frame.Position, out StoredEntry? entry) && entry.Hash == hash)
            {
                missing.Remove(frame.Position);
            }
            else if (isRead)
            {
                late.Add((hash, new UndoPlace(frame.Position, fees.Sum())));
            }
        }

        ReportDamage(scan, undo, missing.Keys);
        lost.AddRange(missing.Values.Where(entry => !scan.Skipped.Contains(entry.Undo.Position.Segment)));
        foreach (StoredEntry entry in lost)
        {
            entry.Undo = entry.Undo with { Position = default };
            Corrections.Add(new JournalRecord { Kind = JournalKind.UndoLost, Hash = entry.Hash });
        }

        late.ForEach(found => AddUndo(found.Hash, found.Place));
    }

    /// <summary>Writes the journal anew where it is damaged, or far longer than it need be.</summary>
    /// <returns>The journal to go on with: the one before where there is no room.</returns>
    /// <exception cref="IOException">The folder can't be flushed.</exception>
    public FrameLog CompactJournal(FrameLog journal, bool isWhole)
    {
        long bytes = journal.Segments.Sum(journal.BytesOf);
        if (isWhole && bytes <= (2L * JournalBytesPerBlock * ordered.Count) + JournalEncoding.FrameBytesMax)
        {
            return journal;
        }

        int next = journal.Segments.Count == 0 ? 0 : journal.Segments.Max() + 1;
        long end;
        try
        {
            end = UnfinishedJournal.Write(folder, forms.Journal, AllRecords());
        }
        catch (IOException error)
        {
            Problem = error.Message;
            return journal;
        }

        folder.Rename(UnfinishedJournal.Name, forms.Journal.FileName(next));
        folder.Flush();
        journal.Dispose();
        DeleteOthers(FrameLog.SegmentsIn(folder, forms.Journal), next);
        FrameLog compact = new(folder, forms.Journal, next);
        compact.ContinueAt(next, end);
        return compact;
    }

    /// <summary>What was found, with what is in other files.</summary>
    public StoredChain Result(IReadOnlyCollection<BlockHash> setAside, IReadOnlyList<StoredSnapshot> snapshots) => new()
    {
        Entries = ordered,
        Found = found,
        FoundUndo = foundUndo,
        Refusals = refusals,
        SetAside = setAside,
        Snapshots = snapshots,
    };

    private static BlockHash HeaderHash(ScannedFrame frame) => frame.Payload.Length >= BlockHeader.Bytes
        && BlockHeader.TryDecode(frame.Payload.Span[..BlockHeader.Bytes], out BlockHeader? header)
            ? header.Hash
            : default;

    private bool Read(FrameLog journal, out int frames)
    {
        FrameScan scan = new(journal, searches: true);
        (frames, bool isWhole) = (0, true);
        foreach (ScannedFrame frame in scan.Run(Array.Empty<FramePosition>().ToLookup(position => 0), skipKnown: false))
        {
            frames++;
            IReadOnlyList<JournalRecord>? records = JournalEncoding.Read(frame.Payload.Span);
            isWhole &= records is not null;
            foreach (JournalRecord record in records ?? [])
            {
                isWhole &= TryApply(record);
            }
        }

        damage.AddRange(scan.Damage);
        return isWhole && scan.Damage.Count == 0;
    }

    private bool TryApply(JournalRecord record)
    {
        if (record.Header is { } header)
        {
            BlockHash hash = header.Hash;
            bool isLinked = header.PreviousHash == genesis || entries.ContainsKey(header.PreviousHash);
            if (isLinked && !entries.ContainsKey(hash))
            {
                ordered.Add(entries[hash] = new StoredEntry { Header = header, Hash = hash });
            }

            return isLinked;
        }

        if (record.Kind == JournalKind.Incomplete || !entries.TryGetValue(record.Hash, out StoredEntry? entry))
        {
            return false;
        }

        switch (record.Kind)
        {
            case JournalKind.Block:
                (entry.Block, entry.IsPruned) = (record.Block, false);
                break;
            case JournalKind.Undo:
                (entry.Undo, entry.WasConnected) = (record.Undo, true);
                break;
            case JournalKind.BlockLost or JournalKind.BlockPruned:
                entry.Block = entry.Block with { Position = default };
                entry.IsPruned = record.Kind == JournalKind.BlockPruned;
                break;
            case JournalKind.UndoLost:
                entry.Undo = entry.Undo with { Position = default };
                break;
            default:
                refusals.Add((record.Hash, record.Kind == JournalKind.Refused));
                break;
        }

        return true;
    }

    private void AddUndo(BlockHash hash, UndoPlace place)
    {
        foundUndo[hash] = place;
        if (entries.TryGetValue(hash, out StoredEntry? entry))
        {
            (entry.Undo, entry.WasConnected) = (place, true);
            Corrections.Add(new JournalRecord { Kind = JournalKind.Undo, Hash = hash, Undo = place });
        }
    }

    private void ReportDamage(FrameScan scan, FrameLog log, IEnumerable<FramePosition> missing) => damage.AddRange(
        scan.Damage.Concat(missing.Select(position => position.Segment).Distinct()
            .Where(segment => !log.Segments.Contains(segment)).Order()
            .Select(segment => new StorageDamage(log.PathOf(segment), 0, "the file is missing"))));

    private void DeleteOthers(IReadOnlyList<int> segments, int kept)
    {
        foreach (int segment in segments.Where(segment => segment != kept))
        {
            folder.Delete(forms.Journal.FileName(segment));
        }
    }

    private IEnumerable<JournalRecord> AllRecords()
    {
        foreach (StoredEntry entry in ordered)
        {
            yield return new JournalRecord { Kind = JournalKind.Header, Header = entry.Header };
            JournalRecord record = new() { Kind = JournalKind.Block, Hash = entry.Hash };
            if (entry.Block.TransactionCount > 0)
            {
                yield return record with { Block = entry.Block };
            }

            if (entry.IsPruned)
            {
                yield return record with { Kind = JournalKind.BlockPruned };
            }

            if (entry.WasConnected)
            {
                yield return record with { Kind = JournalKind.Undo, Undo = entry.Undo };
            }
        }

        if (found.Count > 0)
        {
            yield return new JournalRecord { Kind = JournalKind.Incomplete };
        }

        foreach ((BlockHash hash, bool isRefused) in refusals)
        {
            JournalKind kind = isRefused ? JournalKind.Refused : JournalKind.Reconsidered;
            yield return new JournalRecord { Kind = kind, Hash = hash };
        }
    }
}
