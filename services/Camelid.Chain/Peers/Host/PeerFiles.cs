namespace Camelid.Chain.Peers.Host;

/// <summary>
/// Small files in a folder. Each is written beside its place, forced to the disk and then moved there: a crash leaves
/// the old one or the new one.
/// </summary>
internal sealed partial class PeerFiles(string folder, ILogger<PeerFiles> logger) : IPeerStore
{
    /// <summary>The largest file that is read; a larger one was not written here.</summary>
    public const int BytesMax = 16 << 20;

    /// <inheritdoc/>
    public byte[]? Read(string name)
    {
        string path = Path.Combine(folder, name);
        try
        {
            FileInfo file = new(path);
            return file.Exists && file.Length <= BytesMax ? File.ReadAllBytes(path) : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogFailed(path, exception.Message);
            return null;
        }
    }

    /// <inheritdoc/>
    public void Write(string name, byte[] bytes)
    {
        string path = Path.Combine(folder, name);
        string beside = path + ".new";
        try
        {
            Directory.CreateDirectory(folder);
            using (FileStream file = new(beside, FileMode.Create, FileAccess.Write, FileShare.None))
            {
                file.Write(bytes);
                file.Flush(flushToDisk: true);
            }

            File.Move(beside, path, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Peers are found again without it.
            LogFailed(path, exception.Message);
        }
    }

    [LoggerMessage(1154, LogLevel.Warning, "{Path} cannot be used: {Reason}")]
    private partial void LogFailed(string path, string reason);
}
