using Camelid.Protocol.Jobs;

namespace Camelid.ModelRuntime.Engine;

/// <summary>
/// Something that happened to a request: tokens one by one, then <see cref="GenerationFinished"/> once.
/// </summary>
public abstract record GenerationEvent;

/// <summary>A token was chosen.</summary>
public sealed record GeneratedToken : GenerationEvent
{
    /// <summary>Position in the output, from zero.</summary>
    public required int Index { get; init; }

    /// <summary>The token.</summary>
    public required uint TokenId { get; init; }

    /// <summary>
    /// Text that may be shown now; characters and possible stop strings are held back until they are whole.
    /// </summary>
    public required string Text { get; init; }

    /// <summary>Natural logarithm of the token's probability in the model's plain distribution.</summary>
    public required double Logprob { get; init; }

    /// <summary>The likeliest tokens, likeliest first, as many as were asked for.</summary>
    public required IReadOnlyList<TokenLogprob> TopLogprobs { get; init; }

    /// <summary>First four bytes of SHA-256 over the position's logits, little-endian.</summary>
    public required uint Fingerprint { get; init; }
}

/// <summary>The request ended; nothing follows.</summary>
public sealed record GenerationFinished : GenerationEvent
{
    /// <summary>Why.</summary>
    public required FinishReason FinishReason { get; init; }

    /// <summary>All tokens; an end token that the model chose is the last of them.</summary>
    public required uint[] Tokens { get; init; }

    /// <summary>The fingerprint of each token's position.</summary>
    public required uint[] Fingerprints { get; init; }

    /// <summary>The stop string that ended the answer, or null.</summary>
    public required string? StopString { get; init; }

    /// <summary>
    /// Text that was still held back at a cancellation; after any other end the last token has shown it.
    /// </summary>
    public required string Text { get; init; }
}

/// <summary>A token and the natural logarithm of its probability.</summary>
/// <param name="TokenId">The token.</param>
/// <param name="Logprob">The logarithm.</param>
public readonly record struct TokenLogprob(uint TokenId, double Logprob);
