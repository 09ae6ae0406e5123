using Camelid.Protocol;
using Camelid.Protocol.Peers;

namespace Camelid.Chain.Peers;

/// <summary>
/// Rule P-30: nothing passes before both sides have told their version and signed for this connection. A connection to
/// oneself, to another network or to a node that is connected already ends here.
/// </summary>
internal sealed partial class PeerHandshakes(PeerParts parts, ILogger<PeerHandshakes> logger)
{
    /// <summary>What this node does for others.</summary>
    public const PeerServices OwnServices = PeerServices.Blocks | PeerServices.Relay;

    private const string UserAgent = "/camelid:0.1/";

    /// <summary>Called once a handshake is done.</summary>
    public Action<Peer>? Done { get; set; }

    /// <summary>Called where an address leads to ourselves.</summary>
    public Action<Peer>? IsSelf { get; set; }

    /// <summary>A connection can be spoken on; where it is ours, we speak first.</summary>
    /// <param name="peer">Who is at the other end.</param>
    /// <param name="link">The name of its encryption (rule P-23); zeros for none.</param>
    public void Opened(Peer peer, Hash256 link)
    {
        bool isFirst = peer.Stage == PeerStage.Dialing;
        if (!isFirst && peer.Stage != PeerStage.Greeting)
        {
            return;
        }

        (peer.Stage, peer.Link) = (PeerStage.Greeting, link);
        if (isFirst && !peer.IsInbound)
        {
            Greet(peer);
        }
    }

    /// <summary>The other side's version.</summary>
    public void OnVersion(Peer peer, PeerPacket packet, VersionMessage theirs)
    {
        if (peer.Stage != PeerStage.Greeting)
        {
            parts.Judge.Blame(peer, RuleCode.PeerHandshakeOrder);
            return;
        }

        if (peer.Ours is null)
        {
            Greet(peer);
        }

        RuleCode code = PeerHandshake.CheckVersion(theirs, peer.Ours!, parts.Identity.Curve);
        code = code != RuleCode.Accepted ? code
            : packet.Sender != NodeId.Of(theirs.NodeKey) ? RuleCode.PeerWrongAddressee
            : CheckServices(peer, theirs);
        if (code != RuleCode.Accepted)
        {
            if (code == RuleCode.PeerIsSelf && !peer.IsInbound)
            {
                IsSelf?.Invoke(peer);
            }

            parts.Judge.Blame(peer, code);
            parts.Judge.Close(peer, code);
            return;
        }

        peer.Theirs = theirs;
        peer.Node = packet.Sender;
        peer.ClockOffsetSeconds = (long)theirs.Time - parts.Clock.UnixSeconds;
        peer.Stage = PeerStage.Proving;
        parts.Post.Send(peer, PeerHandshake.Sign(
            peer.Ours!, theirs, parts.Identity.Key, parts.Identity.Curve, peer.Link));
    }

    /// <summary>The other side's signature.</summary>
    public void OnVerack(Peer peer, VerackMessage verack)
    {
        if (peer.Stage != PeerStage.Proving)
        {
            parts.Judge.Blame(peer, RuleCode.PeerHandshakeOrder);
            return;
        }

        RuleCode code = PeerHandshake.CheckVerack(
            verack, peer.Theirs!, peer.Ours!, parts.Identity.Curve, peer.Link);
        if (code != RuleCode.Accepted)
        {
            parts.Judge.Blame(peer, code);
            parts.Judge.Close(peer, code);
            return;
        }

        if (parts.Peers.Ready.FirstOrDefault(other => other.Node == peer.Node) is { } twin)
        {
            CloseTwin(twin, peer);
        }

        if (peer.Stage == PeerStage.Closed)
        {
            return;
        }

        peer.Stage = PeerStage.Ready;
        LogReady(peer.Id, peer.Kind, peer.Address, peer.Node, peer.Theirs!.StartHeight);
        Done?.Invoke(peer);
    }

    /// <summary>
    /// Two connections to one node, each proved. Where both sides dialed at once, each must keep the same one: that of
    /// the smaller id. Otherwise the older one stays.
    /// </summary>
    private void CloseTwin(Peer older, Peer younger)
    {
        bool crossed = older.IsInbound != younger.IsInbound;
        bool keepOurs = parts.Identity.Id.Value.ToBytes().AsSpan().SequenceCompareTo(older.Node.Value.ToBytes()) < 0;
        Peer loser = !crossed || older.IsInbound != keepOurs ? younger : older;
        parts.Judge.Close(loser, RuleCode.PeerDuplicate);
    }

    private static RuleCode CheckServices(Peer peer, VersionMessage theirs)
    {
        bool servesBlocks = (theirs.Services & PeerServices.Blocks) != 0;
        return peer.Kind is PeerKind.Full or PeerKind.BlocksOnly && !servesBlocks
            ? RuleCode.PeerServesTooLittle
            : RuleCode.Accepted;
    }

    private void Greet(Peer peer)
    {
        bool isPrivate = peer.Kind is PeerKind.BlocksOnly or PeerKind.Feeler or PeerKind.Seed;
        peer.Ours = new VersionMessage
        {
            Services = OwnServices,
            Time = parts.Clock.UnixSeconds,
            Genesis = parts.Identity.Genesis,
            Nonce = parts.Nonce(),
            NodeKey = parts.Identity.PublicKey,
            ListeningPort = isPrivate ? (ushort)0 : parts.ListeningPort,
            ReceiverHost = PeerHost.Of(peer.Address),
            UserAgent = UserAgent,
            StartHeight = parts.State.Read(reading => reading.Tip.Height),
            WantsTransactions = !isPrivate,
        };
        parts.Post.Send(peer, peer.Ours);
    }

    [LoggerMessage(1142, LogLevel.Information, "Peer {Peer} ({Kind}) {Address} is node {Node} at height {Height}")]
    private partial void LogReady(PeerId peer, PeerKind kind, PeerAddress address, NodeId node, int height);
}
