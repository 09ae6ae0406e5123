using System.Text.Json;
using Camelid.Gateway.Errors;

namespace Camelid.Gateway.Completions;

/// <summary>A prompt as it was sent: text, or token ids.</summary>
internal sealed record PromptInput
{
    /// <summary>The text, or null.</summary>
    public string? Text { get; init; }

    /// <summary>The token ids, or null.</summary>
    public IReadOnlyList<uint>? Tokens { get; init; }
}

/// <summary>A request to <c>/v1/completions</c>, read and checked.</summary>
internal sealed record CompletionCall
{
    /// <summary>Most token ids of one prompt that are read at all.</summary>
    public const int PromptTokensMax = 131_072;

    private const int LogprobsMax = 5;

    /// <summary>What both routes share.</summary>
    public required GenerationOptions Options { get; init; }

    /// <summary>One or more prompts.</summary>
    public required IReadOnlyList<PromptInput> Prompts { get; init; }

    /// <summary>True: each answer begins with its prompt.</summary>
    public required bool Echo { get; init; }

    /// <summary>Reads a body.</summary>
    /// <param name="body">The whole body.</param>
    /// <param name="choicesMax">Most answers of one request.</param>
    public static CompletionCall Parse(ReadOnlyMemory<byte> body, int choicesMax)
    {
        using JsonDocument document = RequestFields.ParseBody(body);
        RequestFields fields = new(document.RootElement);
        UnsupportedParameters.Check(fields);
        long? logprobs = fields.Integer("logprobs", 0, LogprobsMax);
        GenerationOptions options = GenerationParser.Read(
            fields, (logprobs is not null, (int)(logprobs ?? 0)), choicesMax);
        bool echo = fields.Flag("echo") ?? false;
        if (echo && options.Logprobs)
        {
            throw ApiError.Unsupported(
                "echo", "log probabilities of the prompt are not computed; leave out 'logprobs'.");
        }

        if (fields.Integer("best_of", 1, choicesMax) is { } bestOf && bestOf != options.Choices)
        {
            throw ApiError.BadRequest("'best_of' must equal 'n': every answer is paid, so none is hidden.", "best_of");
        }

        IReadOnlyList<PromptInput> prompts = ReadPrompts(fields);
        return prompts.Count * options.Choices <= choicesMax
            ? new CompletionCall { Options = options, Prompts = prompts, Echo = echo }
            : throw ApiError.BadRequest(
                $"{prompts.Count} prompts × n {options.Choices} is more than {choicesMax} answers: send fewer at once.",
                "n");
    }

    private static IReadOnlyList<PromptInput> ReadPrompts(RequestFields fields)
    {
        JsonElement value = fields.Find("prompt") ?? throw ApiError.BadRequest(
            "'prompt' is missing.", "prompt", "missing_required_parameter");
        if (value.ValueKind == JsonValueKind.String)
        {
            return [TextPrompt(value)];
        }

        if (value.ValueKind != JsonValueKind.Array)
        {
            throw WrongPrompt(fields);
        }

        if (value.GetArrayLength() == 0)
        {
            throw EmptyPrompt();
        }

        return value[0].ValueKind switch
        {
            JsonValueKind.Number => [TokenPrompt(value)],
            JsonValueKind.String => [.. value.EnumerateArray().Select(item =>
                item.ValueKind == JsonValueKind.String ? TextPrompt(item) : throw WrongPrompt(fields))],
            JsonValueKind.Array => [.. value.EnumerateArray().Select(item =>
                item.ValueKind == JsonValueKind.Array ? TokenPrompt(item) : throw WrongPrompt(fields))],
            _ => throw WrongPrompt(fields),
        };
    }

    private static PromptInput TextPrompt(JsonElement value)
    {
        string text = RequestFields.TextOf(value, "prompt");
        return text.Length > 0 ? new PromptInput { Text = text } : throw EmptyPrompt();
    }

    private static PromptInput TokenPrompt(JsonElement value)
    {
        int count = value.GetArrayLength();
        if (count == 0)
        {
            throw EmptyPrompt();
        }

        if (count > PromptTokensMax)
        {
            throw ApiError.BadRequest(
                $"'prompt' has {count} tokens; no model here takes more than {PromptTokensMax}.", "prompt",
                "context_length_exceeded");
        }

        uint[] tokens = new uint[count];
        int index = 0;
        foreach (JsonElement item in value.EnumerateArray())
        {
            tokens[index++] = item.ValueKind == JsonValueKind.Number && item.TryGetUInt32(out uint token)
                ? token
                : throw ApiError.BadRequest($"'prompt[{index - 1}]' is no token id.", "prompt");
        }

        return new PromptInput { Tokens = tokens };
    }

    private static ApiException EmptyPrompt() =>
        ApiError.BadRequest("'prompt' is empty: send at least one token.", "prompt");

    private static ApiException WrongPrompt(RequestFields fields) =>
        fields.WrongType("prompt", "a string, a list of strings, token ids, or a list of lists of token ids");
}
