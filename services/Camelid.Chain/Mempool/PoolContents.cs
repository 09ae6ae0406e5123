namespace Camelid.Chain.Mempool;

/// <summary>Something came or went.</summary>
/// <param name="Entry">What.</param>
/// <param name="Departure">Why it went; null where it came.</param>
internal readonly record struct PoolChange(PoolEntry Entry, PoolDeparture? Departure);

/// <summary>
/// What waits, within its room: lets in what was judged, pushes out what pays least and what waited too long, and keeps
/// account of both. Not thread-safe: the pool's lock covers it.
/// </summary>
internal sealed class PoolContents(PoolPolicy policy)
{
    private readonly RollingMinimum rolling = new(policy.RelayRate);
    private readonly long[] departures = new long[Enum.GetValues<PoolDeparture>().Length];
    private List<PoolChange> changes = [];
    private long sequence;

    /// <summary>The waiting transactions.</summary>
    public PoolGraph Graph { get; } = new();

    /// <summary>How many left for a reason since the start.</summary>
    public long DeparturesOf(PoolDeparture why) => departures[(int)why];

    /// <summary>Rule M-11: the price that an ordinary transaction must pay now, the relay fee at least.</summary>
    public FeeRate MinimumRate(long now) =>
        FeeRate.Max(policy.RelayRate, rolling.At(now, Graph.MemoryBytes, policy.MemoryBytesMax));

    /// <summary>What came and went since this was asked last.</summary>
    public IReadOnlyList<PoolChange> TakeChanges()
    {
        List<PoolChange> taken = changes;
        changes = [];
        return taken;
    }

    /// <summary>
    /// Lets in what was judged, in place of what conflicts with it, and makes room for it.
    /// </summary>
    /// <returns>False where it was itself what pays least, and is out again.</returns>
    public bool TryTake(PoolJudgement judgement, long now)
    {
        PoolNode node = Take(judgement);
        Trim(now, node);
        bool isIn = Graph.TryFind(node.Entry.Txid, out PoolNode? _);
        if (isIn)
        {
            changes.Add(new PoolChange(node.Entry, null));
        }

        return isIn;
    }

    /// <summary>Rule M-15: lets in what a block held; room is made later, when all of them are back.</summary>
    public PoolNode Return(PoolJudgement judgement)
    {
        PoolNode node = Take(judgement);
        changes.Add(new PoolChange(node.Entry, null));
        return node;
    }

    /// <summary>Takes out what a block holds.</summary>
    public void RemoveMined(PoolNode node)
    {
        Graph.RemoveMined(node);
        Count(node, PoolDeparture.Mined);
    }

    /// <summary>Takes transactions out with all that rests on them.</summary>
    public void Remove(IReadOnlyList<PoolNode> some, PoolDeparture why, PoolNode? fresh = null)
    {
        foreach (PoolNode node in some.Count == 0 ? [] : Graph.RemoveWithDescendants(some))
        {
            if (node != fresh)
            {
                Count(node, why);
            }
        }
    }

    /// <summary>A block came: the rolling minimum may fall.</summary>
    public void BlockConnected(long now) => rolling.BlockConnected(now);

    /// <summary>Rule M-13: takes out what has waited too long.</summary>
    public void Expire(long now)
    {
        while (Graph.NextToExpire is { } next && next.Entry.ExpiresUnix <= now)
        {
            Remove([next], PoolDeparture.Expired);
        }
    }

    /// <summary>
    /// Rules M-11 and M-12: while there is too much, pushes out what pays least for itself and all that rests on it,
    /// with all that rests on it; of the guarded ones only where they take more than their quarter.
    /// </summary>
    /// <param name="now">Unix seconds.</param>
    /// <param name="fresh">What is being let in and was not told to anybody yet.</param>
    public void Trim(long now, PoolNode? fresh = null)
    {
        while (Graph.MemoryBytes > policy.MemoryBytesMax)
        {
            bool isGuardedTurn = Graph.GuardedMemoryBytes > policy.MemoryBytesMax / PoolPolicy.GuardedShare;
            PoolNode? worst = isGuardedTurn ? Graph.WorstGuarded : Graph.WorstOrdinary;
            if ((worst ?? Graph.WorstGuarded) is not { } leaving)
            {
                return;
            }

            if (!leaving.Entry.IsGuarded)
            {
                PoolTotals all = leaving.Descendants;
                rolling.Evicted(FeeRate.Of(all.FeeGrains, all.PricedBytes), now);
            }

            Remove([leaving], PoolDeparture.Evicted, fresh);
        }
    }

    private PoolNode Take(PoolJudgement judgement)
    {
        Remove(judgement.Conflicts, PoolDeparture.Replaced);
        return Graph.Add(judgement.Entry! with { Sequence = ++sequence });
    }

    private void Count(PoolNode node, PoolDeparture why)
    {
        departures[(int)why]++;
        changes.Add(new PoolChange(node.Entry, why));
    }
}
