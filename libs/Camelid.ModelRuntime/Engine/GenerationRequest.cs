using Camelid.Protocol.Jobs;

namespace Camelid.ModelRuntime.Engine;

/// <summary>What to generate.</summary>
public sealed record GenerationRequest
{
    /// <summary>Most top log-probabilities of a token.</summary>
    public const int TopLogprobsMax = 20;

    /// <summary>Most stop strings.</summary>
    public const int StopStringsMax = 16;

    /// <summary>The prompt, at least one token.</summary>
    public required uint[] PromptTokens { get; init; }

    /// <summary>How tokens are chosen.</summary>
    public required SamplingParameters Sampling { get; init; }

    /// <summary>Key of Philox, from the job's seed (<see cref="JobSeed.PhiloxKey"/>).</summary>
    public required ulong SeedKey { get; init; }

    /// <summary>Most tokens to generate, at least one.</summary>
    public required int MaxTokens { get; init; }

    /// <summary>Tokens that end the answer, beside the model's own end tokens.</summary>
    public IReadOnlyList<uint> StopTokens { get; init; } = [];

    /// <summary>Texts that end the answer and are not shown; none is empty.</summary>
    public IReadOnlyList<string> StopStrings { get; init; } = [];

    /// <summary>How many likeliest tokens to report with each token, 0 … 20.</summary>
    public int TopLogprobs { get; init; }

    /// <summary>When to give up, as if cancelled; null never.</summary>
    public DateTimeOffset? Deadline { get; init; }
}
