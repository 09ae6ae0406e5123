using Microsoft.Win32.SafeHandles;

namespace Camelid.ModelRuntime.Importing;

/// <summary>A regular file of a model that is being imported, open for reading at any place.</summary>
internal sealed class SourceFile : IDisposable
{
    private readonly SafeFileHandle handle;

    private SourceFile(string path, SafeFileHandle handle, long bytes) => (Path, this.handle, Bytes) =
        (path, handle, bytes);

    /// <summary>The full path.</summary>
    internal string Path { get; }

    /// <summary>The file's name, as messages name it.</summary>
    internal string Name => System.IO.Path.GetFileName(Path);

    /// <summary>Length in bytes.</summary>
    internal long Bytes { get; }

    /// <summary>Opens a file that has at least one byte; follows links, as download caches keep their files.</summary>
    /// <exception cref="ModelImportException">The file is missing, empty, no file, or cannot be read.</exception>
    internal static SourceFile Open(string path)
    {
        string name = System.IO.Path.GetFileName(path);
        try
        {
            FileInfo file = new(path);
            FileSystemInfo target = file.ResolveLinkTarget(returnFinalTarget: true) ?? file;

            // A pipe would block the open for ever; it has no length, so it ends here, and so do devices and folders.
            if (target is not FileInfo { Exists: true } regular)
            {
                throw new ModelImportException(
                    $"{name} is missing in {System.IO.Path.GetDirectoryName(path)}, or is no file; "
                    + "download the model again");
            }

            if (regular.Length == 0)
            {
                throw new ModelImportException($"{name} is empty; download the file again");
            }

            SafeFileHandle handle = File.OpenHandle(regular.FullName);
            return new SourceFile(path, handle, RandomAccess.GetLength(handle));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(name, exception);
        }
    }

    /// <summary>The whole content of a small file.</summary>
    /// <exception cref="ModelImportException">As for <see cref="Open"/>, or it is longer than allowed.</exception>
    internal static byte[] ReadAll(string path, int bytesMax)
    {
        using SourceFile file = Open(path);
        if (file.Bytes > bytesMax)
        {
            throw new ModelImportException(
                $"{file.Name} has {file.Bytes} bytes, {bytesMax} are allowed; is it the file that its name says?");
        }

        byte[] content = new byte[file.Bytes];
        file.Read(0, content, "the file");
        return content;
    }

    /// <summary>Fills <paramref name="destination"/> from a place in the file.</summary>
    /// <param name="offset">First byte.</param>
    /// <param name="destination">What is filled, whole.</param>
    /// <param name="part">What is read, for the message: <c>tensor lm_head.weight</c>.</param>
    /// <exception cref="ModelImportException">The file ends before, or cannot be read.</exception>
    internal void Read(long offset, Span<byte> destination, string part)
    {
        try
        {
            for (int filled = 0, read; filled < destination.Length; filled += read)
            {
                read = RandomAccess.Read(handle, destination[filled..], offset + filled);
                if (read == 0)
                {
                    throw new ModelImportException(
                        $"{Name} ends at byte {offset + filled}, inside {part}; download the file again");
                }
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(Name, exception);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => handle.Dispose();

    private static ModelImportException Unreadable(string name, Exception cause) =>
        new($"{name} cannot be read ({cause.Message}); correct the file, or download it again", cause);
}
