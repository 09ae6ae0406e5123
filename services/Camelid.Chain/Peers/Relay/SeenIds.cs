using Camelid.Protocol;

namespace Camelid.Chain.Peers.Relay;

/// <summary>Ids that are remembered for a time.</summary>
internal sealed class SeenIds(int countMax)
{
    private readonly HashSet<Hash256> ids = [];
    private readonly Queue<(Hash256 Id, TimeSpan Until)> order = [];

    /// <summary>Ids that are remembered.</summary>
    public int Count => ids.Count;

    /// <summary>The ids.</summary>
    public IReadOnlySet<Hash256> Ids => ids;

    /// <summary>Remembers an id; every id for as long, so that the first is the first to go.</summary>
    public void Add(Hash256 id, TimeSpan until)
    {
        if (ids.Count < countMax && ids.Add(id))
        {
            order.Enqueue((id, until));
        }
    }

    /// <summary>Forgets those whose time is over.</summary>
    public void Expire(TimeSpan now)
    {
        while (order.TryPeek(out (Hash256 Id, TimeSpan Until) first) && first.Until <= now)
        {
            ids.Remove(order.Dequeue().Id);
        }
    }
}
