namespace Camelid.ServiceDefaults.Storage;

/// <summary>A message that waits for the broker.</summary>
internal sealed record OutboxRow
{
    /// <summary>A time-ordered identifier, which is the message's id on the bus.</summary>
    public string Id { get; init; } = "";

    /// <summary>When it was written, Unix milliseconds.</summary>
    public long Created { get; init; }

    /// <summary>Full name and assembly of the message.</summary>
    public string MessageType { get; init; } = "";

    /// <summary>The message as JSON.</summary>
    public string Body { get; init; } = "";

    /// <summary>The job, or null.</summary>
    public string? CorrelationId { get; init; }

    /// <summary>The trace it was written in, or null.</summary>
    public string? Traceparent { get; init; }
}
