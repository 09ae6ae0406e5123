namespace Camelid.Chain.Storage;

/// <summary>A good frame that a scan met.</summary>
/// <param name="Position">Where it lies.</param>
/// <param name="Payload">Its payload, valid until the scan goes on.</param>
internal readonly record struct ScannedFrame(FramePosition Position, ReadOnlyMemory<byte> Payload);

/// <summary>
/// Rule C-31: reads a <see cref="FrameLog"/> from its beginning, checks every frame, and names what is damaged. A
/// frame that a crash cut off at the very end is no damage: the log goes on in front of it.
/// </summary>
/// <param name="log">The log; where it goes on is set by the scan.</param>
/// <param name="searches">
/// True looks behind a damage for the next good frame, wherever it begins. False goes on at frames that are known
/// only: for payloads that are trusted, since strangers' bytes in a payload may look like a frame.
/// </param>
internal sealed class FrameScan(FrameLog log, bool searches)
{
    /// <summary>
    /// Most bytes that one scan hashes while it looks for the next good frame behind a damage. A block may be made of
    /// nothing but beginnings of frames; each costs a hash over as many bytes as it says.
    /// </summary>
    public const long SearchBytesMax = 256L << 20;

    private readonly List<StorageDamage> damage = [];
    private readonly HashSet<int> skipped = [];
    private readonly int last = log.Segments.LastOrDefault(-1);
    private long searchBytesLeft = SearchBytesMax;
    private bool isIncomplete;

    /// <summary>Files of which the known frames were passed over.</summary>
    public IReadOnlySet<int> Skipped => skipped;

    /// <summary>What is damaged.</summary>
    public IReadOnlyList<StorageDamage> Damage => damage;

    /// <summary>Bytes of a frame that a crash cut off.</summary>
    public long TailBytes { get; private set; }

    /// <summary>All good frames, in their order.</summary>
    /// <param name="known">Frames that are known to have been written, by offset, for each file.</param>
    /// <param name="skipKnown">True passes over the frames that are known, unread.</param>
    public IEnumerable<ScannedFrame> Run(ILookup<int, FramePosition> known, bool skipKnown)
    {
        int[] segments = [.. log.Segments];
        foreach (int segment in segments)
        {
            bool isLast = segment == segments[^1];
            FramePosition[] here = [.. known[segment].OrderBy(position => position.Offset)];
            if (!HasHead(segment, isLast, out bool isHeadGood))
            {
                continue;
            }

            // All but the last file were flushed when the next one began; frames of the last one may be known of and
            // yet be lost, unless each was waited for.
            long from = log.Form.Head.Length;
            if (skipKnown && isHeadGood && (log.Form.IsWaitedFor || !isLast)
                && here.Length > 0 && here[^1].End <= log.FileOf(segment).Length)
            {
                skipped.Add(segment);
                from = here[^1].End;
                here = [];
            }

            foreach (ScannedFrame frame in Frames(segment, from, here, isLast && isHeadGood))
            {
                yield return frame;
            }
        }
    }

    /// <summary>
    /// Checks the head. Frames come only once it is durable: a last file without a whole one holds nothing, and is
    /// taken away.
    /// </summary>
    private bool HasHead(int segment, bool isLast, out bool isGood)
    {
        ScanWindow window = new(log.FileOf(segment));
        byte[] head = log.Form.Head;
        isGood = false;
        if (window.Length < head.Length)
        {
            damage.AddRange(isLast ? [] : [new StorageDamage(log.PathOf(segment), 0, "the file is empty")]);
            if (isLast)
            {
                log.Delete(segment);
            }

            return false;
        }

        ReadOnlyMemory<byte> found = window.Read(0, head.Length);
        isGood = found.Span.SequenceEqual(head);
        if (StoreForms.OtherHeads(log.Form).Any(other => found.Span.SequenceEqual(other)))
        {
            throw new StorageRefusedException(
                $"{log.PathOf(segment)}: written on another network. Use another data folder, or move the file away.");
        }

        if (!isGood && isLast && found.Length == window.Length)
        {
            log.Delete(segment);
            return false;
        }

        if (!isGood)
        {
            damage.Add(new StorageDamage(log.PathOf(segment), 0, "the head of the file is damaged"));
        }

        return true;
    }

    private IEnumerable<ScannedFrame> Frames(int segment, long from, FramePosition[] known, bool mayContinue)
    {
        ScanWindow window = new(log.FileOf(segment));
        long at = from;
        while (at < window.Length)
        {
            if (TryFrame(window, segment, at, out ScannedFrame frame))
            {
                yield return frame;
                at = frame.Position.End;
                continue;
            }

            long next = NextGood(window, segment, at + 1, known);
            if (next < 0)
            {
                break;
            }

            Report(segment, at, $"{next - at} bytes are damaged");
            at = next;
        }

        bool isLost = known.Length > 0 && known[^1].End > at;
        bool isCut = at < window.Length && mayContinue && !isLost;
        TailBytes += isCut ? window.Length - at : 0;
        if (isLost || (at < window.Length && !isCut))
        {
            Report(segment, at, $"nothing good follows; the file has {window.Length} bytes");
        }

        if (mayContinue && !window.HasFailed && !isIncomplete)
        {
            log.ContinueAt(segment, at);
        }
    }

    private void Report(int segment, long offset, string what) =>
        damage.Add(new StorageDamage(log.PathOf(segment), offset, what)
        {
            IsExpected = !log.Form.IsWaitedFor && segment == last,
        });

    private bool TryFrame(ScanWindow window, int segment, long at, out ScannedFrame frame)
    {
        frame = default;
        ReadOnlyMemory<byte> head = window.Read(at, Storage.Frames.HeadBytes);
        int length = head.IsEmpty ? 0 : Storage.Frames.LengthOf(head.Span, log.Form.PayloadBytesMax);
        if (length == 0)
        {
            return false;
        }

        ReadOnlyMemory<byte> whole = window.Read(at, Storage.Frames.HeadBytes + length);
        if (whole.IsEmpty)
        {
            return false;
        }

        ReadOnlyMemory<byte> payload = whole[Storage.Frames.HeadBytes..];
        frame = new ScannedFrame(new FramePosition(segment, at + Storage.Frames.HeadBytes, length), payload);
        return Storage.Frames.Matches(whole.Span, payload.Span);
    }

    /// <summary>The start of the next good frame from an offset on, or -1.</summary>
    private long NextGood(ScanWindow window, int segment, long from, FramePosition[] known)
    {
        long good = -1;
        foreach (FramePosition position in known)
        {
            if (position.Start >= from && TryFrame(window, segment, position.Start, out ScannedFrame _))
            {
                good = position.Start;
                break;
            }
        }

        long limit = good < 0 ? window.Length : good;
        for (long at = from; searches && (at = window.Find(Storage.Frames.MagicBytes, at, limit)) >= 0; at++)
        {
            ReadOnlyMemory<byte> head = window.Read(at, Storage.Frames.HeadBytes);
            searchBytesLeft -= head.IsEmpty ? 0 : Storage.Frames.LengthOf(head.Span, log.Form.PayloadBytesMax);
            if (searchBytesLeft < 0)
            {
                isIncomplete = true;
                break;
            }

            if (TryFrame(window, segment, at, out ScannedFrame _))
            {
                return at;
            }
        }

        return good;
    }
}
