namespace Camelid.Protocol.Jobs;

/// <summary>
/// How tokens are chosen from logits. Decimals are integers in millionths, so that they have one encoding.
/// </summary>
public sealed record SamplingParameters
{
    /// <summary>One, in millionths.</summary>
    public const uint One = 1_000_000;

    /// <summary>Largest number of biased tokens.</summary>
    public const int LogitBiasMax = 1024;

    /// <summary>Temperature in millionths, 0 … 2,000,000; 0 chooses the largest logit, lowest id first.</summary>
    public uint TemperatureMillionths { get; init; } = One;

    /// <summary>Nucleus mass in millionths, 1 … 1,000,000; 1,000,000 keeps all.</summary>
    public uint TopPMillionths { get; init; } = One;

    /// <summary>The k best tokens; 0 keeps all.</summary>
    public uint TopK { get; init; }

    /// <summary>Least probability relative to the best, in millionths; 0 keeps all.</summary>
    public uint MinPMillionths { get; init; }

    /// <summary>Repetition penalty in millionths, 1,000,000 … 2,000,000; 1,000,000 is none.</summary>
    public uint RepetitionPenaltyMillionths { get; init; } = One;

    /// <summary>Presence penalty in millionths, −2,000,000 … 2,000,000.</summary>
    public int PresencePenaltyMillionths { get; init; }

    /// <summary>Frequency penalty in millionths, −2,000,000 … 2,000,000.</summary>
    public int FrequencyPenaltyMillionths { get; init; }

    /// <summary>Logit biases in millionths (−100,000,000 … 100,000,000), ordered by token id, each id once.</summary>
    public IReadOnlyList<LogitBias> LogitBiases { get; init; } = [];

    /// <summary>
    /// The client's seed as <c>TaggedHash("camelid/client-seed", le64)</c>, or null: derived from the job.
    /// </summary>
    public Hash256? ClientSeed { get; init; }

    /// <summary>Equal fields, biases compared one by one.</summary>
    public bool Equals(SamplingParameters? other) => other is not null
        && TemperatureMillionths == other.TemperatureMillionths && TopPMillionths == other.TopPMillionths
        && TopK == other.TopK && MinPMillionths == other.MinPMillionths
        && RepetitionPenaltyMillionths == other.RepetitionPenaltyMillionths
        && PresencePenaltyMillionths == other.PresencePenaltyMillionths
        && FrequencyPenaltyMillionths == other.FrequencyPenaltyMillionths
        && ClientSeed == other.ClientSeed && LogitBiases.SequenceEqual(other.LogitBiases);

    /// <inheritdoc/>
    public override int GetHashCode() =>
        HashCode.Combine(TemperatureMillionths, TopPMillionths, TopK, MinPMillionths, LogitBiases.Count, ClientSeed);
}

/// <summary>A bias added to one token's logit.</summary>
/// <param name="TokenId">The token.</param>
/// <param name="BiasMillionths">The bias in millionths, −100,000,000 … 100,000,000.</param>
public readonly record struct LogitBias(uint TokenId, int BiasMillionths);
