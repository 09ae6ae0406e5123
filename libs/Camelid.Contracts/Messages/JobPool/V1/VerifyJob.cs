namespace Camelid.Contracts.JobPool.V1;

/// <summary>
/// Command to the verifiers: check this committed output. Safe to run twice: one verdict per testament.
/// </summary>
public sealed record VerifyJob
{
    /// <summary>The job, 64 hexadecimal digits.</summary>
    public required string JobId { get; init; }

    /// <summary>Canonical bytes of the job's parameters (rule J-01).</summary>
    public required byte[] Parameters { get; init; }

    /// <summary>The 32-byte sampling seed of the job.</summary>
    public required byte[] Seed { get; init; }

    /// <summary>Canonical bytes of tokens, fingerprints and finish reason.</summary>
    public required byte[] Output { get; init; }

    /// <summary>Hash of the testament that commits to this output, 32 bytes.</summary>
    public required byte[] TestamentHash { get; init; }

    /// <summary>The worker's numerics class, 32 bytes.</summary>
    public required byte[] NumericsClass { get; init; }

    /// <summary>True where the client signed a cancellation at the output's length.</summary>
    public bool Cancelled { get; init; }
}
