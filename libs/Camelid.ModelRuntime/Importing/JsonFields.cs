using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Text.Unicode;

namespace Camelid.ModelRuntime.Importing;

/// <summary>An object of a JSON file that somebody else wrote, with fields of checked types.</summary>
/// <param name="File">Name of the file, for messages.</param>
/// <param name="Element">The object.</param>
/// <param name="Path">Where the object stands in the file; empty for the outermost.</param>
internal readonly partial record struct JsonFields(string File, JsonElement Element, string Path = "")
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 64 };

    /// <summary>Reads a file whose outermost value is an object; names stand once.</summary>
    /// <exception cref="ModelImportException">The file cannot be read, is too long, or is no such JSON.</exception>
    internal static JsonFields Read(string path, int bytesMax) =>
        Parse(System.IO.Path.GetFileName(path), SourceFile.ReadAll(path, bytesMax));

    /// <summary>Reads bytes whose outermost value is an object; names stand once.</summary>
    /// <exception cref="ModelImportException">The bytes are no such JSON.</exception>
    internal static JsonFields Parse(string file, ReadOnlyMemory<byte> content)
    {
        ReadOnlyMemory<byte> text = content.Span.StartsWith("\uFEFF"u8) ? content[3..] : content;
        if (!Utf8.IsValid(text.Span) || HasLoneSurrogate(text.Span))
        {
            throw new ModelImportException($"{file} holds bytes that are no characters; download the file again");
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(text, Strict);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? new JsonFields(file, document.RootElement.Clone())
                : throw new ModelImportException($"{file} holds no JSON object; download the file again");
        }
        catch (JsonException exception)
        {
            throw new ModelImportException(
                $"{file} is not JSON ({Printable(exception.Message)}); download the file again", exception);
        }
    }

    /// <summary>True where the field is there and not null.</summary>
    internal bool Has(string name) => Find(name) is not null;

    /// <summary>The field; null where it is absent or null.</summary>
    internal JsonElement? Find(string name) =>
        Element.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    /// <summary>A whole number that must be there.</summary>
    internal int Int32(string name) => Int32OrNull(name) ?? throw Missing(name);

    /// <summary>A whole number; null where it is absent.</summary>
    internal int? Int32OrNull(string name) => Find(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) ? number
        : throw Wrong(name, "a whole number of at most 32 bits");

    /// <summary>A number; null where it is absent.</summary>
    internal float? SingleOrNull(string name) => Find(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetSingle(out float number) && float.IsFinite(number)
            ? number : throw Wrong(name, "a number");

    /// <summary>A truth; null where it is absent.</summary>
    internal bool? BooleanOrNull(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        _ => throw Wrong(name, "true or false"),
    };

    /// <summary>A text; null where it is absent.</summary>
    internal string? TextOrNull(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } value => value.GetString(),
        _ => throw Wrong(name, "a text"),
    };

    /// <summary>An object; null where it is absent.</summary>
    internal JsonFields? ObjectOrNull(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Object } value => new JsonFields(File, value, At(name)),
        _ => throw Wrong(name, "an object"),
    };

    /// <summary>The elements of a list; none where it is absent.</summary>
    internal IReadOnlyList<JsonElement> List(string name) => Find(name) switch
    {
        null => [],
        { ValueKind: JsonValueKind.Array } value => [.. value.EnumerateArray()],
        _ => throw Wrong(name, "a list"),
    };

    /// <summary>What to throw for a field that must be there.</summary>
    internal ModelImportException Missing(string name) =>
        new($"{File} says no {At(name)}; take the file that belongs to the model");

    /// <summary>What to throw for a field of the wrong type.</summary>
    internal ModelImportException Wrong(string name, string wanted) =>
        new($"{File}: {At(name)} is not {wanted}; take the file that belongs to the model");

    /// <summary>Text of a stranger, short and without what a terminal would obey.</summary>
    internal static string Printable(string text)
    {
        const int charactersMax = 120;
        string shown = Unprintable().Replace(text, "?");
        return shown.Length <= charactersMax ? shown : shown[..charactersMax] + "…";
    }

    private string At(string name) => Path.Length == 0 ? name : $"{Path}.{name}";

    /// <summary>JSON may write half a character as an escape, and the parser notices only when it is read.</summary>
    private static bool HasLoneSurrogate(ReadOnlySpan<byte> text)
    {
        const int escapeBytes = 6;
        bool expectsLow = false;
        for (int i; (i = text.IndexOf((byte)'\\')) >= 0 && i + 1 < text.Length;)
        {
            bool isUnit = text[i + 1] == 'u' && i + escapeBytes <= text.Length;
            ushort unit = 0;
            if (isUnit && !ushort.TryParse(
                text.Slice(i + 2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out unit))
            {
                return true;
            }

            if (char.IsLowSurrogate((char)unit) != expectsLow || (expectsLow && i != 0))
            {
                return true;
            }

            expectsLow = char.IsHighSurrogate((char)unit);
            text = text[(i + (isUnit ? escapeBytes : 2))..];
        }

        return expectsLow;
    }

    [GeneratedRegex(@"[\p{Cc}\p{Cs}]")]
    private static partial Regex Unprintable();
}
