using System.Security.Cryptography;
using System.Text;

namespace Camelid.Node;

/// <summary>
/// The data folder in the hands of one process: made, writable, locked until the process ends, however it ends.
/// </summary>
internal sealed class NodeFolder : IDisposable
{
    /// <summary>Longest path of a Unix socket in bytes: 108 with the terminator, less some room.</summary>
    private const int SocketPathBytesMax = 100;

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly FileStream nodeLock;

    private NodeFolder(string path, FileStream nodeLock)
    {
        this.nodeLock = nodeLock;
        Path = path;
        SocketPath = SocketFor(path);
        IsNew = !File.Exists(ApiKeyFile);
    }

    public string Path { get; }

    /// <summary>Where the services of this process find each other.</summary>
    public string SocketPath { get; }

    public string ApiKeyFile => System.IO.Path.Combine(Path, "api-key");

    /// <summary>True where no node ran here before.</summary>
    public bool IsNew { get; }

    /// <summary>Takes the folder, or says why not.</summary>
    /// <exception cref="NodeRefusal">Another node has it, or it cannot be written.</exception>
    public static NodeFolder Take(string path)
    {
        try
        {
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(path);
            }
            else
            {
                Directory.CreateDirectory(path, OwnerOnly);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw NotWritable(path, exception);
        }

        string lockPath = System.IO.Path.Combine(path, "node.lock");
        FileStream nodeLock;
        try
        {
            nodeLock = new FileStream(lockPath, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (UnauthorizedAccessException exception)
        {
            throw NotWritable(path, exception);
        }
        catch (IOException exception) when (File.Exists(lockPath))
        {
            throw new NodeRefusal(NodeRefusal.Refused,
                $"another node is using {path} ({exception.Message}). "
                + "Stop it, or choose another folder with --data-dir.");
        }
        catch (IOException exception)
        {
            throw NotWritable(path, exception);
        }

        nodeLock.SetLength(0);
        nodeLock.Write(Encoding.ASCII.GetBytes($"{Environment.ProcessId}\n"));
        nodeLock.Flush();
        NodeFolder folder = new(path, nodeLock);
        File.Delete(folder.SocketPath);
        return folder;
    }

    public void Dispose()
    {
        File.Delete(SocketPath);
        nodeLock.Dispose();
    }

    private static NodeRefusal NotWritable(string path, Exception exception) => new(NodeRefusal.Failure,
        $"the data folder {path} cannot be written ({exception.Message}). "
        + "Correct its owner and rights, or choose another with --data-dir.");

    private static string SocketFor(string folder)
    {
        string path = System.IO.Path.Combine(folder, "node.sock");
        if (Encoding.UTF8.GetByteCount(path) <= SocketPathBytesMax)
        {
            return path;
        }

        string name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(folder)))[..16];
        string shortFolder = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"camelid-{name}");
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(shortFolder);
        }
        else
        {
            Directory.CreateDirectory(shortFolder, OwnerOnly);
        }

        return System.IO.Path.Combine(shortFolder, "node.sock");
    }
}
