using Camelid.Chain.Peers.Slots;
using Camelid.Protocol;
using Camelid.Protocol.Peers;

namespace Camelid.Chain.Peers;

/// <summary>What the operator orders. To be called on the engine's loop; each is an input of the engine.</summary>
internal sealed class PeerOperator(PeerParts parts, OutboundSlots slots, Action wake)
{
    /// <summary>Connects to a node, and again whenever the connection ends.</summary>
    /// <param name="name">How the operator calls it.</param>
    /// <param name="address">Where it is; null while that is not known.</param>
    /// <returns>False where there are as many as there may be.</returns>
    public bool Connect(string name, PeerAddress? address)
    {
        bool taken = slots.Manual.TrySet(name, address);
        wake();
        return taken;
    }

    /// <summary>Ends connections; they are not opened again.</summary>
    /// <param name="number">The number of one, or null.</param>
    /// <param name="address">Where the others are, or null.</param>
    /// <returns>How many were ended; a node that was only to be connected to counts too.</returns>
    public int Disconnect(long? number, PeerAddress? address)
    {
        Peer[] chosen = [.. parts.Peers.All.Where(peer => peer.Id.Number == number || peer.Address == address)];
        bool wasNamed = address is { } at && slots.Manual.Remove(at);
        foreach (Peer peer in chosen)
        {
            slots.Manual.Remove(peer.Address);
            parts.Judge.Close(peer, RuleCode.PeerEndedByOperator);
        }

        wake();
        return Math.Max(chosen.Length, wasNamed ? 1 : 0);
    }

    /// <summary>A host is not spoken to for a while; its connections end.</summary>
    public void Ban(PeerHost host, TimeSpan time)
    {
        parts.Judge.Ban(host, time);
        wake();
    }

    /// <summary>A host is spoken to again.</summary>
    /// <returns>False where it was neither banned nor discouraged.</returns>
    public bool Unban(PeerHost host) => parts.Judge.Unban(host);
}
