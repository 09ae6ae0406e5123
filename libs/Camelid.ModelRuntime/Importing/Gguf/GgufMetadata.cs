using System.Diagnostics.CodeAnalysis;

namespace Camelid.ModelRuntime.Importing.Gguf;

/// <summary>The metadata of a GGUF file, asked for by key; a value of the wrong type or range is refused.</summary>
/// <param name="file">Name of the file, as messages name it.</param>
/// <param name="values">The values by key.</param>
internal sealed class GgufMetadata(string file, IReadOnlyDictionary<string, GgufValue> values)
{
    /// <summary>The keys, in no order.</summary>
    internal IEnumerable<string> Keys => values.Keys;

    /// <summary>An error about a key.</summary>
    internal ModelImportException Refusal(string key, string what) => new($"{file}: metadata key {key}: {what}");

    /// <summary>A text; null where absent.</summary>
    internal string? Text(string key) => Find<string>(key, "a text");

    /// <summary>A truth value; null where absent.</summary>
    internal bool? Flag(string key) => !values.TryGetValue(key, out GgufValue? value) ? null
        : value.Content is bool flag ? flag : throw Refusal(key, $"is {Describe(value)}, not a truth value");

    /// <summary>A whole number of a range; null where absent.</summary>
    internal long? Whole(string key, long least, long most)
    {
        if (!values.TryGetValue(key, out GgufValue? value))
        {
            return null;
        }

        Int128 number = value.Content is Int128 whole
            ? whole
            : throw Refusal(key, $"is {Describe(value)}, not one whole number");
        return number >= least && number <= most
            ? (long)number
            : throw Refusal(key, $"is {number}; it must be {least} to {most}");
    }

    /// <summary>A whole number of a range that must be there.</summary>
    internal int WholeNeeded(string key, int least, int most) =>
        (int)(Whole(key, least, most) ?? throw Refusal(key, "is missing; the file is not a whole model"));

    /// <summary>A finite number above zero; null where absent.</summary>
    internal float? Positive(string key)
    {
        double? number = !values.TryGetValue(key, out GgufValue? value) ? null : value.Content switch
        {
            double real => real,
            Int128 whole => (double)whole,
            _ => throw Refusal(key, $"is {Describe(value)}, not a number"),
        };
        return number is null || (number > 0 && float.IsFinite((float)number) && (float)number > 0)
            ? (float?)number
            : throw Refusal(key, $"is {number}; it must be above zero and finite");
    }

    /// <summary>A list of texts; null where absent.</summary>
    internal IReadOnlyList<string>? Texts(string key) => Find<string[]>(key, "a list of texts");

    /// <summary>A list of numbers; null where absent.</summary>
    internal IReadOnlyList<double>? Numbers(string key) => Find<double[]>(key, "a list of numbers");

    /// <summary>A list of whole numbers; null where absent.</summary>
    internal IReadOnlyList<long>? Wholes(string key) => Find<long[]>(key, "a list of whole numbers");

    /// <summary>True where the key is there.</summary>
    internal bool Has(string key) => values.ContainsKey(key);

    [return: MaybeNull]
    private T Find<T>(string key, string wanted)
        where T : class => !values.TryGetValue(key, out GgufValue? value) ? null
        : value.Content as T ?? throw Refusal(key, $"is {Describe(value)}, not {wanted}");

    private static string Describe(GgufValue value) =>
        value.Type == GgufValueType.Array ? "a list of another type" : $"of type {value.Type}";
}
