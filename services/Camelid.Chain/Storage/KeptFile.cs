namespace Camelid.Chain.Storage;

/// <summary>
/// A small file that is written whole, in place of the one before, and read whole.
/// </summary>
internal static class KeptFile
{
    private const string Unfinished = ".new";

    /// <summary>Writes it so that after a crash the old content or the new is there.</summary>
    /// <exception cref="IOException">The disk refuses.</exception>
    public static void Write(IStorageFolder folder, string name, ReadOnlySpan<byte> bytes)
    {
        using (IStorageFile file = folder.Open(name + Unfinished))
        {
            file.SetLength(0);
            file.Write(bytes, 0);
            file.Flush();
        }

        folder.Rename(name + Unfinished, name);
        folder.Flush();
    }

    /// <summary>Reads it; null where there is none, and no bytes where it is larger than it could be.</summary>
    /// <exception cref="IOException">The disk refuses.</exception>
    public static byte[]? Read(IStorageFolder folder, string name, long bytesMax)
    {
        folder.Delete(name + Unfinished);
        if (!folder.Exists(name))
        {
            return null;
        }

        using IStorageFile file = folder.Open(name);
        byte[] bytes = new byte[file.Length <= bytesMax ? file.Length : 0];
        return file.Length <= bytesMax && file.TryReadFully(bytes, 0) ? bytes : [];
    }
}
