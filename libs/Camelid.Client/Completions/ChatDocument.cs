using System.Text.Json.Serialization;

namespace Camelid.Client.Completions;

/// <summary>Answer of <c>/v1/chat/completions</c>.</summary>
public sealed record ChatDocument
{
    /// <summary><c>chatcmpl-</c> and the id of the first job.</summary>
    public required string Id { get; init; }

    /// <summary>Always <c>chat.completion</c>.</summary>
    public string Object { get; init; } = "chat.completion";

    /// <summary>Unix seconds.</summary>
    public required long Created { get; init; }

    /// <summary>The model's name.</summary>
    public required string Model { get; init; }

    /// <summary><c>fp_</c> and the first 16 digits of the model root.</summary>
    public string? SystemFingerprint { get; init; }

    /// <summary>One per <c>n</c>.</summary>
    public IReadOnlyList<ChatChoice> Choices { get; init; } = [];

    /// <summary>Exact counts of what was run and billed.</summary>
    public UsageDocument? Usage { get; init; }

    /// <summary>Proof and payment of the first choice's job.</summary>
    public ProofDocument? Camelid { get; init; }
}

/// <summary>One answer.</summary>
public sealed record ChatChoice
{
    /// <summary>Number of the answer.</summary>
    public required int Index { get; init; }

    /// <summary>The answer's message.</summary>
    public required ChatAnswerMessage Message { get; init; }

    /// <summary>Null unless asked for.</summary>
    public ChatLogprobs? Logprobs { get; init; }

    /// <summary><c>stop</c> or <c>length</c>.</summary>
    public required string FinishReason { get; init; }

    /// <summary>The job of this choice, where there are several.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ProofDocument? Camelid { get; init; }
}

/// <summary>The assistant's message.</summary>
public sealed record ChatAnswerMessage
{
    /// <summary>Always <c>assistant</c>.</summary>
    public string Role { get; init; } = "assistant";

    /// <summary>The text.</summary>
    public required string Content { get; init; }

    /// <summary>Always null: a model here answers or fails.</summary>
    public string? Refusal { get; init; }
}

/// <summary>One chunk of a chat stream.</summary>
public sealed record ChatChunk
{
    /// <summary>The same in every chunk.</summary>
    public required string Id { get; init; }

    /// <summary>Always <c>chat.completion.chunk</c>.</summary>
    public string Object { get; init; } = "chat.completion.chunk";

    /// <summary>Unix seconds.</summary>
    public required long Created { get; init; }

    /// <summary>The model's name.</summary>
    public required string Model { get; init; }

    /// <summary><c>fp_</c> and the first 16 digits of the model root.</summary>
    public string? SystemFingerprint { get; init; }

    /// <summary>One piece of one choice; none in the chunk that carries usage.</summary>
    public IReadOnlyList<ChatChunkChoice> Choices { get; init; } = [];

    /// <summary>Only in the last chunk, and only where asked for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public UsageDocument? Usage { get; init; }

    /// <summary>Proof and payment, beside the finish reason.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ProofDocument? Camelid { get; init; }
}

/// <summary>A piece of one answer.</summary>
public sealed record ChatChunkChoice
{
    /// <summary>Number of the answer.</summary>
    public required int Index { get; init; }

    /// <summary>What is new.</summary>
    public required ChatDelta Delta { get; init; }

    /// <summary>Null unless asked for.</summary>
    public ChatLogprobs? Logprobs { get; init; }

    /// <summary>Exactly one chunk of each choice has one.</summary>
    public string? FinishReason { get; init; }
}

/// <summary>What a chunk adds to a message.</summary>
public sealed record ChatDelta
{
    /// <summary><c>assistant</c> in the first chunk, else absent.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Role { get; init; }

    /// <summary>More text.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Content { get; init; }
}

/// <summary>Log probabilities in the form of chat.</summary>
public sealed record ChatLogprobs
{
    /// <summary>One entry per token that is part of the text.</summary>
    public IReadOnlyList<ChatTokenLogprob> Content { get; init; } = [];

    /// <summary>Always null.</summary>
    public IReadOnlyList<ChatTokenLogprob>? Refusal { get; init; }
}

/// <summary>A chosen token with its likeliest rivals.</summary>
public sealed record ChatTokenLogprob
{
    /// <summary>The token as text; incomplete characters appear as U+FFFD.</summary>
    public required string Token { get; init; }

    /// <summary>Natural logarithm of its probability.</summary>
    public required float Logprob { get; init; }

    /// <summary>The token's bytes.</summary>
    public required IReadOnlyList<int> Bytes { get; init; }

    /// <summary>The likeliest tokens here; empty where none were asked for.</summary>
    public IReadOnlyList<ChatTopLogprob> TopLogprobs { get; init; } = [];
}

/// <summary>A likely token.</summary>
public sealed record ChatTopLogprob
{
    /// <summary>The token as text.</summary>
    public required string Token { get; init; }

    /// <summary>Natural logarithm of its probability.</summary>
    public required float Logprob { get; init; }

    /// <summary>The token's bytes.</summary>
    public required IReadOnlyList<int> Bytes { get; init; }
}
