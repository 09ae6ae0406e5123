using Camelid.Protocol.Keys;

namespace Camelid.Protocol.Peers;

/// <summary>A neighbour as the relay rule sees it.</summary>
/// <param name="Node">Its proved id.</param>
/// <param name="Forwards">True where it offers <see cref="PeerServices.Relay"/>.</param>
public readonly record struct RelayNeighbour(NodeId Node, bool Forwards);

/// <summary>What a node knows when a <c>relay</c> message comes in.</summary>
public sealed record RelayStanding
{
    /// <summary>This node.</summary>
    public required NodeId Self { get; init; }

    /// <summary>The neighbour that the message came from.</summary>
    public required NodeId From { get; init; }

    /// <summary>All neighbours whose handshake is done, each node once.</summary>
    public required IReadOnlyCollection<RelayNeighbour> Neighbours { get; init; }

    /// <summary>
    /// Ids of the messages accepted in the last <see cref="RelayRule.SeenSeconds"/>, one's own among them.
    /// </summary>
    public required IReadOnlySet<Hash256> Seen { get; init; }

    /// <summary>The clock, Unix seconds.</summary>
    public required uint Now { get; init; }

    /// <summary>The hash of the network's first block.</summary>
    public required Hash256 Genesis { get; init; }
}

/// <summary>What to do with a <c>relay</c> message.</summary>
/// <param name="Code">
/// <c>Accepted</c>: remember <paramref name="Id"/>, then deliver or send on. Anything else: drop it, remember nothing.
/// </param>
/// <param name="Id">The id of the message; zero where it was not computed.</param>
/// <param name="Deliver">True where the message is for this node.</param>
/// <param name="Onward">The packet to send on, with one hop less; null where there is none.</param>
/// <param name="Targets">To whom, at most <see cref="RelayRule.FanOutMax"/>.</param>
public sealed record RelayDecision(
    RuleCode Code, Hash256 Id, bool Deliver, PeerPacket? Onward, IReadOnlyList<NodeId> Targets);

/// <summary>
/// Rule P-13: a message for somebody else is sent on towards its receiver: to the receiver alone where it is a
/// neighbour, else to at most eight forwarders; once per id, over at most eight links, never back, and only where its
/// sender signed it.
/// </summary>
/// <remarks>
/// An id is remembered only for a message that holds: a forged copy has another id and leaves no trace, so it can't
/// block the true one. The time is signed, and what is older than ids are remembered is refused, so an old message
/// can't be spread again. Hops are not signed: whoever raises them gains nothing, since a node that has seen the id is
/// silent; whoever lowers them can shorten the reach of a copy, as he could by dropping it.
/// </remarks>
public static class RelayRule
{
    /// <summary>The most neighbours that one message is spread to by one node.</summary>
    public const int FanOutMax = 8;

    /// <summary>The most seconds that a message's time may lie in the past or in the future.</summary>
    public const uint WindowSeconds = 600;

    /// <summary>How long ids must be remembered: over the whole window, on both sides.</summary>
    public const uint SeenSeconds = 2 * WindowSeconds;

    /// <summary>
    /// Rules P-12 and P-13: judges a packet whose message is <c>relay</c>, the cheap questions first.
    /// </summary>
    /// <exception cref="ArgumentException">The message is another.</exception>
    public static RelayDecision Decide(PeerPacket packet, RelayStanding standing, ISecp256k1 curve)
    {
        if (packet.Message is not RelayMessage message)
        {
            throw new ArgumentException("only relay messages are relayed", nameof(packet));
        }

        if (packet.Receiver.IsNone || packet.Receiver == packet.Sender
            || NodeId.Of(message.SenderKey) != packet.Sender)
        {
            return Drop(RuleCode.RelayForm);
        }

        if (Distance(message.Time, standing.Now) > WindowSeconds)
        {
            return Drop(RuleCode.RelayTime);
        }

        Hash256 id = packet.Id;
        if (packet.Sender == standing.Self || standing.Seen.Contains(id))
        {
            return Drop(RuleCode.RelaySeen);
        }

        Hash256 signed = message.SigningHash(packet.Receiver, standing.Genesis);
        if (!curve.Verify(message.SenderKey, signed, message.Signature.Span))
        {
            return Drop(RuleCode.RelaySignature);
        }

        return packet.Receiver == standing.Self
            ? new RelayDecision(RuleCode.Accepted, id, Deliver: true, null, [])
            : Forward(packet, id, standing);
    }

    /// <summary>A message of one's own, signed; send it to <see cref="FirstTargets"/> and remember its id.</summary>
    /// <param name="unsigned">The message; a signature in it is replaced.</param>
    /// <param name="receiver">For whom it is.</param>
    /// <param name="genesis">The hash of the network's first block.</param>
    /// <param name="key">The node key; the message names its public half.</param>
    /// <param name="curve">The curve.</param>
    public static PeerPacket Sign(
        RelayMessage unsigned, NodeId receiver, Hash256 genesis, PrivateKey key, ISecp256k1 curve) =>
        new(
            NodeId.Of(unsigned.SenderKey), receiver, PeerPacket.HopsMax,
            unsigned with { Signature = curve.Sign(key, unsigned.SigningHash(receiver, genesis)) });

    /// <summary>
    /// Where a message of one's own goes first: to its receiver, else to at most eight forwarders, or to nobody where
    /// its body is too large to be spread.
    /// </summary>
    public static IReadOnlyList<NodeId> FirstTargets(PeerPacket own, IReadOnlyCollection<RelayNeighbour> neighbours) =>
        MaySpread(own, neighbours) ? Targets(own, own.Id, own.Sender, neighbours) : [];

    private static RelayDecision Forward(PeerPacket packet, Hash256 id, RelayStanding standing)
    {
        if (packet.HopsLeft <= 1)
        {
            return Drop(RuleCode.RelayNoHopsLeft);
        }

        if (!MaySpread(packet, standing.Neighbours))
        {
            return Drop(RuleCode.RelayTooLargeToSpread);
        }

        IReadOnlyList<NodeId> targets = Targets(packet, id, standing.From, standing.Neighbours);
        PeerPacket? onward = targets.Count == 0 ? null : packet with { HopsLeft = packet.HopsLeft - 1 };
        return new RelayDecision(RuleCode.Accepted, id, Deliver: false, onward, targets);
    }

    private static bool HasReceiver(PeerPacket packet, IReadOnlyCollection<RelayNeighbour> neighbours) =>
        neighbours.Any(neighbour => neighbour.Node == packet.Receiver);

    private static bool MaySpread(PeerPacket packet, IReadOnlyCollection<RelayNeighbour> neighbours) =>
        packet.Message is RelayMessage { Body.Length: <= RelayMessage.SpreadBytesMax }
        || HasReceiver(packet, neighbours);

    /// <summary>
    /// Which eight differs by message and by neighbour, so that no neighbour is passed over for good.
    /// </summary>
    private static IReadOnlyList<NodeId> Targets(
        PeerPacket packet, Hash256 id, NodeId from, IReadOnlyCollection<RelayNeighbour> neighbours)
    {
        if (HasReceiver(packet, neighbours))
        {
            return packet.Receiver == from ? [] : [packet.Receiver];
        }

        return
        [
            .. neighbours.Where(other => other.Forwards && other.Node != from && other.Node != packet.Sender)
                .Select(other => other.Node).OrderBy(node => Rank(id, node)).Take(FanOutMax),
        ];
    }

    private static Hash256 Rank(Hash256 id, NodeId node)
    {
        CanonicalWriter writer = new();
        node.Write(writer.Hash(id));
        return Hashes.Sha256(writer.Written);
    }

    private static uint Distance(uint left, uint right) => left > right ? left - right : right - left;

    private static RelayDecision Drop(RuleCode code) => new(code, default, Deliver: false, null, []);
}
