namespace Camelid.Contracts.JobPool.V1;

/// <summary>Command to the workers: run this job. Delivered at least once; the lease decides who runs it.</summary>
public sealed record ComputeJob
{
    /// <summary>The job, 64 hexadecimal digits; correlation id of everything that belongs to it.</summary>
    public required string JobId { get; init; }

    /// <summary>Which try this is, from 1. A report of an older try is stale.</summary>
    public required uint Attempt { get; init; }

    /// <summary>Canonical bytes of the job's parameters (rule J-01).</summary>
    public required byte[] Parameters { get; init; }

    /// <summary>The 32-byte sampling seed of the job.</summary>
    public required byte[] Seed { get; init; }

    /// <summary>How many alternatives to report beside each token, 0 … 20.</summary>
    public uint TopLogprobs { get; init; }
}
