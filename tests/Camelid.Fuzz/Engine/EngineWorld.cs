using Camelid.Chain.Blocks;
using Camelid.Chain.Keys;
using Camelid.Chain.Mempool;
using Camelid.Chain.Peers;
using Camelid.Chain.Tests.Peers;
using Camelid.Protocol;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Peers;
using Camelid.Protocol.Tests.Transactions;
using Microsoft.Extensions.Logging.Abstractions;

namespace Camelid.Fuzz.Engine;

/// <summary>
/// One node, its engine driven by hand: who is connected, what comes in which pieces, how time passes. What the engine
/// sends is looked at and counted.
/// </summary>
internal sealed class EngineWorld : IPeerTransport, IPeerStore, IDisposable
{
    /// <summary>The engine's bounds: small ones, so that a short sequence reaches them.</summary>
    public static PeerOptions Options { get; } = PeerOptions.For(Network.Regtest) with
    {
        InboundMax = 6,
        ManualMax = 2,
        OrphansMax = 3,
        BlocksInFlightMax = 3,
        TransactionsAnnouncedMax = 8,
        TransactionsWantedMax = 16,
        SendQueueBytesLow = 2_000,
        SendQueueBytesMax = 40_000,
        SendQueueBytesTotal = 60_000,
        DiscouragedFor = TimeSpan.FromSeconds(20),
        Discovers = false,
    };

    private readonly Dictionary<PeerId, EnginePeer> byId = [];
    private readonly Dictionary<string, byte[]> files = [];
    private readonly Queue<PeerId> dialed = [];

    /// <summary>A node with the chain of <see cref="EngineChain"/>.</summary>
    public EngineWorld()
    {
        State = EngineChain.Open(EngineChain.NewDisk());
        TransactionPool pool = new(State, new PoolPolicy(), Time);
        ChainCore core = new(State, pool, Time, NullLogger<ChainCore>.Instance);
        RoleKey key = EngineChain.Keys[KeyRole.Node];
        Engine = new PeerEngine(new PeerSetting
        {
            Identity = new PeerIdentity(Network.Regtest, Samples.Curve, key.Private, key.Public),
            Options = Options,
            State = State,
            Core = core,
            Pool = pool,
            Time = Time,
            Random = new Random(1),
            Transport = this,
            Store = this,
            Loggers = NullLoggerFactory.Instance,
        });
        core.Changed += Engine.Note;
    }

    /// <summary>The engine.</summary>
    public PeerEngine Engine { get; }

    /// <summary>The chain.</summary>
    public ChainState State { get; }

    /// <summary>The clock; moved by <see cref="Pass"/>.</summary>
    public VirtualTime Time { get; } = new(DateTimeOffset.FromUnixTimeSeconds(EngineChain.Start));

    /// <summary>Somebody opens a connection to the node.</summary>
    public void Connect(EnginePeer peer)
    {
        if (peer.Id is null && Engine.Accept(peer.Address) is { } id)
        {
            peer.Opened(id);
            byId[id] = peer;
        }
    }

    /// <summary>The node's oldest attempt to connect succeeds, with this peer at the other end, or fails.</summary>
    public void Answer(EnginePeer? peer)
    {
        if (!dialed.TryDequeue(out PeerId id))
        {
            return;
        }

        if (peer is not { Id: null })
        {
            Engine.Closed(id);
            return;
        }

        peer.Opened(id);
        byId[id] = peer;
        Engine.Opened(id);
    }

    /// <summary>The peer ends its connection.</summary>
    public void Disconnect(EnginePeer peer)
    {
        if (peer.Id is { } id)
        {
            peer.Closed();
            byId.Remove(id);
            Engine.Closed(id);
        }
    }

    /// <summary>Bytes of the peer come.</summary>
    public void Receive(EnginePeer peer, ReadOnlySpan<byte> bytes)
    {
        if (peer.Id is { } id)
        {
            TimeSpan pause = Engine.Received(id, bytes);
            FuzzFault.Require(pause >= TimeSpan.Zero, "a pause is below zero");
        }
    }

    /// <summary>The peer takes what waits for it.</summary>
    public void Drain(EnginePeer peer)
    {
        peer.QueuedBytes = 0;
        if (peer.Id is { } id)
        {
            Engine.Drained(id);
        }
    }

    /// <summary>Time passes, and the engine is told.</summary>
    public void Pass(TimeSpan time)
    {
        Time.AdvanceTo(Time.Elapsed + time);
        Engine.Tick();
    }

    /// <inheritdoc/>
    public void Dispose() => State.Dispose();

    void IPeerTransport.Open(PeerId peer, PeerAddress address) => dialed.Enqueue(peer);

    void IPeerTransport.Send(PeerId peer, byte[] frame)
    {
        RuleCode code = PeerFrame.Read(frame, Network.Regtest, out PeerPacket? packet);
        FuzzFault.Require(code == RuleCode.Accepted, "the engine sends what nobody would read");
        if (byId.TryGetValue(peer, out EnginePeer? target))
        {
            target.Take(packet!.Message, frame.Length);
        }
    }

    void IPeerTransport.Close(PeerId peer)
    {
        if (byId.Remove(peer, out EnginePeer? target))
        {
            target.Closed();
        }
    }

    long IPeerTransport.QueuedBytes(PeerId peer) =>
        byId.TryGetValue(peer, out EnginePeer? target) ? target.QueuedBytes : 0;

    byte[]? IPeerStore.Read(string name) => files.GetValueOrDefault(name);

    void IPeerStore.Write(string name, byte[] bytes) => files[name] = bytes;
}
