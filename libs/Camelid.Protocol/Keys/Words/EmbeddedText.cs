using System.Diagnostics;
using System.Text;

namespace Camelid.Protocol.Keys;

/// <summary>Constant tables that are too long to be code; they are part of this assembly.</summary>
internal static class EmbeddedText
{
    /// <summary>The lines of a table, without an empty last one.</summary>
    public static string[] Lines(string resource)
    {
        using Stream stream = typeof(EmbeddedText).Assembly.GetManifestResourceStream(resource)
            ?? throw new UnreachableException($"the resource {resource} is part of this assembly");
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return Encoding.UTF8.GetString(bytes).TrimEnd('\n').Split('\n');
    }
}
