using Camelid.Chain.Peers.Limits;
using Camelid.Protocol;
using Camelid.Protocol.Peers;

namespace Camelid.Chain.Peers.Relay;

/// <summary>
/// Rule P-55: envelopes for this node are handed to its handler; those for others go on by rule P-13, each once. A peer
/// may send <see cref="PeerOptions.EnvelopesPerSecond"/>, and the ids that are remembered are bounded: where there are
/// too many, nothing more is handed on until some are old enough to be forgotten.
/// </summary>
internal sealed class EnvelopeRelay(PeerParts parts)
{
    /// <summary>Ids that are remembered.</summary>
    public const int SeenMax = 100_000;

    private const int BurstSeconds = 10;

    private readonly SeenIds seen = new(SeenMax);
    private readonly Dictionary<PeerId, TokenBucket> rates = [];

    /// <summary>Envelopes handed to this node's handler.</summary>
    public long Delivered { get; private set; }

    /// <summary>Envelopes handed on.</summary>
    public long Forwarded { get; private set; }

    /// <summary>A packet with an envelope from a peer.</summary>
    public void OnRelay(Peer peer, PeerPacket packet)
    {
        if (!peer.RelaysAll)
        {
            parts.Judge.Blame(peer, RuleCode.PeerUnasked);
            return;
        }

        if (!RateOf(peer).TryTake(1, parts.Now))
        {
            parts.Judge.Blame(peer, RuleCode.PeerRelaysTooMuch);
            return;
        }

        seen.Expire(parts.Now);
        if (seen.Count >= SeenMax)
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
            Send(onward, decision.Targets);
        }
    }

    /// <summary>Sends an envelope of this node.</summary>
    /// <param name="receiver">For whom it is.</param>
    /// <param name="kind">What the body is.</param>
    /// <param name="body">The body.</param>
    /// <returns>How many neighbours it was handed to; none where nobody is connected or it is too large.</returns>
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
        Send(packet, targets);
        return targets.Count;
    }

    /// <summary>A peer is gone.</summary>
    public void Gone(Peer peer) => rates.Remove(peer.Id);

    private void Send(PeerPacket packet, IReadOnlyList<NodeId> targets)
    {
        foreach (Peer peer in parts.Peers.Ready.Where(peer => targets.Contains(peer.Node)).ToArray())
        {
            parts.Post.Send(peer, packet);
        }
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

    private TokenBucket RateOf(Peer peer)
    {
        if (!rates.TryGetValue(peer.Id, out TokenBucket? bucket))
        {
            int rate = parts.Options.EnvelopesPerSecond;
            rates[peer.Id] = bucket = TokenBucket.PerSecond(rate * BurstSeconds, rate, parts.Now);
        }

        return bucket;
    }
}
