using System.Text.Json;
using Camelid.Gateway.Errors;

namespace Camelid.Gateway.Completions;

/// <summary>
/// Parameters that OpenAI knows and this gateway does not honour: each is refused by name, never ignored.
/// </summary>
internal static class UnsupportedParameters
{
    private const int MetadataEntriesMax = 16;
    private const int MetadataKeyCharactersMax = 64;
    private const int MetadataValueCharactersMax = 512;

    /// <summary>Any value but null is refused.</summary>
    private static readonly (string Name, string Instead)[] Refused =
    [
        ("tools", "models here do not call tools; leave it out."),
        ("functions", "models here do not call functions; leave it out."),
        ("parallel_tool_calls", "it needs tools, and models here do not call any."),
        ("audio", "answers are text only."),
        ("prediction", "leave it out."),
        ("web_search_options", "nothing is searched; leave it out."),
        ("reasoning_effort", "models here do not reason apart; leave it out."),
        ("verbosity", "leave it out."),
        ("moderation", "leave it out."),
        ("suffix", "text is only continued, not filled in."),
        ("prompt_cache_options", "leave it out."),
        ("prompt_cache_retention", "leave it out."),
    ];

    /// <summary>Refuses the first parameter of the request that is not supported.</summary>
    public static void Check(RequestFields fields)
    {
        foreach ((string name, string instead) in Refused)
        {
            if (fields.Find(name) is not null)
            {
                throw ApiError.Unsupported(name, instead);
            }
        }

        CheckText(fields, "tool_choice", ["none"]);
        CheckText(fields, "function_call", ["none"]);
        CheckText(fields, "service_tier", ["auto", "default"]);
        if (fields.Flag("store") == true)
        {
            throw ApiError.Unsupported("store", "answers are not kept for later; the receipt is yours to keep.");
        }

        CheckResponseFormat(fields);
        CheckModalities(fields);
        CheckMetadata(fields);
        _ = fields.Text("user");
    }

    private static void CheckText(RequestFields fields, string name, string[] accepted)
    {
        if (fields.Find(name) is { } value
            && (value.ValueKind != JsonValueKind.String || !accepted.Contains(RequestFields.TextOf(value, name))))
        {
            throw ApiError.Unsupported(name, $"leave it out, or send {string.Join(" or ", accepted)}.");
        }
    }

    private static void CheckResponseFormat(RequestFields fields)
    {
        if (fields.Find("response_format") is not { } value)
        {
            return;
        }

        if (value.ValueKind != JsonValueKind.Object)
        {
            throw fields.WrongType("response_format", "an object");
        }

        if (new RequestFields(value, "response_format.").Text("type") != "text")
        {
            throw ApiError.Unsupported("response_format", "only the type 'text' is.");
        }
    }

    private static void CheckModalities(RequestFields fields)
    {
        if (fields.Find("modalities") is not { } value)
        {
            return;
        }

        if (value.ValueKind != JsonValueKind.Array)
        {
            throw fields.WrongType("modalities", "a list");
        }

        if (value.EnumerateArray().Any(item => item.ValueKind != JsonValueKind.String || !item.ValueEquals("text")))
        {
            throw ApiError.Unsupported("modalities", "only 'text' is.");
        }
    }

    /// <summary>Metadata is the caller's own note: checked for its form, kept by nobody.</summary>
    private static void CheckMetadata(RequestFields fields)
    {
        if (fields.Find("metadata") is not { } value)
        {
            return;
        }

        if (value.ValueKind != JsonValueKind.Object)
        {
            throw fields.WrongType("metadata", "an object of strings");
        }

        int count = 0;
        foreach (JsonProperty property in value.EnumerateObject())
        {
            count++;
            if (property.Value.ValueKind != JsonValueKind.String || count > MetadataEntriesMax
                || property.Name.Length > MetadataKeyCharactersMax
                || RequestFields.TextOf(property.Value, "metadata").Length > MetadataValueCharactersMax)
            {
                throw ApiError.BadRequest(
                    $"'metadata' takes up to {MetadataEntriesMax} strings of at most {MetadataValueCharactersMax} "
                    + $"characters under names of at most {MetadataKeyCharactersMax}.", "metadata");
            }
        }
    }
}
