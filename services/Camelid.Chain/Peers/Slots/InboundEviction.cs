namespace Camelid.Chain.Peers.Slots;

/// <summary>What counts when an inbound connection has to go for another one.</summary>
internal sealed record EvictionCandidate
{
    /// <summary>The connection.</summary>
    public required PeerId Peer { get; init; }

    /// <summary>The keyed hash of its network group: nobody can tell which groups are protected.</summary>
    public required ulong GroupKey { get; init; }

    /// <summary>When it was opened.</summary>
    public required TimeSpan ConnectedAt { get; init; }

    /// <summary>The shortest answer to a ping; <see cref="TimeSpan.MaxValue"/> before the first.</summary>
    public required TimeSpan PingMin { get; init; }

    /// <summary>When it last gave a block that was new and good; zero for never.</summary>
    public required TimeSpan LastBlockAt { get; init; }

    /// <summary>When it last gave a transaction that was new and good; zero for never.</summary>
    public required TimeSpan LastTransactionAt { get; init; }
}

/// <summary>
/// Rule P-54: which inbound connection makes room. Those are safe that an attacker can hardly imitate all at once: in
/// groups whose keyed hash he cannot aim at, near by, useful, and old. Of the rest, the youngest of the group that has
/// the most connections goes.
/// </summary>
internal static class InboundEviction
{
    /// <summary>Connections that are safe by the hash of their group.</summary>
    public const int GroupsProtected = 4;

    /// <summary>Connections that are safe because they answer soonest.</summary>
    public const int NearProtected = 8;

    /// <summary>Connections that are safe because of their latest new transaction.</summary>
    public const int TransactionsProtected = 4;

    /// <summary>Connections that are safe because of their latest new block.</summary>
    public const int BlocksProtected = 4;

    /// <summary>Chooses the connection that goes; null where all are safe: the new one is refused.</summary>
    public static PeerId? Choose(IEnumerable<EvictionCandidate> candidates)
    {
        List<EvictionCandidate> open = [.. candidates.OrderBy(candidate => candidate.Peer.Number)];
        Protect(open, GroupsProtected, static candidate => candidate.GroupKey, static _ => true);
        Protect(open, NearProtected, static candidate => (ulong)candidate.PingMin.Ticks,
            static candidate => candidate.PingMin < TimeSpan.MaxValue);
        Protect(open, TransactionsProtected, static candidate => Latest(candidate.LastTransactionAt),
            static candidate => candidate.LastTransactionAt > TimeSpan.Zero);
        Protect(open, BlocksProtected, static candidate => Latest(candidate.LastBlockAt),
            static candidate => candidate.LastBlockAt > TimeSpan.Zero);
        Protect(open, open.Count / 2, static candidate => (ulong)candidate.ConnectedAt.Ticks, static _ => true);
        return open.GroupBy(candidate => candidate.GroupKey)
            .OrderByDescending(group => group.Count())
            .ThenByDescending(group => group.Max(candidate => candidate.ConnectedAt))
            .FirstOrDefault()?
            .OrderByDescending(candidate => candidate.ConnectedAt)
            .ThenByDescending(candidate => candidate.Peer.Number)
            .First().Peer;
    }

    /// <summary>Orders the latest first.</summary>
    private static ulong Latest(TimeSpan at) => ulong.MaxValue - (ulong)at.Ticks;

    /// <summary>Takes the first few by an order out of those that may have to go.</summary>
    private static void Protect(
        List<EvictionCandidate> open, int count, Func<EvictionCandidate, ulong> order,
        Func<EvictionCandidate, bool> deserves)
    {
        foreach (EvictionCandidate candidate in open.Where(deserves).OrderBy(order).Take(count).ToArray())
        {
            open.Remove(candidate);
        }
    }
}
