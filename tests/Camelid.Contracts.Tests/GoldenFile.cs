using Camelid.TestKit;

namespace Camelid.Contracts.Tests;

/// <summary>Committed texts in the folder <c>Golden</c>; <c>SNAP_UPDATE=1</c> writes them anew.</summary>
internal static class GoldenFile
{
    private static readonly string Folder =
        Path.Combine(SharedFiles.RepositoryRoot, "tests", "Camelid.Contracts.Tests", "Golden");

    /// <summary>Names of the committed files with an ending.</summary>
    public static IReadOnlyList<string> Names(string ending) =>
        [.. Directory.EnumerateFiles(Folder, "*" + ending).Select(path => Path.GetFileName(path))
            .Order(StringComparer.Ordinal)];

    /// <summary>The text is the committed one, line by line.</summary>
    public static void Equal(string name, string text)
    {
        string path = Path.Combine(Folder, name);
        string written = text.ReplaceLineEndings("\n").TrimEnd('\n') + "\n";
        if (Environment.GetEnvironmentVariable("SNAP_UPDATE") == "1")
        {
            File.WriteAllText(path, written);
            return;
        }

        Assert.True(File.Exists(path), $"no {path}; SNAP_UPDATE=1 writes it: then look at the difference in git");
        Assert.Equal(File.ReadAllText(path), written);
    }
}
