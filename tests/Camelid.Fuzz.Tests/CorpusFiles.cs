namespace Camelid.Fuzz.Tests;

/// <summary>
/// With <c>CORPUS_UPDATE=1</c> the samples are written into the source tree; <c>git diff</c> reviews them.
/// </summary>
internal static class CorpusFiles
{
    public static bool IsUpdate => Environment.GetEnvironmentVariable("CORPUS_UPDATE") == "1";

    public static void Write(string target, byte[][] samples)
    {
        string folder = Path.Combine(Root(), "tests", "Camelid.Fuzz", "corpus", target);
        Directory.CreateDirectory(folder);
        foreach (string old in Directory.GetFiles(folder, "sample-*.bin"))
        {
            File.Delete(old);
        }

        for (int i = 0; i < samples.Length; i++)
        {
            File.WriteAllBytes(Path.Combine(folder, $"sample-{i:00}.bin"), samples[i]);
        }
    }

    private static string Root()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Camelid.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("no Camelid.sln above the tests");
    }
}
