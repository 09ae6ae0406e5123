namespace Camelid.Chain.Peers.Limits;

/// <summary>
/// Rule P-33: how fast a peer is listened to. Instead of dropping what comes too fast, no more of it is read for a
/// while; so an honest burst is only late, and a flood ends in its sender's own buffers.
/// </summary>
internal sealed class ReadPace(PeerParts parts)
{
    private static readonly TimeSpan FullPause = TimeSpan.FromMilliseconds(50);
    private readonly TokenBucket? total = PeerTraffic.Bucket(parts.Options.DownloadTotal, parts.Now);

    /// <summary>Bytes received from all peers.</summary>
    public long ReceivedBytes { get; private set; }

    /// <summary>Counts received bytes.</summary>
    public void Received(Peer peer, int bytes)
    {
        ReceivedBytes += bytes;
        peer.Traffic.Received(bytes, parts.Now);
        total?.Take(bytes, parts.Now);
    }

    /// <summary>How long to read no further from a peer.</summary>
    public TimeSpan PauseFor(Peer peer)
    {
        TimeSpan pause = peer.Traffic.ReadPause(parts.Now);
        TimeSpan all = total?.Debt(parts.Now) ?? TimeSpan.Zero;
        pause = pause > all ? pause : all;
        return pause == TimeSpan.Zero && parts.Post.IsFull(peer) ? FullPause : pause;
    }
}
