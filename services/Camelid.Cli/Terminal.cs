using System.Text.Json;
using System.Text.Json.Nodes;

namespace Camelid.Cli;

/// <summary>Where a command writes: data on <see cref="Out"/>, progress and errors on <see cref="Error"/>.</summary>
/// <param name="In">Standard input.</param>
/// <param name="Out">Standard output.</param>
/// <param name="Error">Standard error.</param>
internal sealed record Terminal(TextReader In, TextWriter Out, TextWriter Error)
{
    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>True where moving the cursor on standard error makes sense.</summary>
    public bool IsInteractive { get; init; }

    /// <summary>Reads a line of the keyboard without showing it; null where nobody is at a keyboard.</summary>
    public Func<string?>? ReadHidden { get; init; }

    /// <summary>
    /// The process's own streams; nothing is coloured where NO_COLOR is set or the stream is no terminal.
    /// </summary>
    public static Terminal OfProcess() => new(Console.In, Console.Out, Console.Error)
    {
        IsInteractive = !Console.IsErrorRedirected
            && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")),
        ReadHidden = Console.IsInputRedirected || Console.IsErrorRedirected ? null : SecretInput.ReadKeys,
    };

    /// <summary>
    /// Writes a document as JSON; amounts become strings, since 64-bit numbers do not survive every reader.
    /// </summary>
    public void WriteJson(JsonNode? node) => Out.WriteLine(Amounts.AsText(node)?.ToJsonString(Indented) ?? "null");

    /// <summary>Writes rows in aligned columns.</summary>
    public void WriteRows(IReadOnlyList<string> head, IReadOnlyList<IReadOnlyList<string>> rows)
    {
        int[] widths = [.. head.Select((name, column) => rows.Append(head).Max(row => row[column].Length))];
        foreach (IReadOnlyList<string> row in rows.Prepend(head))
        {
            Out.WriteLine(string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
        }
    }

    /// <summary>Writes names and values, the values under each other.</summary>
    public void WritePage(params (string Name, string Value)[] facts)
    {
        int width = facts.Length == 0 ? 0 : facts.Max(fact => fact.Name.Length);
        foreach ((string name, string value) in facts)
        {
            Out.WriteLine($"{name.PadRight(width)}  {value}");
        }
    }

    /// <summary>Writes the fields of a document, one on each line.</summary>
    public void WriteFields(JsonNode? node, string prefix = "")
    {
        switch (Amounts.AsText(node))
        {
            case JsonObject document:
                foreach ((string name, JsonNode? value) in document)
                {
                    WriteFields(value, prefix.Length == 0 ? name : $"{prefix}.{name}");
                }

                break;
            case JsonArray list:
                for (int index = 0; index < list.Count; index++)
                {
                    WriteFields(list[index], $"{prefix}[{index}]");
                }

                break;
            case { } value:
                Out.WriteLine($"{prefix}: {value}");
                break;
            default:
                Out.WriteLine($"{prefix}: -");
                break;
        }
    }
}
