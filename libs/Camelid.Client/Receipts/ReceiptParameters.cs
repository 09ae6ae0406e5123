namespace Camelid.Client.Receipts;

/// <summary>Job parameters in readable form beside their canonical bytes (rule J-01); both must agree.</summary>
public sealed record ReceiptParameters
{
    /// <summary>Merkle root of the model.</summary>
    public required string ModelRoot { get; init; }

    /// <summary>Token ids of the prompt.</summary>
    public required IReadOnlyList<uint> PromptTokens { get; init; }

    /// <summary>How tokens were chosen.</summary>
    public required ReceiptSampling Sampling { get; init; }

    /// <summary>Most tokens to run.</summary>
    public required uint MaxTokens { get; init; }

    /// <summary>Tokens that end the output.</summary>
    public required IReadOnlyList<uint> StopTokens { get; init; }

    /// <summary>Texts that end the output.</summary>
    public required IReadOnlyList<string> StopStrings { get; init; }

    /// <summary>Grains per token of prompt and output.</summary>
    public required ulong PriceGrainsPerToken { get; init; }

    /// <summary>Fee of each job transaction.</summary>
    public required ulong FeeGrains { get; init; }

    /// <summary>Unix seconds.</summary>
    public required uint CreatedUnix { get; init; }

    /// <summary>Unix seconds.</summary>
    public required uint DeadlineUnix { get; init; }

    /// <summary>The client's public key.</summary>
    public required string ClientKey { get; init; }

    /// <summary>host:port, or empty.</summary>
    public required string ReturnAddress { get; init; }

    /// <summary><c>spot</c>, <c>sampled</c> or <c>full</c>.</summary>
    public required string VerificationLevel { get; init; }

    /// <summary>Positions drawn where the level is <c>sampled</c>; else 0.</summary>
    public required uint SampledPositions { get; init; }

    /// <summary>Classes that may run the job; empty: any.</summary>
    public required IReadOnlyList<string> NumericsClasses { get; init; }

    /// <summary>SHA-256 of the nonce.</summary>
    public required string NonceHash { get; init; }

    /// <summary>Canonical bytes; the job id is their tagged hash.</summary>
    public required string Canonical { get; init; }
}

/// <summary>Sampling parameters; decimals are integers in millionths.</summary>
public sealed record ReceiptSampling
{
    /// <summary>0 … 2,000,000.</summary>
    public required uint TemperatureMillionths { get; init; }

    /// <summary>1 … 1,000,000.</summary>
    public required uint TopPMillionths { get; init; }

    /// <summary>0: all.</summary>
    public required uint TopK { get; init; }

    /// <summary>0: none.</summary>
    public required uint MinPMillionths { get; init; }

    /// <summary>1,000,000: none.</summary>
    public required uint RepetitionPenaltyMillionths { get; init; }

    /// <summary>−2,000,000 … 2,000,000.</summary>
    public required int PresencePenaltyMillionths { get; init; }

    /// <summary>−2,000,000 … 2,000,000.</summary>
    public required int FrequencyPenaltyMillionths { get; init; }

    /// <summary>Ordered by token id.</summary>
    public required IReadOnlyList<ReceiptLogitBias> LogitBiases { get; init; }

    /// <summary>The client's seed as a tagged hash, or null: the seed came from the job.</summary>
    public string? ClientSeed { get; init; }
}

/// <summary>A bias of one token.</summary>
/// <param name="TokenId">The token.</param>
/// <param name="BiasMillionths">−100,000,000 … 100,000,000.</param>
public sealed record ReceiptLogitBias(uint TokenId, int BiasMillionths);
