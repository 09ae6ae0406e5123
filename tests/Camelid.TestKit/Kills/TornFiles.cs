namespace Camelid.TestKit.Kills;

/// <summary>
/// Does to the files of a killed chain what a power cut may do to what was not waited for: the log of blocks gets a
/// torn end; the ends of undo data and journal are lost or torn; the newest snapshot is cut off.
/// </summary>
internal static class TornFiles
{
    private const int TornBytesMax = 400;

    /// <summary>Tears one or several files.</summary>
    /// <param name="folder">The folder of the chain's files.</param>
    /// <param name="random">What decides.</param>
    /// <returns>What was done, for a report.</returns>
    public static string Tear(string folder, Random random)
    {
        List<string> done = [];
        string? blocks = Newest(folder, "blocks-*.log");
        if (blocks is not null && random.Next(2) == 0)
        {
            done.Add(Append(blocks, random));
        }

        foreach (string kind in new[] { "undo-*.log", "index-*.log", "outputs-*" })
        {
            if (random.Next(2) == 0 && Newest(folder, kind) is { } file)
            {
                done.Add(random.Next(3) == 0 ? Append(file, random) : Cut(file, random));
            }
        }

        return string.Join(", ", done);
    }

    private static string? Newest(string folder, string pattern) =>
        Directory.GetFiles(folder, pattern).Order(StringComparer.Ordinal).LastOrDefault();

    private static string Append(string path, Random random)
    {
        byte[] torn = new byte[1 + random.Next(TornBytesMax)];
        random.NextBytes(torn);
        using FileStream file = new(path, FileMode.Append);
        file.Write(torn);
        return $"{Path.GetFileName(path)} +{torn.Length}";
    }

    private static string Cut(string path, Random random)
    {
        using FileStream file = new(path, FileMode.Open);
        int cut = (int)Math.Min(file.Length, 1 + random.Next(TornBytesMax));
        file.SetLength(file.Length - cut);
        return $"{Path.GetFileName(path)} -{cut}";
    }
}
