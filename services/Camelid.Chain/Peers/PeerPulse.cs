using Camelid.Protocol;
using Camelid.Protocol.Peers;

namespace Camelid.Chain.Peers;

/// <summary>
/// Rule P-34: a connection that does not live up to its time bounds ends: opening and handshake, a frame that drips, an
/// answer to a ping, bytes that nobody takes.
/// </summary>
internal sealed class PeerPulse(PeerParts parts)
{
    /// <summary>Bytes of unfinished frames of all peers.</summary>
    public long FrameBytes => parts.Peers.All.Sum(peer => (long)peer.Frames.BufferedBytes);

    /// <summary>A handshake is done.</summary>
    public void Start(Peer peer) => Ping(peer);

    /// <summary>An answer to a ping; one to none of ours says nothing.</summary>
    public void OnPong(Peer peer, PongMessage pong)
    {
        if (peer.PingSentAt is { } sent && pong.Nonce == peer.PingNonce)
        {
            peer.PingLast = parts.Now - sent;
            peer.PingMin = peer.PingLast < peer.PingMin ? peer.PingLast : peer.PingMin;
            peer.PingSentAt = null;
        }
    }

    /// <summary>Notes by when the frame that has begun must be complete.</summary>
    public void Note(Peer peer)
    {
        if (!peer.Frames.IsInside)
        {
            peer.Traffic.FrameDueAt = null;
            return;
        }

        // Set with the head, so that each frame has its own time, however the pieces of it come.
        peer.Traffic.FrameDueAt ??= parts.Now + parts.Options.FrameTimeout;
        BoundFrames();
    }

    /// <summary>Ends what is over its time, and pings who is due.</summary>
    public void Tick()
    {
        PeerOptions options = parts.Options;
        foreach (Peer peer in parts.Peers.All.ToArray())
        {
            peer.Traffic.Waiting(parts.Post.QueuedFor(peer), parts.Now);
            if (!peer.IsReady)
            {
                CloseIf(parts.Now - peer.Since > options.HandshakeTimeout, peer, RuleCode.PeerHandshakeTimeout);
                continue;
            }

            CloseIf(peer.PingSentAt is { } sent && parts.Now - sent > options.PongTimeout, peer, RuleCode.PeerSilent);
            CloseIf(parts.Now - peer.Traffic.LastTakenAt > options.SendStallTimeout, peer, RuleCode.PeerDoesNotRead);
            CloseIf(IsDripping(peer), peer, RuleCode.PeerTooSlow);
            if (peer.IsReady && peer.PingSentAt is null && peer.PingDueAt <= parts.Now)
            {
                Ping(peer);
            }
        }
    }

    /// <summary>The bytes that are still to come of a large frame lengthen its time.</summary>
    private bool IsDripping(Peer peer) => peer.Traffic.FrameDueAt is { } due
        && parts.Now > due + TimeSpan.FromSeconds(
            peer.Frames.ExpectedBytes / (double)parts.Options.FrameBytesPerSecondMin);

    private void Ping(Peer peer)
    {
        peer.PingNonce = parts.Nonce();
        peer.PingSentAt = parts.Now;
        peer.PingDueAt = parts.Now + parts.Options.PingInterval;
        parts.Post.Send(peer, new PingMessage(peer.PingNonce));
    }

    /// <summary>Too many unfinished frames together: the one that began first, and so is the slowest, goes.</summary>
    private void BoundFrames()
    {
        while (FrameBytes > parts.Options.FrameBytesTotal)
        {
            Peer slowest = parts.Peers.All.Where(peer => peer.Frames.BufferedBytes > 0)
                .OrderBy(peer => peer.Traffic.FrameDueAt).ThenBy(peer => peer.Id.Number).First();
            parts.Judge.Close(slowest, RuleCode.PeerFrameMemory);
        }
    }

    private void CloseIf(bool isOver, Peer peer, RuleCode reason)
    {
        if (isOver)
        {
            parts.Judge.Close(peer, reason);
        }
    }
}
