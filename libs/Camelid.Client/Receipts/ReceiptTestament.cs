namespace Camelid.Client.Receipts;

/// <summary>The worker's testament in readable form beside its canonical bytes; both must agree.</summary>
public sealed record ReceiptTestament
{
    /// <summary>Hash of the network's first block, in byte order.</summary>
    public required string Genesis { get; init; }

    /// <summary>The job.</summary>
    public required string JobId { get; init; }

    /// <summary>Root of the salted output chunks.</summary>
    public required string OutputRoot { get; init; }

    /// <summary>Root of the ciphertext.</summary>
    public required string CiphertextRoot { get; init; }

    /// <summary>Chunks of 32 bytes.</summary>
    public required uint ChunkCount { get; init; }

    /// <summary>Tokens of the output.</summary>
    public required uint TokenCount { get; init; }

    /// <summary><c>stop</c>, <c>length</c> or <c>cancelled</c>.</summary>
    public required string FinishReason { get; init; }

    /// <summary>The client's nonce.</summary>
    public required string Nonce { get; init; }

    /// <summary>The worker's numerics class.</summary>
    public required string NumericsClass { get; init; }

    /// <summary>HASH160 of the output key, 40 digits.</summary>
    public required string KeyHash { get; init; }

    /// <summary>Where the claim pays to.</summary>
    public required string RewardAddress { get; init; }

    /// <summary>The worker's stake, <c>txid:index</c>.</summary>
    public required string StakeId { get; init; }

    /// <summary>What a failed verification costs.</summary>
    public required long SlashGrains { get; init; }

    /// <summary>Unix seconds after which the testament binds nobody.</summary>
    public required uint ExpiryUnix { get; init; }

    /// <summary>The tagged hash that is signed and stands in the payment script.</summary>
    public required string Hash { get; init; }

    /// <summary>Canonical bytes.</summary>
    public required string Canonical { get; init; }

    /// <summary>The worker's signature of the hash, DER.</summary>
    public required string Signature { get; init; }
}

/// <summary>The verifier's attestation in readable form beside its canonical bytes; both must agree.</summary>
public sealed record ReceiptAttestation
{
    /// <summary>Hash of the network's first block, in byte order.</summary>
    public required string Genesis { get; init; }

    /// <summary>The job.</summary>
    public required string JobId { get; init; }

    /// <summary>The testament that was judged.</summary>
    public required string TestamentHash { get; init; }

    /// <summary><c>spot</c>, <c>sampled</c> or <c>full</c>.</summary>
    public required string Level { get; init; }

    /// <summary><c>passed</c>, <c>failed</c> or <c>inconclusive</c>.</summary>
    public required string Verdict { get; init; }

    /// <summary>First bad output position, or −1.</summary>
    public required int Position { get; init; }

    /// <summary>The verifier's numerics class.</summary>
    public required string NumericsClass { get; init; }

    /// <summary>The verifier's stake, <c>txid:index</c>.</summary>
    public required string VerifierStakeId { get; init; }

    /// <summary>The verifier's public key.</summary>
    public required string VerifierKey { get; init; }

    /// <summary>Canonical bytes.</summary>
    public required string Canonical { get; init; }

    /// <summary>The verifier's signature, DER.</summary>
    public required string Signature { get; init; }
}
