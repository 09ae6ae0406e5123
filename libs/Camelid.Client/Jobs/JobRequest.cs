using System.Text.Json.Serialization;
using Camelid.Client.Completions;

namespace Camelid.Client.Jobs;

/// <summary>
/// Body of <c>POST /v1/jobs</c>: a job that any operator's worker may run. <see cref="Prompt"/> or
/// <see cref="Messages"/> is set, not both. What is null is left out.
/// </summary>
public sealed record JobRequest
{
    /// <summary>Name of the model, or the 64 digits of its root.</summary>
    public required string Model { get; init; }

    /// <summary>The text to go on from.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Prompt { get; init; }

    /// <summary>The conversation, oldest first.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ChatRequestMessage>? Messages { get; init; }

    /// <summary>Most tokens to run.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? MaxTokens { get; init; }

    /// <summary>0 … 2, at most six decimals; 0 always takes the likeliest token.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public decimal? Temperature { get; init; }

    /// <summary>Fixes the randomness; without it the seed comes from the job.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Seed { get; init; }

    /// <summary>Most grains that a token may cost; null: the lowest price that is announced.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? MaxPriceGrains { get; init; }

    /// <summary>Seconds until the offer lapses; null: the gateway's default.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? DeadlineSeconds { get; init; }

    /// <summary><c>spot</c>, <c>sampled</c> or <c>full</c>; null: the operator's default.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Verification { get; init; }

    /// <summary><c>any</c>, <c>own</c>, <c>third</c> or <c>none</c>; null: any.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? VerifyBy { get; init; }
}

/// <summary>What <c>GET /v1/jobs/{id}/answer</c> says; exactly one property is set.</summary>
public sealed record JobAnswerDocument
{
    /// <summary>The answer with its proof.</summary>
    public CompletionDocument? Answer { get; init; }

    /// <summary>The job's state while there is no answer yet.</summary>
    public JobDocument? State { get; init; }
}
