namespace Camelid.Chain.Storage;

/// <summary>Rule C-33: a journal that is written anew, beside the one that holds until it is finished.</summary>
internal static class UnfinishedJournal
{
    /// <summary>Its file.</summary>
    public const string Name = "index.new";

    /// <summary>Writes it, and waits until it is on the disk.</summary>
    /// <returns>Its bytes.</returns>
    /// <exception cref="IOException">There is no room for it.</exception>
    public static long Write(IStorageFolder folder, FrameLogForm form, IEnumerable<JournalRecord> records)
    {
        using IStorageFile file = folder.Open(Name);
        file.SetLength(0);
        file.Write(form.Head, 0);
        long end = form.Head.Length;
        foreach (byte[] payload in JournalEncoding.Frames(records))
        {
            byte[] frame = new byte[Frames.HeadBytes + payload.Length];
            Frames.Write(frame, payload);
            file.Write(frame, end);
            end += frame.Length;
        }

        file.Flush();
        return end;
    }
}
