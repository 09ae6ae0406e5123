using System.Text.Json;
using Camelid.Contracts.ModelRegistry.V1;
using Camelid.Gateway.Errors;

namespace Camelid.Gateway.Completions;

/// <summary>A request to <c>/v1/chat/completions</c>, read and checked.</summary>
internal sealed record ChatCall
{
    private const int TopLogprobsMax = 20;
    private const int MessagesMax = 1024;

    /// <summary>Fields of a message that cannot be honoured.</summary>
    private static readonly string[] MessageFieldsRefused =
        ["tool_calls", "function_call", "tool_call_id", "audio", "refusal", "name"];

    /// <summary>What both routes share.</summary>
    public required GenerationOptions Options { get; init; }

    /// <summary>The conversation, oldest first.</summary>
    public required IReadOnlyList<ChatMessage> Messages { get; init; }

    /// <summary>Reads a body.</summary>
    /// <param name="body">The whole body.</param>
    /// <param name="choicesMax">Most answers of one request.</param>
    public static ChatCall Parse(ReadOnlyMemory<byte> body, int choicesMax)
    {
        using JsonDocument document = RequestFields.ParseBody(body);
        RequestFields fields = new(document.RootElement);
        UnsupportedParameters.Check(fields);
        bool logprobs = fields.Flag("logprobs") ?? false;
        long? top = fields.Integer("top_logprobs", 0, TopLogprobsMax);
        if (top is not null && !logprobs)
        {
            throw ApiError.BadRequest("'top_logprobs' needs 'logprobs' to be true.", "top_logprobs");
        }

        return new ChatCall
        {
            Options = GenerationParser.Read(fields, (logprobs, (int)(top ?? 0)), choicesMax),
            Messages = ReadMessages(fields),
        };
    }

    private static ChatMessage[] ReadMessages(RequestFields fields)
    {
        JsonElement value = fields.Find("messages") ?? throw ApiError.BadRequest(
            "'messages' is missing.", "messages", "missing_required_parameter");
        if (value.ValueKind != JsonValueKind.Array)
        {
            throw fields.WrongType("messages", "a list");
        }

        int count = value.GetArrayLength();
        if (count is 0 or > MessagesMax)
        {
            throw ApiError.BadRequest($"'messages' takes 1 … {MessagesMax} messages; got {count}.", "messages");
        }

        return [.. value.EnumerateArray().Select(ReadMessage)];
    }

    private static ChatMessage ReadMessage(JsonElement value, int index)
    {
        string name = $"messages[{index}]";
        if (value.ValueKind != JsonValueKind.Object)
        {
            throw ApiError.BadRequest($"'{name}' must be an object.", name, "invalid_type");
        }

        RequestFields fields = new(value, name + ".");
        foreach (string refused in MessageFieldsRefused)
        {
            if (fields.Find(refused) is { } found
                && (found.ValueKind != JsonValueKind.Array || found.GetArrayLength() > 0))
            {
                throw ApiError.Unsupported(fields.NameOf(refused), "leave it out.");
            }
        }

        string role = fields.Text("role") switch
        {
            "system" or "developer" => "system",
            "user" => "user",
            "assistant" => "assistant",
            "tool" or "function" => throw ApiError.Unsupported(fields.NameOf("role"), "models here do not call tools."),
            _ => throw ApiError.BadRequest(
                $"'{name}.role' must be system, developer, user or assistant.", fields.NameOf("role")),
        };
        return new ChatMessage { Role = role, Content = ReadContent(fields) };
    }

    private static string ReadContent(RequestFields fields)
    {
        string name = fields.NameOf("content");
        JsonElement value = fields.Find("content") ?? throw ApiError.BadRequest(
            $"'{name}' is missing.", name, "missing_required_parameter");
        return value.ValueKind switch
        {
            JsonValueKind.String => RequestFields.TextOf(value, name),
            JsonValueKind.Array => string.Concat(value.EnumerateArray().Select((part, index) =>
                ReadPart(part, $"{name}[{index}]"))),
            _ => throw fields.WrongType("content", "a string or a list of parts"),
        };
    }

    private static string ReadPart(JsonElement part, string name)
    {
        if (part.ValueKind != JsonValueKind.Object)
        {
            throw ApiError.BadRequest($"'{name}' must be an object.", name, "invalid_type");
        }

        RequestFields fields = new(part, name + ".");
        return fields.Text("type") == "text"
            ? fields.Text("text") ?? throw ApiError.BadRequest($"'{name}.text' is missing.", fields.NameOf("text"))
            : throw ApiError.Unsupported(name, "only parts of the type 'text' are.");
    }
}
