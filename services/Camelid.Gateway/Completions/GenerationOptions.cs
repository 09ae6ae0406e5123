using Camelid.Contracts.JobPool.V1;

namespace Camelid.Gateway.Completions;

/// <summary>What both completion routes share, checked against everything but the model.</summary>
internal sealed record GenerationOptions
{
    /// <summary>Most characters of a model's name.</summary>
    public const int ModelCharactersMax = 256;

    /// <summary>Name or root of the model.</summary>
    public required string Model { get; init; }

    /// <summary>Answers for each prompt.</summary>
    public required int Choices { get; init; }

    /// <summary>Most tokens of an answer; null: the route's default.</summary>
    public required long? TokensMax { get; init; }

    /// <summary>Name of the field that gave <see cref="TokensMax"/>.</summary>
    public required string TokensMaxField { get; init; }

    /// <summary>How tokens are chosen, but for the seed of each choice.</summary>
    public required Sampling Sampling { get; init; }

    /// <summary>The caller's seed, or null.</summary>
    public required long? Seed { get; init; }

    /// <summary>Texts that end an answer.</summary>
    public required IReadOnlyList<string> StopStrings { get; init; }

    /// <summary>True where log probabilities were asked for.</summary>
    public required bool Logprobs { get; init; }

    /// <summary>Likeliest tokens wanted at each place.</summary>
    public required int TopLogprobs { get; init; }

    /// <summary>True: answer by events.</summary>
    public required bool Stream { get; init; }

    /// <summary>True: a stream ends with a chunk that counts tokens.</summary>
    public required bool IncludeUsage { get; init; }

    /// <summary>
    /// The sampling of one choice: a fixed seed advances by one from choice to choice, so that they differ.
    /// </summary>
    public Sampling SamplingOf(int choice)
    {
        Sampling sampling = Sampling.Clone();
        if (Seed is { } seed)
        {
            sampling.Seed = unchecked(seed + choice);
        }

        return sampling;
    }
}
