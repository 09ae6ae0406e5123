namespace Camelid.Protocol.Peers;

/// <summary>
/// Rule P-04: the whitepaper's envelope (2.1.2) around one message: sender (20) ‖ receiver (20) ‖ hops left (1) ‖
/// payload.
/// </summary>
/// <remarks>
/// Hops left counts the link that the packet is on: a sender writes at most 8, each forwarder one less, and a packet
/// with 1 goes no further. Only a <c>relay</c> message has more than one hop: it alone is signed, and what nobody
/// signed is nobody's to spread.
/// </remarks>
/// <param name="Sender">Who wrote the message: a neighbour, or for <c>relay</c> any node.</param>
/// <param name="Receiver">For whom it is; none means whoever is at the other end of the link.</param>
/// <param name="HopsLeft">1 … <see cref="HopsMax"/>.</param>
/// <param name="Message">The message.</param>
public sealed record PeerPacket(NodeId Sender, NodeId Receiver, int HopsLeft, PeerMessage Message)
{
    /// <summary>Bytes before the payload.</summary>
    public const int HeadBytes = (2 * NodeId.Bytes) + 1;

    /// <summary>The most links that a message crosses.</summary>
    public const int HopsMax = 8;

    /// <summary>What the id of a message is for.</summary>
    public const string IdTag = "camelid/message";

    /// <summary>
    /// Rule P-05: the id under which a message is known: a hash of sender ‖ receiver ‖ payload. It is never sent, so
    /// nobody can occupy the id of a message that he has not got.
    /// </summary>
    public Hash256 Id => Hashes.Tagged(IdTag, Addressed(new CanonicalWriter(), withHops: false).Written);

    /// <summary>A message to a neighbour; one hop, addressed to whoever is at the other end.</summary>
    public static PeerPacket ToNeighbour(NodeId sender, PeerMessage message) => new(sender, NodeId.None, 1, message);

    /// <summary>The body of a frame: the head of the envelope and the payload.</summary>
    public byte[] EncodeBody() => Addressed(new CanonicalWriter(), withHops: true).ToArray();

    /// <summary>
    /// Rule P-04: <c>Accepted</c> where a message that came over a link is one that its neighbour may send there: from
    /// itself, to me or to nobody, with one hop. A <c>relay</c> message is judged by <see cref="RelayRule"/> instead.
    /// </summary>
    /// <param name="neighbour">Who is at the other end: the key in its version message.</param>
    /// <param name="self">Who is at this end.</param>
    public RuleCode CheckNeighbour(NodeId neighbour, NodeId self) =>
        Message.Command == PeerCommand.Relay
        || (Sender == neighbour && (Receiver.IsNone || Receiver == self) && HopsLeft == 1)
            ? RuleCode.Accepted
            : RuleCode.PeerWrongAddressee;

    internal static RuleCode Decode(PeerCommand command, ReadOnlySpan<byte> body, out PeerPacket? packet)
    {
        packet = null;
        CanonicalReader reader = new(body);
        NodeId sender = NodeId.Read(ref reader);
        NodeId receiver = NodeId.Read(ref reader);
        int hops = reader.Byte();
        if (reader.Failed || sender.IsNone || hops is < 1 or > HopsMax)
        {
            return RuleCode.PeerEnvelopeForm;
        }

        RuleCode code = PeerMessage.Decode(command, body[HeadBytes..], out PeerMessage? message);
        packet = message is null ? null : new PeerPacket(sender, receiver, hops, message);
        return code;
    }

    private CanonicalWriter Addressed(CanonicalWriter writer, bool withHops)
    {
        Sender.Write(writer);
        Receiver.Write(writer);
        if (withHops)
        {
            writer.Byte((byte)HopsLeft);
        }

        Message.Write(writer);
        return writer;
    }
}
