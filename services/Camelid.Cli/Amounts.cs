using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Camelid.Cli;

/// <summary>Amounts leave the tool as text.</summary>
internal static class Amounts
{
    private const string Ending = "grains";
    private const int Places = 8;
    private const int WholeDigitsMax = 9;
    private const decimal GrainsPerCoin = Protocol.Amount.GrainsPerCoin;

    /// <summary>Coins with all eight places, so that columns of amounts stand under each other.</summary>
    public static string Coins(long grains) =>
        (grains / GrainsPerCoin).ToString("F8", CultureInfo.InvariantCulture);

    /// <summary>Reads coins exactly, to the eighth place, such as <c>12.5</c>: nothing is rounded.</summary>
    /// <param name="text">Digits, and at most eight behind a point.</param>
    /// <param name="grains">Grains.</param>
    public static bool TryParse(string text, out long grains)
    {
        grains = 0;
        string[] parts = text.Split('.');
        string whole = parts[0];
        string rest = parts.Length == 2 ? parts[1] : "0";
        if (parts.Length > 2 || whole.Length is 0 or > WholeDigitsMax || rest.Length is 0 or > Places
            || whole.AsSpan().ContainsAnyExceptInRange('0', '9') || rest.AsSpan().ContainsAnyExceptInRange('0', '9'))
        {
            return false;
        }

        grains = (long.Parse(whole, CultureInfo.InvariantCulture) * Protocol.Amount.GrainsPerCoin)
            + long.Parse(rest.PadRight(Places, '0'), CultureInfo.InvariantCulture);
        return grains <= Protocol.Amount.GrainsMax;
    }

    /// <summary>A copy in which each number whose name ends in "grains" is a string.</summary>
    public static JsonNode? AsText(JsonNode? node) => node switch
    {
        JsonObject document => new JsonObject(document.Select(field => KeyValuePair.Create(
            field.Key,
            field.Key.EndsWith(Ending, StringComparison.OrdinalIgnoreCase)
                && field.Value?.GetValueKind() == JsonValueKind.Number
                ? JsonValue.Create(field.Value.ToJsonString())
                : AsText(field.Value)))),
        JsonArray list => new JsonArray([.. list.Select(AsText)]),
        _ => node?.DeepClone(),
    };
}
