using Camelid.Chain.Peers.Limits;
using Camelid.Chain.Peers.Relay;
using Camelid.Chain.Peers.Sync;
using Camelid.Protocol;
using Camelid.Protocol.Peers;

namespace Camelid.Chain.Peers;

/// <summary>What a connection is for.</summary>
internal enum PeerKind
{
    /// <summary>Opened by the other side.</summary>
    Inbound = 0,

    /// <summary>Of our choice, for everything.</summary>
    Full = 1,

    /// <summary>Of our choice, for blocks alone.</summary>
    BlocksOnly = 2,

    /// <summary>Of the operator's choice, for everything; opened again when it ends.</summary>
    Manual = 3,

    /// <summary>Tries whether an address answers, and ends.</summary>
    Feeler = 4,

    /// <summary>Asks a seed node for addresses, and ends.</summary>
    Seed = 5,
}

/// <summary>How far a connection has come.</summary>
internal enum PeerStage
{
    /// <summary>Being opened.</summary>
    Dialing = 0,

    /// <summary>Open; the other's version is awaited.</summary>
    Greeting = 1,

    /// <summary>Versions are exchanged; the other's signature is awaited.</summary>
    Proving = 2,

    /// <summary>The handshake is done.</summary>
    Ready = 3,

    /// <summary>Over; forgotten at the end of this input.</summary>
    Closed = 4,
}

/// <summary>One connection, with what its parts remember about it.</summary>
internal sealed class Peer
{
    /// <summary>Its number.</summary>
    public required PeerId Id { get; init; }

    /// <summary>What it is for.</summary>
    public required PeerKind Kind { get; init; }

    /// <summary>The address at the other end; of an inbound one with the port that it called from.</summary>
    public required PeerAddress Address { get; init; }

    /// <summary>When it was accepted, or began to be opened.</summary>
    public required TimeSpan Since { get; init; }

    /// <summary>Its bytes become frames here.</summary>
    public required FrameAssembler Frames { get; init; }

    /// <summary>Its rates and queues.</summary>
    public required PeerTraffic Traffic { get; init; }

    /// <summary>What it knows of transactions.</summary>
    public required PeerInventory Inventory { get; init; }

    /// <summary>What it knows of blocks.</summary>
    public required PeerChain Chain { get; init; }

    /// <summary>Its addresses.</summary>
    public required PeerGossip Gossip { get; init; }

    /// <summary>How far it has come.</summary>
    public PeerStage Stage { get; set; }

    /// <summary>The name of the encrypted link (rule P-23); zeros where it is not encrypted.</summary>
    public Hash256 Link { get; set; }

    /// <summary>The version message that we sent; null before.</summary>
    public VersionMessage? Ours { get; set; }

    /// <summary>The version message that it sent; null before.</summary>
    public VersionMessage? Theirs { get; set; }

    /// <summary>Its name, once its version came; proved where the stage is <see cref="PeerStage.Ready"/>.</summary>
    public NodeId Node { get; set; }

    /// <summary>Points for what it did wrong.</summary>
    public int Score { get; set; }

    /// <summary>Why it was closed; <c>Unset</c> while it is open, or where the other side ended it.</summary>
    public RuleCode Reason { get; set; }

    /// <summary>True where others opened it.</summary>
    public bool IsInbound => Kind == PeerKind.Inbound;

    /// <summary>True once the handshake is done, until it is closed.</summary>
    public bool IsReady => Stage == PeerStage.Ready;

    /// <summary>True where transactions, addresses and envelopes pass.</summary>
    public bool RelaysAll => Kind is PeerKind.Inbound or PeerKind.Full or PeerKind.Manual;

    /// <summary>True where it serves the blocks that we may want.</summary>
    public bool ServesBlocks =>
        Theirs is { } theirs && (theirs.Services & (PeerServices.Blocks | PeerServices.RecentBlocks)) != 0;

    /// <summary>When the nonce of the open ping was sent; null where none is open.</summary>
    public TimeSpan? PingSentAt { get; set; }

    /// <summary>The nonce of the open ping.</summary>
    public ulong PingNonce { get; set; }

    /// <summary>When the next ping is due.</summary>
    public TimeSpan PingDueAt { get; set; }

    /// <summary>The shortest answer to a ping; <see cref="TimeSpan.MaxValue"/> before the first.</summary>
    public TimeSpan PingMin { get; set; } = TimeSpan.MaxValue;

    /// <summary>The last answer to a ping.</summary>
    public TimeSpan PingLast { get; set; }

    /// <summary>How far its clock was ahead of ours in the handshake, seconds. Shown only.</summary>
    public long ClockOffsetSeconds { get; set; }
}
