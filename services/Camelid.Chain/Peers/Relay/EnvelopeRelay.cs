using Camelid.Chain.Peers.Limits;
using Camelid.Protocol;
using Camelid.Protocol.Market;
using Camelid.Protocol.Peers;

namespace Camelid.Chain.Peers.Relay;

/// <summary>
/// Rule P-55: envelopes for this node are handed to its handler; those for others go on by rule P-13, each once. A peer
/// may send <see cref="PeerOptions.EnvelopesPerSecond"/>, and the ids that are remembered are bounded: a neighbour
/// brings an eighth of them at most, and where there are too many, nothing more is handed on until some are old enough
/// to be forgotten.
/// </summary>
internal sealed class EnvelopeRelay(PeerParts parts)
{
    /// <summary>Ids that are remembered.</summary>
    public const int SeenMax = 200_000;

    /// <summary>Seconds of its rate that a peer may send at once.</summary>
    internal const int BurstSeconds = 10;

    /// <summary>What a neighbour may bring at once, and again while an id is remembered.</summary>
    private const int ShareMax = SeenMax / 16;

    /// <summary>Bytes of an envelope's frame besides its body, at most.</summary>
    private const int FrameBytesMax = 256;

    private readonly SeenIds seen = new(SeenMax);
    private readonly EnvelopeOutbox outbox = new(parts);
    private readonly Dictionary<PeerId, (TokenBucket Rate, TokenBucket Share)> rates = [];

    /// <summary>Envelopes handed to this node's handler.</summary>
    public long Delivered { get; private set; }

    /// <summary>Envelopes handed on.</summary>
    public long Forwarded { get; private set; }

    /// <summary>What waits to be sent.</summary>
    public EnvelopeOutbox Outbox => outbox;

    /// <summary>A packet with an envelope from a peer.</summary>
    public void OnRelay(Peer peer, PeerPacket packet)
    {
        if (!peer.RelaysAll)
        {
            parts.Judge.Blame(peer, RuleCode.PeerUnasked);
            return;
        }

        (TokenBucket rate, TokenBucket share) = RatesOf(peer);
        if (!rate.TryTake(1, parts.Now))
        {
            parts.Judge.Blame(peer, RuleCode.PeerRelaysTooMuch);
            return;
        }

        seen.Expire(parts.Now);
        if (seen.Count >= SeenMax || !share.TryTake(1, parts.Now))
        {
            return;
        }

        RelayDecision decision = RelayRule.Decide(packet, Standing(peer.Node), parts.Identity.Curve);
        if (decision.Code != RuleCode.Accepted)
        {
            parts.Judge.Blame(peer, decision.Code);
            return;
        }

        seen.Add(decision.Id, parts.Now + TimeSpan.FromSeconds(RelayRule.SeenSeconds));
        if (decision.Deliver)
        {
            Delivered++;
            parts.Setting.Addressed?.Handle(packet.Sender, (RelayMessage)packet.Message);
        }

        if (decision.Onward is { } onward)
        {
            Forwarded++;
            Send(onward, decision.Targets, isOwn: false);
        }
    }

    /// <summary>Sends an envelope of this node.</summary>
    /// <param name="receiver">For whom it is.</param>
    /// <param name="kind">What the body is.</param>
    /// <param name="body">The body.</param>
    /// <returns>
    /// How many neighbours it was handed to, now or soon; none where nobody is connected or it is too large.
    /// </returns>
    public int Send(NodeId receiver, byte kind, ReadOnlyMemory<byte> body)
    {
        RelayMessage unsigned = new()
        {
            Kind = kind, Time = parts.Clock.UnixSeconds, SenderKey = parts.Identity.PublicKey, Body = body,
        };
        PeerPacket packet = RelayRule.Sign(
            unsigned, receiver, parts.Identity.Genesis, parts.Identity.Key, parts.Identity.Curve);
        seen.Add(packet.Id, parts.Now + TimeSpan.FromSeconds(RelayRule.SeenSeconds));
        IReadOnlyList<NodeId> targets = RelayRule.FirstTargets(packet, Neighbours());
        return Send(packet, targets, isOwn: true);
    }

    /// <summary>Rule P-56: sends a message of this node, in parts where it is long.</summary>
    /// <param name="receiver">For whom it is.</param>
    /// <param name="kind">What it is.</param>
    /// <param name="message">At most <see cref="MessageParts.BytesMax"/> bytes.</param>
    /// <returns>How many neighbours it was handed to; null where too much waits, and none of it was sent.</returns>
    public int? SendMessage(NodeId receiver, byte kind, ReadOnlySpan<byte> message)
    {
        IReadOnlyList<byte[]> bodies = MessageParts.Split(kind, message);
        long bytes = bodies.Sum(body => (long)body.Length + FrameBytesMax);
        Peer[] ready = [.. parts.Peers.Ready.Where(peer => peer.RelaysAll)];
        Peer[] ways = ready.Any(peer => peer.Node == receiver)
            ? [.. ready.Where(peer => peer.Node == receiver)]
            : ready;
        if (ways.Length > 0 && !ways.Any(peer => outbox.HasRoom(peer, bodies.Count, bytes)))
        {
            return null;
        }

        int neighbours = 0;
        foreach (byte[] body in bodies)
        {
            neighbours = Math.Max(neighbours, Send(receiver, kind, body));
        }

        return neighbours;
    }

    /// <summary>Sends what is due.</summary>
    public void Tick() => outbox.Tick();

    /// <summary>A peer is gone.</summary>
    public void Gone(Peer peer)
    {
        rates.Remove(peer.Id);
        outbox.Gone(peer);
    }

    private int Send(PeerPacket packet, IReadOnlyList<NodeId> targets, bool isOwn)
    {
        byte[] frame = PeerFrame.Encode(packet, parts.Network);
        return parts.Peers.Ready.Where(peer => targets.Contains(peer.Node)).ToArray()
            .Count(peer => outbox.Put(peer, frame, isOwn));
    }

    private RelayStanding Standing(NodeId from) => new()
    {
        Self = parts.Identity.Id,
        From = from,
        Neighbours = Neighbours(),
        Seen = seen.Ids,
        Now = parts.Clock.UnixSeconds,
        Genesis = parts.Identity.Genesis,
    };

    private RelayNeighbour[] Neighbours() =>
    [
        .. parts.Peers.Ready.Where(peer => peer.RelaysAll).Select(peer => new RelayNeighbour(
            peer.Node, (peer.Theirs!.Services & PeerServices.Relay) != 0)),
    ];

    private (TokenBucket Rate, TokenBucket Share) RatesOf(Peer peer)
    {
        if (!rates.TryGetValue(peer.Id, out (TokenBucket, TokenBucket) buckets))
        {
            int rate = parts.Options.EnvelopesPerSecond;
            rates[peer.Id] = buckets = (
                TokenBucket.PerSecond(rate * BurstSeconds, rate, parts.Now),
                TokenBucket.PerThousandSeconds(ShareMax, ShareMax * 1_000L / RelayRule.SeenSeconds, parts.Now));
        }

        return buckets;
    }
}
