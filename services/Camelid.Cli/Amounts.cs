using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Camelid.Cli;

/// <summary>Amounts leave the tool as text.</summary>
internal static class Amounts
{
    private const string Ending = "grains";
    private const decimal GrainsPerCoin = Protocol.Amount.GrainsPerCoin;

    /// <summary>Coins with all eight places, so that columns of amounts stand under each other.</summary>
    public static string Coins(long grains) =>
        (grains / GrainsPerCoin).ToString("F8", CultureInfo.InvariantCulture);

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
