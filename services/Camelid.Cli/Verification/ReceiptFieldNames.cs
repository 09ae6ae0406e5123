using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Camelid.Cli.Verification;

/// <summary>
/// The fields of a document that its type does not have. Nobody signed them, and a reader might believe them.
/// </summary>
internal static class ReceiptFieldNames
{
    /// <summary>Most fields that are named.</summary>
    private const int NamedMax = 20;

    /// <summary>Paths of unknown or repeated fields, in the order of the document.</summary>
    public static IReadOnlyList<string> Unknown(JsonElement document, JsonTypeInfo type)
    {
        List<string> found = [];
        Walk(document, type, "", found);
        return found;
    }

    private static void Walk(JsonElement element, JsonTypeInfo type, string path, List<string> found)
    {
        if (element.ValueKind == JsonValueKind.Array && type.ElementType is { } entry)
        {
            int index = 0;
            foreach (JsonElement item in element.EnumerateArray())
            {
                Walk(item, type.Options.GetTypeInfo(entry), $"{path}[{index++}]", found);
            }
        }

        if (element.ValueKind != JsonValueKind.Object || type.Kind != JsonTypeInfoKind.Object)
        {
            return;
        }

        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach (JsonProperty field in element.EnumerateObject())
        {
            string name = path.Length == 0 ? field.Name : $"{path}.{field.Name}";
            JsonPropertyInfo? known = type.Properties.FirstOrDefault(property => property.Name == field.Name);
            if (known is not null && seen.Add(field.Name))
            {
                Walk(field.Value, type.Options.GetTypeInfo(known.PropertyType), name, found);
            }
            else if (found.Count < NamedMax)
            {
                found.Add(name);
            }
        }
    }
}
