using System.Globalization;
using System.Text.Json;
using Camelid.Gateway.Errors;

namespace Camelid.Gateway.Completions;

/// <summary>
/// Reads the fields of a JSON object. An explicit null is an absent field; a wrong type or an illegal value is refused
/// with the field's name.
/// </summary>
/// <param name="element">A JSON object.</param>
/// <param name="prefix">Path of the object, such as <c>messages[0].</c>; empty at the top.</param>
internal readonly struct RequestFields(JsonElement element, string prefix = "")
{
    private const int MillionthsDigits = 6;
    private const decimal Million = 1_000_000m;

    /// <summary>Reads a body: one JSON object in UTF-8.</summary>
    public static JsonDocument ParseBody(ReadOnlyMemory<byte> body)
    {
        if (!System.Text.Unicode.Utf8.IsValid(body.Span))
        {
            throw ApiError.BadRequest("The body is not valid UTF-8.", null, "invalid_json");
        }

        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(body);
        }
        catch (JsonException exception)
        {
            string place = $"line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1}";
            throw ApiError.BadRequest($"The body is not valid JSON ({place}).", null, "invalid_json");
        }

        if (document.RootElement.ValueKind != JsonValueKind.Object)
        {
            document.Dispose();
            throw ApiError.BadRequest("The body must be a JSON object.", null, "invalid_json");
        }

        return document;
    }

    /// <summary>Full name of a field.</summary>
    public string NameOf(string field) => prefix + field;

    /// <summary>The field, or null where it is absent or null.</summary>
    public JsonElement? Find(string field) =>
        element.TryGetProperty(field, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    /// <summary>A text, or null.</summary>
    public string? Text(string field) => Find(field) is not { } value ? null
        : value.ValueKind == JsonValueKind.String ? TextOf(value, NameOf(field)) : throw WrongType(field, "a string");

    /// <summary>True, false, or null.</summary>
    public bool? Flag(string field) => Find(field) is not { } value ? null : value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw WrongType(field, "true or false"),
    };

    /// <summary>A whole number within limits, or null.</summary>
    public long? Integer(string field, long min, long max)
    {
        if (Find(field) is not { } value)
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Number)
        {
            throw WrongType(field, "an integer");
        }

        if (!TryDecimal(value, out decimal number) || number != decimal.Truncate(number))
        {
            throw ApiError.BadRequest(
                $"'{NameOf(field)}' must be an integer; got {value.GetRawText()}.", NameOf(field));
        }

        return number >= min && number <= max ? (long)number : throw ApiError.BadRequest(
            $"'{NameOf(field)}' must be {min} … {max}; got {value.GetRawText()}.", NameOf(field));
    }

    /// <summary>
    /// A decimal in millionths within limits, or null. More than six decimals are refused: they have no encoding.
    /// </summary>
    /// <param name="field">Name of the field.</param>
    /// <param name="min">Least value, in millionths.</param>
    /// <param name="max">Largest value, in millionths.</param>
    public int? Millionths(string field, int min, int max) =>
        Find(field) is { } value ? MillionthsOf(value, NameOf(field), min, max) : null;

    /// <summary>A JSON number in millionths.</summary>
    public static int MillionthsOf(JsonElement value, string name, int min, int max)
    {
        if (value.ValueKind != JsonValueKind.Number)
        {
            throw ApiError.BadRequest($"'{name}' must be a number.", name, "invalid_type");
        }

        string limits = string.Create(
            CultureInfo.InvariantCulture, $"{min / Million:0.######} … {max / Million:0.######}");
        if (!TryDecimal(value, out decimal number) || number < min / Million || number > max / Million)
        {
            throw ApiError.BadRequest($"'{name}' must be {limits}; got {value.GetRawText()}.", name);
        }

        return number == decimal.Round(number, MillionthsDigits)
            ? (int)(number * Million)
            : throw ApiError.BadRequest(
                $"'{name}' has more than six decimals: {value.GetRawText()}. Round it.", name, "too_many_decimals");
    }

    /// <summary>The text of a JSON string; an unpaired surrogate is refused.</summary>
    public static string TextOf(JsonElement value, string name)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw ApiError.BadRequest($"'{name}' is not valid Unicode: it has an unpaired surrogate.", name);
        }
    }

    /// <summary>The refusal of a value of the wrong type.</summary>
    public ApiException WrongType(string field, string expected) =>
        ApiError.BadRequest($"'{NameOf(field)}' must be {expected}.", NameOf(field), "invalid_type");

    /// <summary>Numbers that a decimal cannot hold, such as 1e400, are out of every limit here.</summary>
    private static bool TryDecimal(JsonElement value, out decimal number)
    {
        const int DigitsMax = 64;
        string raw = value.GetRawText();
        number = 0;
        return raw.Length <= DigitsMax
            && decimal.TryParse(raw, NumberStyles.Float, CultureInfo.InvariantCulture, out number)
            && IsExact(raw, number);
    }

    /// <summary>A decimal rounds beyond 28 digits: 1e-40 must not pass as zero.</summary>
    private static bool IsExact(string raw, decimal number) =>
        number != 0
        || raw.TakeWhile(letter => letter is not ('e' or 'E')).All(letter => letter is not (>= '1' and <= '9'));
}
