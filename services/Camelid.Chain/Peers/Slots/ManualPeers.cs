using Camelid.Protocol.Peers;

namespace Camelid.Chain.Peers.Slots;

/// <summary>A node that the operator wants to be connected to.</summary>
internal sealed class ManualPeer
{
    /// <summary>How the operator calls it: host and port.</summary>
    public required string Name { get; init; }

    /// <summary>Where it is; none while its name leads nowhere.</summary>
    public PeerAddress? Address { get; set; }

    /// <summary>The connection to it; null where there is none.</summary>
    public PeerId? Peer { get; set; }

    /// <summary>When to try again.</summary>
    public TimeSpan RetryAt { get; set; }

    /// <summary>The pause before the next attempt but one.</summary>
    public TimeSpan Pause { get; set; }
}

/// <summary>
/// Rule P-51: nodes of the operator's choice are connected to at once, and again whenever the connection ends, after
/// pauses that double up to <see cref="PeerOptions.RedialMax"/>. They are never evicted and never discouraged.
/// </summary>
internal sealed class ManualPeers(PeerParts parts)
{
    private readonly List<ManualPeer> all = [];

    /// <summary>The nodes, in the order in which they were named.</summary>
    public IReadOnlyList<ManualPeer> All => all;

    /// <summary>Names a node, or says where one is now.</summary>
    /// <returns>False where there are as many as there may be.</returns>
    public bool TrySet(string name, PeerAddress? address)
    {
        ManualPeer? known = all.Find(peer => peer.Name == name);
        if (known is null)
        {
            if (all.Count >= parts.Options.ManualMax)
            {
                return false;
            }

            all.Add(new ManualPeer { Name = name, Address = address, Pause = parts.Options.RedialMin });
            return true;
        }

        if (address is not null && known.Address != address)
        {
            known.Address = address;
            known.RetryAt = parts.Now;
        }

        return true;
    }

    /// <summary>A node is not to be connected to any more.</summary>
    public bool Remove(PeerAddress address) => all.RemoveAll(peer => peer.Address == address) > 0;

    /// <summary>The nodes that are to be tried now.</summary>
    public IReadOnlyList<ManualPeer> Due() => [.. all.Where(peer =>
        peer.Peer is null && peer.Address is not null && peer.RetryAt <= parts.Now)];

    /// <summary>The handshake with one is done: the next pause is short again.</summary>
    public void Ready(PeerId id)
    {
        if (all.Find(peer => peer.Peer == id) is { } manual)
        {
            manual.Pause = parts.Options.RedialMin;
        }
    }

    /// <summary>The connection to one has ended.</summary>
    public void Gone(PeerId id)
    {
        if (all.Find(peer => peer.Peer == id) is { } manual)
        {
            manual.Peer = null;
            manual.RetryAt = parts.Now + manual.Pause;
            TimeSpan longer = manual.Pause * 2;
            manual.Pause = longer < parts.Options.RedialMax ? longer : parts.Options.RedialMax;
        }
    }
}
