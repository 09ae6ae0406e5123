using System.Text.Json;
using Xunit;

namespace Camelid.TestKit;

/// <summary>Finds the files that stand beside the repository, in <c>../shared</c>; they are read in place.</summary>
public static class SharedFiles
{
    private const string Marker = "Camelid.sln";

    /// <summary>The folder of the repository: the first one upwards that has Camelid.sln.</summary>
    public static string RepositoryRoot { get; } = FindRoot();

    /// <summary>The folder <c>shared</c> beside the repository; it may not exist.</summary>
    public static string Root { get; } = Path.GetFullPath(Path.Combine(RepositoryRoot, "..", "shared"));

    /// <summary>The path of a shared file or folder; skips the test, with the reason, where there is none.</summary>
    /// <param name="parts">
    /// The path below <c>shared</c>, such as <c>vectors</c>, <c>bip32</c>, <c>bcoin_hd.json</c>.
    /// </param>
    public static string SkipUnless(params string[] parts)
    {
        string relative = Path.Combine(parts);
        string path = Path.Combine(Root, relative);
        Assert.SkipUnless(Path.Exists(path), $"../shared/{relative} does not stand beside this repository");
        return path;
    }

    /// <summary>A shared JSON file; skips the test where there is none.</summary>
    public static JsonElement Json(params string[] parts)
    {
        using FileStream file = File.OpenRead(SkipUnless(parts));
        using JsonDocument document = JsonDocument.Parse(file);
        return document.RootElement.Clone();
    }

    private static string FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, Marker)))
        {
            folder = folder.Parent;
        }

        return folder?.FullName
            ?? throw new DirectoryNotFoundException($"no {Marker} above {AppContext.BaseDirectory}");
    }
}
