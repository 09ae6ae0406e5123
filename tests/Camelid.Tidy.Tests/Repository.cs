namespace Camelid.Tidy.Tests;

/// <summary>The files of the repository that people write: no build outputs, no packages, nothing generated.</summary>
internal static class Repository
{
    private static readonly string[] FoldersSkipped =
        ["artifacts", "bin", "obj", "node_modules", ".git", ".camelid", ".vs", "TestResults"];

    /// <summary>The folder with Camelid.sln.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Paths relative to the root, with forward slashes, whose name ends in one of the endings.</summary>
    public static IEnumerable<string> Files(params string[] endings) =>
        Walk(Root).Select(path => Path.GetRelativePath(Root, path).Replace('\\', '/'))
            .Where(path => endings.Length == 0 || endings.Any(ending =>
                path.EndsWith(ending, StringComparison.Ordinal)))
            .Order(StringComparer.Ordinal);

    /// <summary>The text of a file named relative to the root.</summary>
    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    /// <summary>The text of a file, or nothing where it is absent: the check then says what is missing.</summary>
    public static string ReadIfPresent(string path) =>
        File.Exists(Path.Combine(Root, path)) ? Read(path) : "";

    private static IEnumerable<string> Walk(string folder)
    {
        foreach (string file in Directory.EnumerateFiles(folder))
        {
            yield return file;
        }

        foreach (string child in Directory.EnumerateDirectories(folder))
        {
            if (FoldersSkipped.Contains(Path.GetFileName(child))
                || File.GetAttributes(child).HasFlag(FileAttributes.ReparsePoint))
            {
                continue;
            }

            foreach (string file in Walk(child))
            {
                yield return file;
            }
        }
    }

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Camelid.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"no Camelid.sln above {AppContext.BaseDirectory}");
    }
}
