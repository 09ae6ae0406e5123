using Camelid.Protocol;
using Camelid.Protocol.Peers;

namespace Camelid.Chain.Peers;

/// <summary>
/// Rule P-33: what is sent, within bounds: a peer that does not read what it asked for is dropped, and none is served
/// more while much waits for it.
/// </summary>
internal sealed class PeerPost(PeerIdentity identity, PeerOptions options, PeerTable peers, IPeerTransport transport)
{
    /// <summary>Called where a peer does not read.</summary>
    public Action<Peer, RuleCode>? Drop { get; set; }

    /// <summary>Bytes sent to all peers.</summary>
    public long SentBytes { get; private set; }

    /// <summary>Bytes that wait for all peers.</summary>
    public long QueuedBytes => peers.All.Sum(peer => transport.QueuedBytes(peer.Id));

    /// <summary>The frame of a message to a neighbour; the same for each of them.</summary>
    public byte[] Frame(PeerMessage message) =>
        PeerFrame.Encode(PeerPacket.ToNeighbour(identity.Id, message), identity.Network);

    /// <summary>Sends a message.</summary>
    public void Send(Peer peer, PeerMessage message) => Send(peer, Frame(message));

    /// <summary>Sends a packet that others will forward.</summary>
    public void Send(Peer peer, PeerPacket packet) => Send(peer, PeerFrame.Encode(packet, identity.Network));

    /// <summary>Sends a frame.</summary>
    public void Send(Peer peer, byte[] frame)
    {
        if (peer.Stage is PeerStage.Closed or PeerStage.Dialing)
        {
            return;
        }

        if (transport.QueuedBytes(peer.Id) + frame.Length > options.SendQueueBytesMax)
        {
            Drop?.Invoke(peer, RuleCode.PeerDoesNotRead);
            return;
        }

        peer.Traffic.Sent(frame.Length);
        SentBytes += frame.Length;
        transport.Send(peer.Id, frame);
    }

    /// <summary>Bytes that wait for a peer.</summary>
    public long QueuedFor(Peer peer) => transport.QueuedBytes(peer.Id);

    /// <summary>True where so much waits for a peer that it is neither served nor read further.</summary>
    public bool IsFull(Peer peer) => transport.QueuedBytes(peer.Id) >= options.SendQueueBytesLow;

    /// <summary>True where so much waits for all peers that blocks are served to nobody.</summary>
    public bool IsFullForAll => QueuedBytes >= options.SendQueueBytesTotal;
}
