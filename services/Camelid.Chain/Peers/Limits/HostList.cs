using Camelid.Protocol.Peers;

namespace Camelid.Chain.Peers.Limits;

/// <summary>
/// Hosts that are not spoken to, each until a time. Bounded: where there are too many, the one that would be free first
/// is free now.
/// </summary>
internal sealed class HostList(int countMax)
{
    private readonly Dictionary<PeerHost, TimeSpan> until = [];
    private readonly PriorityQueue<PeerHost, TimeSpan> order = new();

    /// <summary>Hosts in the list, some of which may be free already.</summary>
    public int Count => until.Count;

    /// <summary>The hosts, and until when.</summary>
    public IReadOnlyDictionary<PeerHost, TimeSpan> All => until;

    /// <summary>True where a host is not free yet.</summary>
    public bool Contains(PeerHost host, TimeSpan now) => until.TryGetValue(host, out TimeSpan end) && end > now;

    /// <summary>Adds a host, or lengthens its time.</summary>
    public void Add(PeerHost host, TimeSpan end)
    {
        if (until.TryGetValue(host, out TimeSpan before) && before >= end)
        {
            return;
        }

        until[host] = end;
        order.Enqueue(host, end);
        while (until.Count > countMax || order.Count > 2 * countMax)
        {
            DropFirst();
        }
    }

    /// <summary>Frees a host.</summary>
    /// <returns>False where it was free.</returns>
    public bool Remove(PeerHost host) => until.Remove(host);

    /// <summary>Forgets those that are free.</summary>
    public void Expire(TimeSpan now)
    {
        while (order.TryPeek(out PeerHost _, out TimeSpan end) && end <= now)
        {
            DropFirst();
        }
    }

    private void DropFirst()
    {
        if (order.TryDequeue(out PeerHost host, out TimeSpan end) && until.TryGetValue(host, out TimeSpan known)
            && known == end)
        {
            until.Remove(host);
        }
    }
}
