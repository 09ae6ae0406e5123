using System.Text.Json.Serialization;

namespace Camelid.Client.Receipts;

/// <summary>
/// A complete receipt, version 1 (docs/receipt.md): all that an offline check needs but the weights. Hexadecimal is
/// lower case in byte order; only transaction ids and block hashes are reversed, as explorers show them.
/// </summary>
public sealed record ReceiptDocument
{
    /// <summary>The version that this type describes.</summary>
    public const int VersionCurrent = 1;

    /// <summary>Always <see cref="VersionCurrent"/>.</summary>
    public required int Version { get; init; }

    /// <summary><c>main</c>, <c>test</c> or <c>regtest</c>.</summary>
    public required string Network { get; init; }

    /// <summary>Hash of the network's first block, in byte order.</summary>
    public required string Genesis { get; init; }

    /// <summary>The job, 64 digits.</summary>
    public required string JobId { get; init; }

    /// <summary>What was asked for.</summary>
    public required ReceiptParameters Parameters { get; init; }

    /// <summary>The client's nonce, revealed in the assignment.</summary>
    public required string Nonce { get; init; }

    /// <summary>The 32-byte sampling seed.</summary>
    public required string Seed { get; init; }

    /// <summary>The worker's stake, <c>txid:index</c>.</summary>
    public required string StakeId { get; init; }

    /// <summary>The client's signature of the assignment, DER.</summary>
    public required string AssignmentSignature { get; init; }

    /// <summary>The client's public key.</summary>
    public required string ClientKey { get; init; }

    /// <summary>What was computed.</summary>
    public required ReceiptOutput Output { get; init; }

    /// <summary>k, which salts and opens the commitment to the output.</summary>
    public required string OutputKey { get; init; }

    /// <summary>The worker's signed commitment.</summary>
    public required ReceiptTestament Testament { get; init; }

    /// <summary>The worker's public key.</summary>
    public required string WorkerKey { get; init; }

    /// <summary>The verifier's signed verdict; null before it.</summary>
    public ReceiptAttestation? Attestation { get; init; }

    /// <summary>The money so far.</summary>
    public required ReceiptPayment Payment { get; init; }

    /// <summary>The client's signature where it stopped the job early; else null.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? CancellationSignature { get; init; }
}

/// <summary>The output: every token with its fingerprint.</summary>
public sealed record ReceiptOutput
{
    /// <summary>Token ids in order, the end token among them.</summary>
    public required IReadOnlyList<uint> Tokens { get; init; }

    /// <summary>First four bytes of SHA-256 over each position's logits, little-endian.</summary>
    public required IReadOnlyList<uint> Fingerprints { get; init; }

    /// <summary><c>stop</c>, <c>length</c> or <c>cancelled</c>.</summary>
    public required string FinishReason { get; init; }

    /// <summary>The text, stop strings and end tokens left out. Follows from the tokens; not signed.</summary>
    public required string Text { get; init; }

    /// <summary>Canonical bytes of tokens, fingerprints and finish reason.</summary>
    public required string Canonical { get; init; }
}

/// <summary>The payment as the operator knew it when the receipt was written.</summary>
public sealed record ReceiptPayment
{
    /// <summary>Payment facet of the job.</summary>
    public required string State { get; init; }

    /// <summary>The payment transaction; null before its broadcast.</summary>
    public string? Txid { get; init; }

    /// <summary>The payment transaction's bytes; null before its broadcast.</summary>
    public string? Raw { get; init; }

    /// <summary>Amount paid.</summary>
    public required long AmountGrains { get; init; }

    /// <summary>Height of its block; 0 before.</summary>
    public int Height { get; init; }

    /// <summary>Hash of its block; null before.</summary>
    public string? BlockHash { get; init; }

    /// <summary>The worker's claim; null before its broadcast.</summary>
    public string? ClaimTxid { get; init; }

    /// <summary>Height of the claim's block; 0 before.</summary>
    public int ClaimHeight { get; init; }

    /// <summary>Hash of the claim's block; null before.</summary>
    public string? ClaimBlockHash { get; init; }

    /// <summary>The offer transaction.</summary>
    public string? OfferTxid { get; init; }
}
