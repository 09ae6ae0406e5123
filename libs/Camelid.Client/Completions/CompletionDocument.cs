using System.Text.Json.Serialization;

namespace Camelid.Client.Completions;

/// <summary>Answer of <c>/v1/completions</c>, and each chunk of its stream.</summary>
public sealed record CompletionDocument
{
    /// <summary><c>cmpl-</c> and the id of the first job.</summary>
    public required string Id { get; init; }

    /// <summary>Always <c>text_completion</c>.</summary>
    public string Object { get; init; } = "text_completion";

    /// <summary>Unix seconds.</summary>
    public required long Created { get; init; }

    /// <summary>The model's name.</summary>
    public required string Model { get; init; }

    /// <summary><c>fp_</c> and the first 16 digits of the model root.</summary>
    public string? SystemFingerprint { get; init; }

    /// <summary>One per prompt and <c>n</c>.</summary>
    public IReadOnlyList<CompletionChoice> Choices { get; init; } = [];

    /// <summary>Exact counts of what was run and billed.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public UsageDocument? Usage { get; init; }

    /// <summary>Proof and payment of the first choice's job.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ProofDocument? Camelid { get; init; }
}

/// <summary>One answer to one prompt.</summary>
public sealed record CompletionChoice
{
    /// <summary>Prompt number × n + number of the answer.</summary>
    public required int Index { get; init; }

    /// <summary>The text, or a piece of it.</summary>
    public required string Text { get; init; }

    /// <summary>Null unless asked for.</summary>
    public CompletionLogprobs? Logprobs { get; init; }

    /// <summary><c>stop</c> or <c>length</c>; null in a stream until the end.</summary>
    public string? FinishReason { get; init; }

    /// <summary>The job of this choice, where there are several.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ProofDocument? Camelid { get; init; }
}

/// <summary>Log probabilities in the form of <c>/v1/completions</c>: four lists of one length.</summary>
public sealed record CompletionLogprobs
{
    /// <summary>Characters of the answer before each token.</summary>
    public IReadOnlyList<int> TextOffset { get; init; } = [];

    /// <summary>Natural logarithms.</summary>
    public IReadOnlyList<float> TokenLogprobs { get; init; } = [];

    /// <summary>The tokens as text; a token that is no whole text is written <c>bytes:\xNN…</c>.</summary>
    public IReadOnlyList<string> Tokens { get; init; } = [];

    /// <summary>The likeliest tokens at each place; null where none were asked for.</summary>
    public IReadOnlyList<IReadOnlyDictionary<string, float>>? TopLogprobs { get; init; }
}

/// <summary>Exact token counts.</summary>
public sealed record UsageDocument
{
    /// <summary>Tokens of all prompts, counted for each job that ran them.</summary>
    public required long PromptTokens { get; init; }

    /// <summary>Tokens that were run and billed, end tokens among them.</summary>
    public required long CompletionTokens { get; init; }

    /// <summary>The sum.</summary>
    public required long TotalTokens { get; init; }
}
