namespace Camelid.Contracts.Inference.V1;

/// <summary>Event: a worker could not run a job; another attempt may.</summary>
public sealed record JobComputeFailed
{
    /// <summary>The job, 64 hexadecimal digits.</summary>
    public required string JobId { get; init; }

    /// <summary>The attempt that failed.</summary>
    public required uint Attempt { get; init; }

    /// <summary>The pod's name.</summary>
    public required string Worker { get; init; }

    /// <summary>Why, for people. Names no prompt and no output.</summary>
    public required string Reason { get; init; }

    /// <summary>True where no worker could run it (too long for the context, unknown model).</summary>
    public bool Final { get; init; }
}
