namespace Camelid.Dashboard.Panels;

/// <summary>What a panel can say about its data.</summary>
public enum PanelCondition
{
    /// <summary>Nothing has come yet.</summary>
    Loading,

    /// <summary>The data is current.</summary>
    Live,

    /// <summary>The data was current once; its service does not answer now.</summary>
    Stale,

    /// <summary>There is no data, since its service does not answer.</summary>
    Failed,
}

/// <summary>A panel's data with its condition.</summary>
/// <typeparam name="T">What the panel shows.</typeparam>
public sealed record PanelState<T>
    where T : class
{
    /// <summary>The newest data, or null.</summary>
    public T? Value { get; init; }

    /// <summary>When <see cref="Value"/> came.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>Why there is nothing newer, or null.</summary>
    public string? Error { get; init; }

    /// <summary>Names the first failed question in logs and traces; null where nothing failed.</summary>
    public string? RequestId { get; init; }

    /// <summary>The condition.</summary>
    public PanelCondition Condition => (Value, Error) switch
    {
        (null, null) => PanelCondition.Loading,
        (null, _) => PanelCondition.Failed,
        (_, null) => PanelCondition.Live,
        _ => PanelCondition.Stale,
    };

    /// <summary>The state after a failure: old data stays, marked as old.</summary>
    /// <param name="error">Why.</param>
    /// <param name="requestId">The failed question; the first one of a row of failures is kept.</param>
    public PanelState<T> Refused(string error, string requestId) =>
        this with { Error = error, RequestId = RequestId ?? requestId };
}
