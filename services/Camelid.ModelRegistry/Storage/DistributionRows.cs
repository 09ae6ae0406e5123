namespace Camelid.ModelRegistry.Storage;

/// <summary>A download.</summary>
internal sealed record PullRow
{
    /// <summary>The model root, 64 hexadecimal digits.</summary>
    public string Root { get; init; } = "";

    /// <summary>What the model is called; empty until its head is known.</summary>
    public string Name { get; init; } = "";

    /// <summary>queued, finding, fetching, installing, done or failed.</summary>
    public string State { get; init; } = "";

    /// <summary>Stable name of a failure.</summary>
    public string Reason { get; init; } = "";

    /// <summary>The failure for people.</summary>
    public string Message { get; init; } = "";

    /// <summary>When it was asked for, Unix milliseconds.</summary>
    public long Requested { get; init; }

    /// <summary>When it ended, Unix milliseconds; 0 while it runs.</summary>
    public long Ended { get; init; }
}

/// <summary>A node that sent what was not the model's.</summary>
internal sealed record PullFaultRow
{
    /// <summary>Where it serves chunks.</summary>
    public string Address { get; init; } = "";

    /// <summary>The node that announced it.</summary>
    public string NodeId { get; init; } = "";

    /// <summary>The model that was fetched.</summary>
    public string Root { get; init; } = "";

    /// <summary>What it did.</summary>
    public string Fault { get; init; } = "";

    /// <summary>When, Unix milliseconds.</summary>
    public long Noted { get; init; }
}
