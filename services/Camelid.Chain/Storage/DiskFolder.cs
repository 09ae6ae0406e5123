using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Camelid.Chain.Storage;

/// <summary>A folder of the machine's file system; it is made where it is not there.</summary>
internal sealed partial class DiskFolder : IStorageFolder
{
    private readonly string path;

    /// <summary>Opens the folder, and makes it with the folders above it where it is not there.</summary>
    public DiskFolder(string path)
    {
        this.path = Path.GetFullPath(path);
        string? above = this.path;
        Stack<string> missing = [];
        while (above is not null && !Directory.Exists(above))
        {
            missing.Push(above);
            above = Path.GetDirectoryName(above);
        }

        Directory.CreateDirectory(this.path);
        foreach (string made in missing)
        {
            FlushFolder(Path.GetDirectoryName(made)!);
        }
    }

    /// <inheritdoc/>
    public IStorageFile Open(string name) => new DiskFile(PathOf(name));

    /// <inheritdoc/>
    public bool Exists(string name) => File.Exists(PathOf(name));

    /// <inheritdoc/>
    public IReadOnlyList<string> List() => [.. Directory.GetFiles(path).Select(file => Path.GetFileName(file))
        .Order(StringComparer.Ordinal)];

    /// <inheritdoc/>
    public void Rename(string from, string to) => File.Move(PathOf(from), PathOf(to), overwrite: true);

    /// <inheritdoc/>
    public void Delete(string name) => File.Delete(PathOf(name));

    /// <inheritdoc/>
    public void Flush() => FlushFolder(path);

    /// <inheritdoc/>
    public string PathOf(string name) => Path.Combine(path, name);

    /// <remarks>Windows writes changes of names through by itself, and has no such call.</remarks>
    private static void FlushFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        int descriptor = OpenFolder(folder, 0);
        int failure = descriptor < 0 ? Marshal.GetLastPInvokeError() : 0;
        if (descriptor >= 0)
        {
            failure = Synchronise(descriptor) == 0 ? 0 : Marshal.GetLastPInvokeError();
            _ = Close(descriptor);
        }

        if (failure != 0)
        {
            throw new IOException($"{folder}: cannot be flushed ({new Win32Exception(failure).Message})", failure);
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenFolder(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Synchronise(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);

    private sealed class DiskFile(string path) : IStorageFile
    {
        private readonly SafeFileHandle handle =
            File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);

        public long Length => RandomAccess.GetLength(handle);

        public int Read(Span<byte> destination, long offset) => RandomAccess.Read(handle, destination, offset);

        public void Write(ReadOnlySpan<byte> bytes, long offset) => RandomAccess.Write(handle, bytes, offset);

        public void SetLength(long length) => RandomAccess.SetLength(handle, length);

        public void Flush() => RandomAccess.FlushToDisk(handle);

        public void Dispose() => handle.Dispose();
    }
}
