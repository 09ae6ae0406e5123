namespace Camelid.Chain.Storage;

/// <summary>
/// Rule C-31: an append-only log of checksummed frames in files of bounded length. A frame is durable once
/// <see cref="Flush"/> has returned.
/// </summary>
/// <remarks>
/// What was not flushed is kept in memory, and a failed flush is done again from the last durable byte: an operating
/// system may forget after a failed flush what it was given before, so asking it again would be no answer.
/// </remarks>
internal sealed class FrameLog : IDisposable
{
    /// <summary>Bytes that may wait in memory for a flush; one more frame flushes them first.</summary>
    public const int UnflushedBytesMax = 16 << 20;

    private const int OpenFilesMax = 32;

    private readonly IStorageFolder folder;
    private readonly FrameLogForm form;
    private readonly SortedSet<int> segments = [];
    private readonly Dictionary<int, IStorageFile> open = [];
    private readonly WaitingBytes waiting = new();
    private int current = -1;
    private long written;
    private bool isTailUnknown;

    /// <summary>Finds the files; nothing is read or written yet.</summary>
    /// <param name="folder">Where they lie.</param>
    /// <param name="form">What they are called and hold.</param>
    /// <param name="only">The only file to be looked at, or null for all.</param>
    public FrameLog(IStorageFolder folder, FrameLogForm form, int? only = null)
    {
        this.folder = folder;
        this.form = form;
        segments.UnionWith(only is { } one ? [one] : SegmentsIn(folder, form));
    }

    /// <summary>The numbers of the files, in order.</summary>
    public IReadOnlyCollection<int> Segments => segments;

    /// <summary>The file that is appended to; -1 before the first frame.</summary>
    public int CurrentSegment => current;

    /// <summary>True where every frame is durable.</summary>
    public bool IsFlushed => waiting.Count == 0;

    /// <summary>Bytes that wait for a flush.</summary>
    public int UnflushedBytes => waiting.Count;

    /// <summary>The form.</summary>
    public FrameLogForm Form => form;

    private long Durable => waiting.Offset;

    private long End => waiting.Offset + waiting.Count;

    /// <summary>The numbers of the files of a form, in order.</summary>
    public static IReadOnlyList<int> SegmentsIn(IStorageFolder folder, FrameLogForm form) =>
        [.. folder.List().Select(form.SegmentOf).OfType<int>().Order()];

    /// <summary>Bytes of a file.</summary>
    public long BytesOf(int segment) => segment == current ? End : FileOf(segment).Length;

    /// <summary>A file, to be scanned.</summary>
    public IStorageFile FileOf(int segment)
    {
        if (!open.TryGetValue(segment, out IStorageFile? file))
        {
            int other = open.Keys.FirstOrDefault(key => key != current, -1);
            if (open.Count >= OpenFilesMax && open.Remove(other, out IStorageFile? old))
            {
                old.Dispose();
            }

            open[segment] = file = folder.Open(form.FileName(segment));
        }

        return file;
    }

    /// <summary>A file as an operator finds it.</summary>
    public string PathOf(int segment) => folder.PathOf(form.FileName(segment));

    /// <summary>Goes on behind the last good frame; what follows is cut off by the next write.</summary>
    public void ContinueAt(int segment, long end)
    {
        current = segment;
        written = end;
        waiting.Restart(end);
        isTailUnknown = true;
    }

    /// <summary>Makes what an earlier process wrote, and perhaps did not wait for, as durable as it seems.</summary>
    public void FlushFound()
    {
        if (current >= 0)
        {
            FileOf(current).Flush();
        }
    }

    /// <summary>Adds a frame; it is durable after the next flush.</summary>
    /// <exception cref="IOException">There is no room for it: nothing was added.</exception>
    public FramePosition Append(ReadOnlySpan<byte> payload)
    {
        int frameBytes = Frames.HeadBytes + payload.Length;
        if (current < 0 || (End > form.Head.Length && End + frameBytes > form.SegmentBytesMax))
        {
            StartSegment();
        }

        if (waiting.Count > 0 && waiting.Count + frameBytes > UnflushedBytesMax)
        {
            Flush();
        }

        FramePosition position = new(current, End + Frames.HeadBytes, payload.Length);
        Frames.Write(waiting.Extend(frameBytes), payload);
        return position;
    }

    /// <summary>Takes the last frame back; one that is durable already stays, and nobody was told of it.</summary>
    public void DropLast(FramePosition position)
    {
        if (position.Segment != current || position.Start < Durable)
        {
            return;
        }

        waiting.Truncate(position.Start);
        isTailUnknown |= written > position.Start;
    }

    /// <summary>Hands all frames to the operating system: they outlive this process, not a power cut.</summary>
    public void Write()
    {
        if (waiting.Count == 0 || (written == End && !isTailUnknown))
        {
            return;
        }

        IStorageFile file = FileOf(current);
        bool wasUnknown = isTailUnknown;
        isTailUnknown = true;
        if (wasUnknown)
        {
            file.SetLength(Durable);
            written = Durable;
        }

        file.Write(waiting.From(written), written);
        written = End;
        isTailUnknown = false;
    }

    /// <summary>Waits until all frames are on the disk.</summary>
    /// <exception cref="IOException">They are not; a later call tries it again.</exception>
    public void Flush()
    {
        if (waiting.Count == 0)
        {
            return;
        }

        Write();
        isTailUnknown = true;
        FileOf(current).Flush();
        isTailUnknown = false;
        waiting.Restart(End);
    }

    /// <summary>Reads a payload.</summary>
    /// <returns>The payload, or null where the disk no longer gives what was written.</returns>
    public byte[]? Read(FramePosition position)
    {
        if (position.Segment == current && position.Start >= Durable)
        {
            return waiting.From(position.Offset)[..position.Length].ToArray();
        }

        try
        {
            byte[] frame = new byte[Frames.HeadBytes + position.Length];
            bool isGood = segments.Contains(position.Segment)
                && FileOf(position.Segment).TryReadFully(frame, position.Start)
                && Frames.LengthOf(frame, form.PayloadBytesMax) == position.Length
                && Frames.Matches(frame, frame.AsSpan(Frames.HeadBytes));
            return isGood ? frame[Frames.HeadBytes..] : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Removes a file that is not the current one; the caller flushes the folder.</summary>
    public void Delete(int segment)
    {
        if (open.Remove(segment, out IStorageFile? file))
        {
            file.Dispose();
        }

        folder.Delete(form.FileName(segment));
        segments.Remove(segment);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (IStorageFile file in open.Values)
        {
            file.Dispose();
        }

        open.Clear();
    }

    /// <summary>Makes the next file durable, with its head, and goes on in it.</summary>
    /// <exception cref="IOException">There is no room: the log is as before.</exception>
    private void StartSegment()
    {
        Flush();
        int next = segments.Count == 0 ? 0 : segments.Max + 1;
        IStorageFile file = folder.Open(form.FileName(next));
        try
        {
            file.SetLength(0);
            file.Write(form.Head, 0);
            file.Flush();
            folder.Flush();
        }
        catch (IOException)
        {
            file.Dispose();
            throw;
        }

        open[next] = file;
        segments.Add(next);
        current = next;
        written = form.Head.Length;
        waiting.Restart(written);
        isTailUnknown = false;
    }

    /// <summary>The end of the log that is not durable yet.</summary>
    private sealed class WaitingBytes
    {
        private byte[] bytes = [];

        public long Offset { get; private set; }

        public int Count { get; private set; }

        public void Restart(long offset)
        {
            Offset = offset;
            Count = 0;
        }

        public Span<byte> Extend(int count)
        {
            if (Count + count > bytes.Length)
            {
                Array.Resize(ref bytes, Math.Max(Count + count, 2 * bytes.Length));
            }

            Count += count;
            return bytes.AsSpan(Count - count, count);
        }

        public void Truncate(long end) => Count = (int)(end - Offset);

        public ReadOnlySpan<byte> From(long offset) =>
            bytes.AsSpan((int)(offset - Offset), (int)(Offset + Count - offset));
    }
}
