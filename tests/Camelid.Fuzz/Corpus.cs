using System.Reflection;

namespace Camelid.Fuzz;

/// <summary>
/// The inputs that runs begin from: files <c>corpus/TARGET/NAME.bin</c>, embedded. <c>sample-N</c> is written from the
/// target's samples; <c>bug-WORDS</c> is an input that once did harm, and stays.
/// </summary>
internal static class Corpus
{
    /// <summary>Most bytes of all files together.</summary>
    public const int TotalBytesMax = 200_000;

    private static readonly Assembly Home = typeof(Corpus).Assembly;

    /// <summary>The inputs of a target, in order of their names.</summary>
    public static IReadOnlyList<CorpusInput> Of(string target) =>
    [
        .. Home.GetManifestResourceNames().Select(name => name.Replace('\\', '/'))
            .Where(name => name.StartsWith($"corpus/{target}/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal).Select(Read),
    ];

    /// <summary>The folders that have files.</summary>
    public static IReadOnlyList<string> Folders =>
        [.. Home.GetManifestResourceNames().Select(name => name.Replace('\\', '/').Split('/')).Where(parts =>
            parts is ["corpus", _, _]).Select(parts => parts[1]).Distinct().Order(StringComparer.Ordinal)];

    private static CorpusInput Read(string name)
    {
        using Stream stream = Home.GetManifestResourceStream(name)
            ?? Home.GetManifestResourceStream(name.Replace('/', '\\'))!;
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return new CorpusInput(name, bytes);
    }
}

/// <summary>One file of the corpus.</summary>
/// <param name="Name"><c>corpus/TARGET/NAME.bin</c>.</param>
/// <param name="Bytes">Its bytes.</param>
internal sealed record CorpusInput(string Name, byte[] Bytes);
