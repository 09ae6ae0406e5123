using Camelid.Chain.Peers.Limits;

namespace Camelid.Chain.Peers.Relay;

/// <summary>
/// Rule P-58: envelopes leave for each neighbour a little slower than it takes them (P-55), and no faster than it
/// reads; what is too soon waits, this node's own before those of others, within bounds.
/// </summary>
internal sealed class EnvelopeOutbox(PeerParts parts)
{
    /// <summary>Own envelopes that may wait for one neighbour; half as many of others.</summary>
    public const int PeerCountMax = 2_000;

    /// <summary>Bytes that may wait for all neighbours; half of it of others' envelopes.</summary>
    public const long BytesMax = 32 << 20;

    /// <summary>Of the receiver's rate, in per cent: its clock need not run as ours does.</summary>
    private const int SharePercent = 90;

    private readonly Dictionary<PeerId, Box> boxes = [];

    /// <summary>Envelopes that wait.</summary>
    public int Count => boxes.Values.Sum(box => box.Own.Count + box.Others.Count);

    /// <summary>Their bytes.</summary>
    public long Bytes { get; private set; }

    /// <summary>Envelopes for which there was no room.</summary>
    public long Dropped { get; private set; }

    /// <summary>True where so many own envelopes with so many bytes may be put in for a neighbour.</summary>
    public bool HasRoom(Peer peer, int count, long bytes) =>
        Bytes + bytes <= BytesMax && BoxOf(peer).Own.Count + count <= PeerCountMax;

    /// <summary>Sends an envelope now, or when its time comes.</summary>
    /// <param name="peer">To whom.</param>
    /// <param name="frame">Its frame.</param>
    /// <param name="isOwn">True where this node wrote it.</param>
    /// <returns>False where there is no room.</returns>
    public bool Put(Peer peer, byte[] frame, bool isOwn)
    {
        Box box = BoxOf(peer);
        bool hasRoom = isOwn
            ? HasRoom(peer, 1, frame.Length)
            : Bytes + frame.Length <= BytesMax / 2 && box.Others.Count < PeerCountMax / 2;
        if (!hasRoom)
        {
            Dropped++;
            return false;
        }

        (isOwn ? box.Own : box.Others).Enqueue(frame);
        Bytes += frame.Length;
        Flush(peer, box);
        return true;
    }

    /// <summary>Sends what is due.</summary>
    public void Tick()
    {
        foreach (Peer peer in parts.Peers.Ready.Where(peer => boxes.ContainsKey(peer.Id)).ToArray())
        {
            Flush(peer, boxes[peer.Id]);
        }
    }

    /// <summary>A peer is gone, and with it what waited for it.</summary>
    public void Gone(Peer peer)
    {
        if (boxes.Remove(peer.Id, out Box? box))
        {
            Bytes -= box.Own.Concat(box.Others).Sum(frame => (long)frame.Length);
        }
    }

    private void Flush(Peer peer, Box box)
    {
        while (box.Next is { } queue && !parts.Post.IsFull(peer) && box.Rate.TryTake(1, parts.Now))
        {
            byte[] frame = queue.Dequeue();
            Bytes -= frame.Length;
            parts.Post.Send(peer, frame);
        }
    }

    private Box BoxOf(Peer peer)
    {
        if (!boxes.TryGetValue(peer.Id, out Box? box))
        {
            int rate = parts.Options.EnvelopesPerSecond;
            boxes[peer.Id] = box = new Box(TokenBucket.PerThousandSeconds(
                Math.Max(1, rate * EnvelopeRelay.BurstSeconds * SharePercent / 100), rate * 10L * SharePercent,
                parts.Now));
        }

        return box;
    }

    private sealed class Box(TokenBucket rate)
    {
        public TokenBucket Rate { get; } = rate;

        public Queue<byte[]> Own { get; } = [];

        public Queue<byte[]> Others { get; } = [];

        public Queue<byte[]>? Next => Own.Count > 0 ? Own : Others.Count > 0 ? Others : null;
    }
}
