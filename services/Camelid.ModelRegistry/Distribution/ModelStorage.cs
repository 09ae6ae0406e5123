using System.Collections.Concurrent;
using System.Globalization;
using Camelid.ModelRegistry.Distribution.Pulls;
using Camelid.Protocol;
using Camelid.ServiceDefaults.Hosting;

namespace Camelid.ModelRegistry.Distribution;

/// <summary>How much room models take, and may take.</summary>
/// <remarks>A download counts with all its bytes from its start, so that two do not promise the same room.</remarks>
internal sealed class ModelStorage(DataFolder folder, DistributionOptions options)
{
    /// <summary>Bytes that are left free on the disk.</summary>
    public const long FreeBytesMin = 64_000_000;

    private const double Megabyte = 1e6;

    private readonly ConcurrentDictionary<Hash256, long> promised = [];

    /// <summary>Promises room for a download, or looks whether what was promised is still there.</summary>
    /// <param name="root">The model.</param>
    /// <param name="bytesCount">Bytes of all its files.</param>
    /// <param name="bytesHave">Bytes of them that are on the disk.</param>
    /// <exception cref="PullException">There is no room; the message names both numbers.</exception>
    public void Promise(Hash256 root, long bytesCount, long bytesHave)
    {
        promised[root] = bytesCount;
        string own = PartialPackage.FolderPrefix + root;
        long others = Sizes().Where(entry => entry.Name != own).Sum(entry => entry.Bytes);
        if (options.QuotaBytes > 0 && others + bytesCount > options.QuotaBytes)
        {
            string needed = Megabytes(bytesCount);
            string left = Megabytes(Math.Max(0, options.QuotaBytes - others));
            throw new PullException("quota", $"model {root} takes {needed}, and {left} of the "
                + $"{Megabytes(options.QuotaBytes)} of Models:QuotaMegabytes are left; remove a model or allow more");
        }

        long free = new DriveInfo(folder.Models).AvailableFreeSpace;
        long missing = bytesCount - bytesHave;
        if (missing > 0 && free < missing + FreeBytesMin)
        {
            throw new PullException("disk-full", $"model {root} needs {Megabytes(missing + FreeBytesMin)} more, and "
                + $"{Megabytes(free)} are free on the disk of {folder.Models}");
        }
    }

    /// <summary>A download is over.</summary>
    public void Release(Hash256 root) => promised.TryRemove(root, out _);

    private static string Megabytes(long bytes) =>
        string.Create(CultureInfo.InvariantCulture, $"{bytes / Megabyte:F1} MB");

    /// <summary>Each model's folder and its bytes; of a download those that were promised.</summary>
    private IEnumerable<(string Name, long Bytes)> Sizes()
    {
        DirectoryInfo models = new(folder.Models);
        HashSet<string> running = [.. promised.Keys.Select(root => PartialPackage.FolderPrefix + root)];
        return promised.Select(entry => (PartialPackage.FolderPrefix + entry.Key, entry.Value))
            .Concat((models.Exists ? models.EnumerateDirectories() : [])
                .Where(entry => !running.Contains(entry.Name))
                .Select(entry => (entry.Name, BytesIn(entry))));
    }

    /// <summary>A folder that is just being moved counts nothing.</summary>
    private static long BytesIn(DirectoryInfo entry)
    {
        try
        {
            return entry.EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);
        }
        catch (Exception exception) when (exception is DirectoryNotFoundException or FileNotFoundException)
        {
            return 0;
        }
    }
}
