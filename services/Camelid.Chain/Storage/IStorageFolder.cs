namespace Camelid.Chain.Storage;

/// <summary>
/// The one folder in which a chain is kept: the seam between the store and a disk. Names are plain, without a path.
/// </summary>
/// <remarks>
/// A change of names (a new file, a rename, a deletion) outlives a power cut once <see cref="Flush"/> has returned;
/// the bytes of a file once <see cref="IStorageFile.Flush"/> has. Every member may throw <see cref="IOException"/>.
/// </remarks>
internal interface IStorageFolder
{
    /// <summary>Opens a file for reading and writing, and makes it where it is not there.</summary>
    IStorageFile Open(string name);

    /// <summary>True where there is such a file.</summary>
    bool Exists(string name);

    /// <summary>The names of all files, in ordinal order.</summary>
    IReadOnlyList<string> List();

    /// <summary>Gives a file another name; one that has this name already is replaced, all at once.</summary>
    void Rename(string from, string to);

    /// <summary>Removes a file; none of this name is no error.</summary>
    void Delete(string name);

    /// <summary>Waits until all changes of names are on the disk.</summary>
    void Flush();

    /// <summary>A file as an operator finds it, for messages.</summary>
    string PathOf(string name);
}

/// <summary>An open file of an <see cref="IStorageFolder"/>. Not for two threads at once.</summary>
internal interface IStorageFile : IDisposable
{
    /// <summary>Bytes in the file.</summary>
    long Length { get; }

    /// <summary>Reads at most as many bytes as there is room for.</summary>
    /// <returns>Bytes read; 0 only at or after the end.</returns>
    int Read(Span<byte> destination, long offset);

    /// <summary>Writes all bytes; a gap between the end and the offset becomes zeros.</summary>
    /// <exception cref="IOException">Not all was written: any part of it may have been.</exception>
    void Write(ReadOnlySpan<byte> bytes, long offset);

    /// <summary>Cuts the file, or makes it longer by zeros.</summary>
    void SetLength(long length);

    /// <summary>Waits until all bytes are on the disk.</summary>
    void Flush();
}

/// <summary>What every user of a file does in the same way.</summary>
internal static class StorageFiles
{
    /// <summary>Fills the whole span.</summary>
    /// <returns>False where the file ends before.</returns>
    public static bool TryReadFully(this IStorageFile file, Span<byte> destination, long offset)
    {
        while (destination.Length > 0)
        {
            int read = file.Read(destination, offset);
            if (read == 0)
            {
                return false;
            }

            destination = destination[read..];
            offset += read;
        }

        return true;
    }
}
