using System.Globalization;
using System.Text.Json;
using Camelid.Contracts.JobPool.V1;
using Camelid.Gateway.Errors;

namespace Camelid.Gateway.Completions;

/// <summary>Reads the parameters that both completion routes share.</summary>
internal static class GenerationParser
{
    private const int One = 1_000_000;
    private const int StopStringsMax = 4;
    private const int StopStringCharactersMax = 256;
    private const int LogitBiasMax = 1024;

    /// <summary>Reads them; <paramref name="logprobs"/> comes from the route, since the two differ there.</summary>
    public static GenerationOptions Read(RequestFields fields, (bool Wanted, int Top) logprobs, int choicesMax)
    {
        string model = fields.Text("model") ?? throw ApiError.BadRequest(
            "'model' is missing: name a model of GET /v1/models.", "model", "missing_required_parameter");
        if (model.Length is 0 or > GenerationOptions.ModelCharactersMax)
        {
            throw ApiError.ModelNotFound(model.Length == 0 ? "" : model[..32] + "…");
        }

        bool stream = fields.Flag("stream") ?? false;
        (long? tokensMax, string tokensMaxField) = TokensMax(fields);
        return new GenerationOptions
        {
            Model = model,
            Choices = (int)(fields.Integer("n", 1, choicesMax) ?? 1),
            TokensMax = tokensMax,
            TokensMaxField = tokensMaxField,
            Sampling = ReadSampling(fields),
            Seed = fields.Integer("seed", long.MinValue, long.MaxValue),
            StopStrings = StopStrings(fields),
            Logprobs = logprobs.Wanted,
            TopLogprobs = logprobs.Top,
            Stream = stream,
            IncludeUsage = IncludeUsage(fields, stream),
        };
    }

    private static (long? Value, string Field) TokensMax(RequestFields fields)
    {
        long? old = fields.Integer("max_tokens", 1, int.MaxValue);
        long? current = fields.Integer("max_completion_tokens", 1, int.MaxValue);
        return old is not null && current is not null && old != current
            ? throw ApiError.BadRequest(
                "'max_tokens' and 'max_completion_tokens' contradict each other: send one.", "max_tokens")
            : (current ?? old, current is null ? "max_tokens" : "max_completion_tokens");
    }

    private static Sampling ReadSampling(RequestFields fields)
    {
        Sampling sampling = new()
        {
            TemperatureMillionths = (uint)(fields.Millionths("temperature", 0, 2 * One) ?? One),
            TopPMillionths = (uint)(fields.Millionths("top_p", 0, One) ?? One),
            TopK = (uint)Math.Max(0, fields.Integer("top_k", -1, int.MaxValue) ?? 0),
            MinPMillionths = (uint)(fields.Millionths("min_p", 0, One) ?? 0),
            RepetitionPenaltyMillionths = (uint)(fields.Millionths("repetition_penalty", One, 2 * One) ?? One),
            PresencePenaltyMillionths = fields.Millionths("presence_penalty", -2 * One, 2 * One) ?? 0,
            FrequencyPenaltyMillionths = fields.Millionths("frequency_penalty", -2 * One, 2 * One) ?? 0,
        };
        if (sampling.TopPMillionths == 0)
        {
            throw ApiError.BadRequest("'top_p' must be above 0; for the likeliest token send temperature 0.", "top_p");
        }

        sampling.LogitBias.AddRange(LogitBias(fields));
        return sampling;
    }

    private static IEnumerable<TokenBias> LogitBias(RequestFields fields)
    {
        if (fields.Find("logit_bias") is not { } value)
        {
            return [];
        }

        if (value.ValueKind != JsonValueKind.Object)
        {
            throw fields.WrongType("logit_bias", "an object of token ids and biases");
        }

        SortedDictionary<uint, int> biases = [];
        foreach (JsonProperty property in value.EnumerateObject())
        {
            if (!uint.TryParse(property.Name, NumberStyles.None, CultureInfo.InvariantCulture, out uint tokenId)
                || property.Name != tokenId.ToString(CultureInfo.InvariantCulture)
                || !biases.TryAdd(tokenId, RequestFields.MillionthsOf(
                    property.Value, $"logit_bias.{property.Name}", -100 * One, 100 * One)))
            {
                throw ApiError.BadRequest(
                    $"'logit_bias' has a key that is no token id or comes twice: '{Shorten(property.Name)}'.",
                    "logit_bias");
            }
        }

        return biases.Count <= LogitBiasMax
            ? biases.Select(pair => new TokenBias { TokenId = pair.Key, BiasMillionths = pair.Value })
            : throw ApiError.BadRequest($"'logit_bias' has more than {LogitBiasMax} tokens.", "logit_bias");
    }

    private static string[] StopStrings(RequestFields fields)
    {
        if (fields.Find("stop") is not { } value)
        {
            return [];
        }

        string[] stops = value.ValueKind switch
        {
            JsonValueKind.String => [RequestFields.TextOf(value, "stop")],
            JsonValueKind.Array when value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String) =>
                [.. value.EnumerateArray().Select(item => RequestFields.TextOf(item, "stop"))],
            _ => throw fields.WrongType("stop", "a string or a list of strings"),
        };
        return stops.Length <= StopStringsMax && stops.All(stop => stop.Length is > 0 and <= StopStringCharactersMax)
            ? stops
            : throw ApiError.BadRequest(
                $"'stop' takes up to {StopStringsMax} strings of 1 … {StopStringCharactersMax} characters.", "stop");
    }

    private static bool IncludeUsage(RequestFields fields, bool stream)
    {
        if (fields.Find("stream_options") is not { } value)
        {
            return false;
        }

        if (value.ValueKind != JsonValueKind.Object)
        {
            throw fields.WrongType("stream_options", "an object");
        }

        if (!stream)
        {
            throw ApiError.BadRequest("'stream_options' is only allowed where 'stream' is true.", "stream_options");
        }

        RequestFields options = new(value, "stream_options.");
        return options.Flag("include_obfuscation") == true
            ? throw ApiError.Unsupported("stream_options.include_obfuscation", "leave it out or send false.")
            : options.Flag("include_usage") ?? false;
    }

    private static string Shorten(string text) => text.Length <= 32 ? text : text[..32] + "…";
}
