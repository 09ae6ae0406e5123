using System.Numerics;
using Camelid.Chain.Peers.Market;
using Camelid.Chain.Peers.Relay;
using Camelid.Protocol;

namespace Camelid.Chain.Peers;

/// <summary>
/// The bounds and times of the peer engine. The defaults are for <c>main</c> and <c>test</c>; regtest, where a block
/// comes when one is wanted, waits for nothing as long (<see cref="For"/>). Memory: <see cref="MemoryBytesMax"/>.
/// </summary>
internal sealed record PeerOptions
{
    /// <summary>Connections that we keep open to nodes of our choice, for everything.</summary>
    public int FullOutboundMax { get; init; } = 8;

    /// <summary>Connections that we keep open for blocks alone: nobody can infer them from transactions.</summary>
    public int BlocksOnlyOutboundMax { get; init; } = 2;

    /// <summary>Connections that the operator asks for by address.</summary>
    public int ManualMax { get; init; } = 16;

    /// <summary>Connections that others open.</summary>
    public int InboundMax { get; init; } = 117;

    /// <summary>Addresses that are kept for the next start, to connect to first.</summary>
    public int AnchorsMax { get; init; } = 2;

    /// <summary>From the opening of a connection to the end of its handshake.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Between two pings.</summary>
    public TimeSpan PingInterval { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>A ping that is not answered for so long ends the connection.</summary>
    public TimeSpan PongTimeout { get; init; } = TimeSpan.FromMinutes(20);

    /// <summary>A frame is complete within this and <see cref="FrameBytesPerSecondMin"/>.</summary>
    public TimeSpan FrameTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The slowest pace at which a frame may come.</summary>
    public int FrameBytesPerSecondMin { get; init; } = 16_384;

    /// <summary>A peer that takes nothing of what waits for it for so long is dropped.</summary>
    public TimeSpan SendStallTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Where more waits for a peer, it is served nothing and read no further.</summary>
    public int SendQueueBytesLow { get; init; } = 1 << 20;

    /// <summary>Where more would wait for a peer, it is dropped.</summary>
    public int SendQueueBytesMax { get; init; } = 12 << 20;

    /// <summary>Where more waits for all peers together, blocks are served to nobody.</summary>
    public long SendQueueBytesTotal { get; init; } = 64 << 20;

    /// <summary>Bytes of unfinished frames of all peers together; the oldest one goes where there are more.</summary>
    public long FrameBytesTotal { get; init; } = 64 << 20;

    /// <summary>An answer to <c>getheaders</c>.</summary>
    public TimeSpan HeadersTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Headers whose work is less than this network's known work are not kept.</summary>
    public BigInteger WorkMin { get; init; } = BigInteger.Zero;

    /// <summary>Blocks by whose work a branch may be behind the tip for its headers to be kept.</summary>
    public int WorkBlocksBehindMax { get; init; } = 144;

    /// <summary>Headers that a peer may send and that do not lead to more work than we know.</summary>
    public int SideHeadersMax { get; init; } = 4_000;

    /// <summary>Blocks that are fetched ahead of the tip.</summary>
    public int BlockWindow { get; init; } = 1_024;

    /// <summary>Blocks that a peer is asked for at a time.</summary>
    public int BlocksInFlightMax { get; init; } = 16;

    /// <summary>A block that was asked for; half as much again for each other peer that is asked.</summary>
    public TimeSpan BlockTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>A peer that alone holds up the window is replaced after this, at first.</summary>
    public TimeSpan StallTimeoutMin { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>… and at most after this: each replacement doubles the time, each block shortens it.</summary>
    public TimeSpan StallTimeoutMax { get; init; } = TimeSpan.FromSeconds(64);

    /// <summary>What is missing of a compact block; then the whole block is asked for.</summary>
    public TimeSpan CompactTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Peers that push compact blocks unasked.</summary>
    public int CompactPushersMax { get; init; } = 3;

    /// <summary>A transaction that was asked for.</summary>
    public TimeSpan TransactionTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long peers of our choice are waited for before one that chose us is asked.</summary>
    public TimeSpan InboundTransactionDelay { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>When to try again where every peer has enough to answer.</summary>
    public TimeSpan TransactionRetry { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Transactions that a peer is asked for at a time.</summary>
    public int TransactionsInFlightMax { get; init; } = 100;

    /// <summary>Announcements of a peer that wait.</summary>
    public int TransactionsAnnouncedMax { get; init; } = 5_000;

    /// <summary>Transactions that were announced and have not come, of all peers.</summary>
    public int TransactionsWantedMax { get; init; } = 50_000;

    /// <summary>Peers that are remembered for one transaction.</summary>
    public int TransactionCandidatesMax { get; init; } = 16;

    /// <summary>Mean time between two announcements to a peer of our choice; drawn anew each time.</summary>
    public TimeSpan TrickleOutbound { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Mean time between two announcements to peers that chose us.</summary>
    public TimeSpan TrickleInbound { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Transactions in one announcement.</summary>
    public int TrickleMax { get; init; } = 1_000;

    /// <summary>Transactions that wait to be announced to a peer.</summary>
    public int TrickleQueueMax { get; init; } = 10_000;

    /// <summary>Mean time between two announcements of our own transactions that wait.</summary>
    public TimeSpan RebroadcastInterval { get; init; } = TimeSpan.FromMinutes(20);

    /// <summary>Transactions whose parents are missing.</summary>
    public int OrphansMax { get; init; } = 100;

    /// <summary>How long an orphan waits.</summary>
    public TimeSpan OrphanLife { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Between two looks at the fee filter.</summary>
    public TimeSpan FeeFilterInterval { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>True where the message <c>mempool</c> is answered.</summary>
    public bool ServesMempool { get; init; }

    /// <summary>Mean time between two tellings of our own address.</summary>
    public TimeSpan AdvertiseInterval { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Between two feelers: short connections that try an address.</summary>
    public TimeSpan FeelerInterval { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Between two attempts to open a connection.</summary>
    public TimeSpan DialInterval { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The first pause before an address of the operator is tried again; it doubles.</summary>
    public TimeSpan RedialMin { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest such pause.</summary>
    public TimeSpan RedialMax { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Between two writings of the address book.</summary>
    public TimeSpan SaveInterval { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>No new tip for so long: one more connection is opened, and every peer is asked for headers.</summary>
    public TimeSpan StaleTip { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>A peer of our choice that has less work than we for so long is replaced.</summary>
    public TimeSpan BehindTimeout { get; init; } = TimeSpan.FromMinutes(20);

    /// <summary>Points at which a peer is discouraged.</summary>
    public int ScoreMax { get; init; } = 100;

    /// <summary>How long a discouraged host is not spoken to.</summary>
    public TimeSpan DiscouragedFor { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Hosts that are discouraged or banned.</summary>
    public int DiscouragedMax { get; init; } = 10_000;

    /// <summary>Bytes that one peer may send in a second, 0 for any number; else it is read slower.</summary>
    public long DownloadPerPeer { get; init; }

    /// <summary>The same for all peers together.</summary>
    public long DownloadTotal { get; init; }

    /// <summary>Bytes of blocks and transactions that one peer is served in a second, 0 for any number.</summary>
    public long UploadPerPeer { get; init; }

    /// <summary>The same for all peers together.</summary>
    public long UploadTotal { get; init; }

    /// <summary>Announcements and offers that are kept.</summary>
    public MarketBounds Market { get; init; } = new();

    /// <summary>Relayed messages that a peer may send in a second; ten times as many at once.</summary>
    public int EnvelopesPerSecond { get; init; } = 50;

    /// <summary>Neighbours to which an envelope is handed on whose receiver is none of them.</summary>
    public int EnvelopeFanout { get; init; } = 8;

    /// <summary>
    /// The most that time-outs move between two inputs: a node that was busy or asleep does not blame its peers.
    /// </summary>
    public TimeSpan ClockStepMax { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>True where connections are opened to addresses that others told of.</summary>
    public bool Discovers { get; init; } = true;

    /// <summary>
    /// What all of it can come to hold: frames being read, frames waiting to be sent (what one peer may have above the
    /// total: a block and what is small), orphans, filters of known transactions, compact blocks, envelopes that wait,
    /// the market.
    /// </summary>
    public long MemoryBytesMax => FrameBytesTotal + SendQueueBytesTotal
        + (ConnectionsMax * (long)SendQueueBytesLow) + SendQueueBytesMax
        + (OrphansMax * 100_000L) + (ConnectionsMax * 400_000L) + (BlocksInFlightMax * 4_000_000L)
        + EnvelopeOutbox.BytesMax + Market.BytesMax;

    /// <summary>Connections of all kinds, a feeler and one more at a stale tip included.</summary>
    public int ConnectionsMax => FullOutboundMax + BlocksOnlyOutboundMax + ManualMax + InboundMax + 2;

    /// <summary>The values for a network.</summary>
    public static PeerOptions For(Network network) => !network.HasFixedDifficulty
        ? new PeerOptions()
        : new PeerOptions
        {
            HandshakeTimeout = TimeSpan.FromSeconds(10),
            HeadersTimeout = TimeSpan.FromSeconds(15),
            BlockTimeout = TimeSpan.FromSeconds(15),
            CompactTimeout = TimeSpan.FromSeconds(3),
            TransactionTimeout = TimeSpan.FromSeconds(10),
            InboundTransactionDelay = TimeSpan.Zero,
            TrickleOutbound = TimeSpan.FromMilliseconds(50),
            TrickleInbound = TimeSpan.FromMilliseconds(50),
            DialInterval = TimeSpan.FromMilliseconds(100),
            RedialMax = TimeSpan.FromSeconds(5),
            FeeFilterInterval = TimeSpan.FromSeconds(10),
        };
}
