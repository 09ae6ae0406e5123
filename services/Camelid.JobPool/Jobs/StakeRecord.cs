namespace Camelid.JobPool.Jobs;

/// <summary>What this operator's jobs say of another operator's stake.</summary>
internal sealed record StakeRecord
{
    /// <summary>36 bytes.</summary>
    public byte[] StakeId { get; init; } = [];

    /// <summary>Jobs that it has not committed to yet.</summary>
    public long Open { get; init; }

    /// <summary>Jobs that it took lately and did not deliver, or whose output failed its check.</summary>
    public long Failed { get; init; }
}
