namespace Camelid.Client.Completions;

/// <summary>The <c>camelid</c> object of an answer: what was computed, by whom, how it was checked and paid.</summary>
public sealed record ProofDocument
{
    /// <summary>The job, 64 digits.</summary>
    public required string JobId { get; init; }

    /// <summary>Merkle root of the model package, 64 digits.</summary>
    public required string ModelRoot { get; init; }

    /// <summary>The worker's numerics class, 64 digits.</summary>
    public required string NumericsClass { get; init; }

    /// <summary>The sampling seed, 64 digits.</summary>
    public required string Seed { get; init; }

    /// <summary>Root that the testament commits to, 64 digits.</summary>
    public required string OutputRoot { get; init; }

    /// <summary>Who computed.</summary>
    public required ProofWorker Worker { get; init; }

    /// <summary>Who checked, and the verdict.</summary>
    public required ProofVerification Verification { get; init; }

    /// <summary>What was paid.</summary>
    public required ProofPayment Payment { get; init; }

    /// <summary>Address of the complete receipt.</summary>
    public required string Receipt { get; init; }
}

/// <summary>The node that computed a job.</summary>
/// <param name="Key">Public key, 66 digits.</param>
/// <param name="Signature">Its signature of the testament, DER in hexadecimal.</param>
public sealed record ProofWorker(string Key, string Signature);

/// <summary>How a job was verified.</summary>
/// <param name="Level"><c>spot</c>, <c>sampled</c> or <c>full</c>.</param>
/// <param name="Verdict"><c>pending</c>, <c>passed</c>, <c>failed</c> or <c>inconclusive</c>.</param>
/// <param name="Verifier">The verifier's public key, or null before its verdict.</param>
public sealed record ProofVerification(string Level, string Verdict, string? Verifier);

/// <summary>How a job was paid.</summary>
/// <param name="State">Payment facet of the job.</param>
/// <param name="Txid">The payment transaction as explorers show it, or null before its broadcast.</param>
/// <param name="Grains">Amount paid.</param>
public sealed record ProofPayment(string State, string? Txid, long Grains);
