namespace Camelid.Contracts.Inference.V1;

/// <summary>Event: a worker ran a job to its end. The engine is deterministic, so a second one says the same.</summary>
public sealed record JobComputed
{
    /// <summary>The job, 64 hexadecimal digits.</summary>
    public required string JobId { get; init; }

    /// <summary>The attempt that was run.</summary>
    public required uint Attempt { get; init; }

    /// <summary>The pod's name.</summary>
    public required string Worker { get; init; }

    /// <summary>Canonical bytes of tokens, fingerprints and finish reason (Camelid.Protocol.Jobs.JobOutput).</summary>
    public required byte[] Output { get; init; }

    /// <summary>The text, stop strings and end tokens left out.</summary>
    public required string Text { get; init; }

    /// <summary>The worker's numerics class, 32 bytes.</summary>
    public required byte[] NumericsClass { get; init; }
}
