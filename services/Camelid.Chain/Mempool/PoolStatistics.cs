namespace Camelid.Chain.Mempool;

/// <summary>The numbers of the mempool.</summary>
internal sealed record PoolStatistics
{
    /// <summary>Waiting transactions.</summary>
    public required int Count { get; init; }

    /// <summary>Their encoded bytes.</summary>
    public required long Bytes { get; init; }

    /// <summary>What they cost in memory, in bytes.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>The price that an ordinary transaction must pay now.</summary>
    public required FeeRate MinimumRate { get; init; }

    /// <summary>How many left since the start, by reason.</summary>
    public required IReadOnlyDictionary<PoolDeparture, long> Departures { get; init; }
}
