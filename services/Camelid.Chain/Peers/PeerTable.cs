using System.Diagnostics.CodeAnalysis;

namespace Camelid.Chain.Peers;

/// <summary>The connections, by ascending numbers: every walk over them is the same in every run.</summary>
internal sealed class PeerTable
{
    private readonly SortedDictionary<long, Peer> peers = [];
    private readonly List<Peer> closed = [];
    private long last;

    /// <summary>Connections, those being opened included.</summary>
    public int Count => peers.Count;

    /// <summary>All connections that are not closed.</summary>
    public IEnumerable<Peer> All => peers.Values.Where(peer => peer.Stage != PeerStage.Closed);

    /// <summary>Connections whose handshake is done.</summary>
    public IEnumerable<Peer> Ready => peers.Values.Where(peer => peer.IsReady);

    /// <summary>The next number.</summary>
    public PeerId NextId() => new(++last);

    /// <summary>Adds a connection.</summary>
    public void Add(Peer peer) => peers.Add(peer.Id.Number, peer);

    /// <summary>A connection that is not closed.</summary>
    public bool TryFind(PeerId id, [NotNullWhen(true)] out Peer? peer) =>
        peers.TryGetValue(id.Number, out peer) && peer.Stage != PeerStage.Closed;

    /// <summary>Connections of a kind that are not closed.</summary>
    public int CountOf(PeerKind kind) => All.Count(peer => peer.Kind == kind);

    /// <summary>Marks a connection as over; it is taken out by <see cref="Reap"/>.</summary>
    public void Close(Peer peer)
    {
        if (peer.Stage != PeerStage.Closed)
        {
            peer.Stage = PeerStage.Closed;
            closed.Add(peer);
        }
    }

    /// <summary>Takes out the connections that were closed, and says which.</summary>
    public IReadOnlyList<Peer> Reap()
    {
        if (closed.Count == 0)
        {
            return [];
        }

        Peer[] gone = [.. closed];
        closed.Clear();
        foreach (Peer peer in gone)
        {
            peers.Remove(peer.Id.Number);
            peer.Frames.Dispose();
        }

        return gone;
    }
}
