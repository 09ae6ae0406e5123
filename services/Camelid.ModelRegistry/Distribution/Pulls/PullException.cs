namespace Camelid.ModelRegistry.Distribution.Pulls;

/// <summary>A download can't go on; the message says why, for people.</summary>
internal sealed class PullException(string reason, string message) : Exception(message)
{
    /// <summary>A stable name.</summary>
    public string Reason { get; } = reason;
}
