using System.Text.Json.Serialization;

namespace Camelid.Client.Completions;

/// <summary>Body of <c>POST /v1/completions</c> as this client sends it. What is null is left out.</summary>
public sealed record CompletionRequest
{
    /// <summary>Name of the model, or the 64 digits of its root.</summary>
    public required string Model { get; init; }

    /// <summary>The text to go on from.</summary>
    public required string Prompt { get; init; }

    /// <summary>Most tokens to run; the gateway's default is 16.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? MaxTokens { get; init; }

    /// <summary>0 … 2, at most six decimals; 0 always takes the likeliest token.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public decimal? Temperature { get; init; }

    /// <summary>Nucleus mass above 0 and up to 1.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public decimal? TopP { get; init; }

    /// <summary>Fixes the randomness; without it the seed comes from the job.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Seed { get; init; }

    /// <summary>Up to four texts that end the answer.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Stop { get; init; }

    /// <summary>Set by the client's streaming call.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Stream { get; init; }

    /// <summary>Set by the client's streaming call.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public StreamOptions? StreamOptions { get; init; }
}

/// <summary>Body of <c>POST /v1/chat/completions</c> as this client sends it.</summary>
public sealed record ChatRequest
{
    /// <summary>Name of the model, or the 64 digits of its root.</summary>
    public required string Model { get; init; }

    /// <summary>The conversation, oldest first.</summary>
    public required IReadOnlyList<ChatRequestMessage> Messages { get; init; }

    /// <summary>Most tokens to run.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? MaxCompletionTokens { get; init; }

    /// <summary>0 … 2, at most six decimals.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public decimal? Temperature { get; init; }

    /// <summary>Fixes the randomness; without it the seed comes from the job.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Seed { get; init; }

    /// <summary>Up to four texts that end the answer.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Stop { get; init; }

    /// <summary>Set by the client's streaming call.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Stream { get; init; }

    /// <summary>Set by the client's streaming call.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public StreamOptions? StreamOptions { get; init; }
}

/// <summary>One message of a conversation.</summary>
/// <param name="Role"><c>system</c>, <c>user</c> or <c>assistant</c>.</param>
/// <param name="Content">The text.</param>
public sealed record ChatRequestMessage(string Role, string Content);

/// <summary>What a stream carries beside tokens.</summary>
/// <param name="IncludeUsage">True: a last chunk without choices counts the tokens.</param>
public sealed record StreamOptions(bool IncludeUsage);
