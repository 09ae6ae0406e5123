using Camelid.Chain.Blocks;
using Camelid.Chain.Keys;
using Camelid.Chain.Mempool;
using Camelid.Chain.Peers;
using Camelid.Chain.Storage;
using Camelid.Chain.Tests.Storage;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Peers;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;
using Camelid.Secp256k1;
using Microsoft.Extensions.Logging.Abstractions;

namespace Camelid.Chain.Tests.Peers;

/// <summary>
/// A whole node on a virtual network: the real chain, mempool and engine; clock, sockets and files are ours.
/// </summary>
internal sealed class NetNode : INetEndpoint, IPeerTransport, IPeerStore, IDisposable
{
    private static readonly ISecp256k1 Curve = Secp256k1Provider.Create();

    private readonly VirtualNet net;
    private readonly Dictionary<PeerId, NetSocket> sockets = [];
    private readonly Dictionary<NetSocket, PeerId> ids = [];
    private bool isStopped;

    public NetNode(VirtualNet net, int number, PeerOptions? options = null, NodeSetting? setting = null)
    {
        this.net = net;
        setting ??= new NodeSetting();
        Files = setting.Files;
        Address = setting.Address ?? AddressOf(number);
        Network network = setting.Network;
        byte[] seed = new byte[64];
        seed[0] = (byte)(setting.KeyNumber ?? number);
        seed[1] = (byte)((setting.KeyNumber ?? number) >> 8);
        OperatorKeys keys = new(seed, network, Curve);
        Random random = new(number);
        Disk = new SimulatedDisk(number);
        State = ChainState.Open(
            new FileChainStore(Disk, network.GenesisHash, new ChainStoreOptions()),
            new ChainIdentity(network, Curve, keys));
        Pool = new TransactionPool(State, new PoolPolicy(), net.Time);
        Core = new ChainCore(State, Pool, net.Time, NullLogger<ChainCore>.Instance);
        Engine = new PeerEngine(new PeerSetting
        {
            Identity = new PeerIdentity(network, Curve, keys[KeyRole.Node].Private, keys[KeyRole.Node].Public),
            Options = options ?? Quick,
            State = State,
            Core = Core,
            Pool = Pool,
            Time = net.Time,
            Random = random,
            Transport = this,
            Store = this,
            Addressed = setting.Addressed,
            PublicAddress = setting.IsAdvertised ? Address : null,
            Loggers = NullLoggerFactory.Instance,
        });
        Core.Changed += Engine.Note;
        net.Listen(Address, this);
        Engine.Listens(Address.Port);
        Tick();
    }

    /// <summary>Regtest's times, without looking for peers.</summary>
    public static PeerOptions Quick => PeerOptions.For(Network.Regtest) with { Discovers = false };

    public PeerAddress Address { get; }

    /// <summary>The name of the encrypted link that its connections are said to have.</summary>
    public Hash256 Link { get; set; }

    /// <summary>Where its chain lies.</summary>
    public SimulatedDisk Disk { get; }

    public ChainState State { get; }

    public ChainCore Core { get; }

    public TransactionPool Pool { get; }

    public PeerEngine Engine { get; }

    public Dictionary<string, byte[]> Files { get; }

    public BlockEntry Tip => State.Read(reading => reading.Tip);

    public int Height => Tip.Height;

    public NodeId NodeId => NodeId.Of(State.Keys[KeyRole.Node].Public);

    public IReadOnlyList<PeerInfo> Peers => Engine.View.List();

    public int ReadyCount => Peers.Count(peer => peer.Stage == PeerStage.Ready);

    public static PeerAddress AddressOf(int number)
    {
        // Each node in a network group of its own.
        byte[] ip = [.. new byte[10], 255, 255, (byte)(20 + (number % 200)), (byte)(1 + (number / 200)), 7, 7];
        return PeerAddress.FromBytes(ip, 8633)!.Value;
    }

    /// <summary>Keeps a connection to a node, as an operator would.</summary>
    public void ConnectTo(NetNode other) => ConnectTo(other.Address);

    public void ConnectTo(PeerAddress address) => Engine.Slots.Manual.TrySet(address.ToString(), address);

    /// <summary>Mines blocks on the tip; transactions of the mempool are in them.</summary>
    public IReadOnlyList<Block> Mine(int count = 1, Script? payee = null)
    {
        List<Block> mined = [];
        for (int i = 0; i < count; i++)
        {
            mined.Add(Core.Mine(() => Build(Tip, payee))!);
        }

        Engine.Wake();
        return mined;
    }

    /// <summary>A good block on any known block, which nobody has seen.</summary>
    public Block Build(BlockEntry parent, Script? payee = null, uint time = 0)
    {
        uint earliest = parent.MedianTimePast() + 1;
        uint now = (uint)net.Time.GetUtcNow().ToUnixTimeSeconds();
        BlockTemplate template = new()
        {
            Network = State.Network,
            PreviousHash = parent.Hash,
            Height = parent.Height + 1,
            Time = time > 0 ? time : Math.Max(earliest, Math.Min(now, parent.Header.Time + 60)),
            Bits = State.NextBits(parent),
            Payee = payee ?? State.Keys[KeyRole.Miner].Address.ToScript(),
            Transactions = parent == Tip ? Pool.Select(Math.Max(now, earliest)) : [],
        };
        Block block = template.Build();
        return new Block(ProofOfWork.TryFind(block.Header, 0, uint.MaxValue)!, block.Transactions);
    }

    /// <summary>A transaction that spends the oldest mature coin of this node's miner.</summary>
    public Transaction Pay(long feeGrains = 10_000, int skip = 0)
    {
        RoleKey miner = State.Keys[KeyRole.Miner];
        (OutPoint outPoint, Utxo coin) =
            MatureCoins().Where(pair => !Pool.Spends(pair.Key)).Skip(skip).First();
        return Sign(outPoint, coin.Output, coin.Output.Value.Grains - feeGrains, miner);
    }

    /// <summary>The coins of this node's miner that the next block may spend, the oldest first.</summary>
    public IReadOnlyList<KeyValuePair<OutPoint, Utxo>> MatureCoins() => State.Read(reading =>
        reading.Outputs.Own(OutputKind.Address, KeyRole.Miner)
            .Where(pair => pair.Value.IsMatureAt(reading.Tip.Height + 1, State.Network))
            .OrderBy(pair => pair.Value.Height).ToArray());

    /// <summary>Spends an output of this node's miner to itself.</summary>
    public Transaction Sign(OutPoint outPoint, TxOutput output, long grains, RoleKey? key = null)
    {
        RoleKey miner = key ?? State.Keys[KeyRole.Miner];
        Transaction unsigned = Transaction.Create(
            2, [new TxInput(outPoint, Script.Empty, TxInput.SequenceFinal)],
            [new TxOutput(Amount.Grain(grains), miner.Address.ToScript())], 0, default);
        byte[] signature = SignatureHash.Sign(unsigned, 0, output.Script, miner.Private, State.Curve);
        return unsigned.WithScript(0, P2pkhScript.Unlock(signature, miner.Public));
    }

    /// <summary>Ends the node as SIGTERM does.</summary>
    public void Stop()
    {
        isStopped = true;
        net.Unlisten(Address);
        Engine.Stop();
    }

    public void Dispose()
    {
        isStopped = true;
        State.Dispose();
    }

    void IPeerTransport.Open(PeerId peer, PeerAddress address)
    {
        NetSocket socket = net.Connect(this, Address, address);
        (sockets[peer], ids[socket]) = (socket, peer);
    }

    void IPeerTransport.Send(PeerId peer, byte[] frame) => sockets[peer].Send(frame);

    void IPeerTransport.Close(PeerId peer)
    {
        if (sockets.Remove(peer, out NetSocket? socket))
        {
            ids.Remove(socket);
            socket.Close();
        }
    }

    long IPeerTransport.QueuedBytes(PeerId peer) =>
        sockets.TryGetValue(peer, out NetSocket? socket) ? socket.QueuedBytes : 0;

    byte[]? IPeerStore.Read(string name) => Files.GetValueOrDefault(name);

    void IPeerStore.Write(string name, byte[] bytes) => Files[name] = bytes;

    bool INetEndpoint.TryAccept(NetSocket socket)
    {
        if (Engine.Accept(socket.Remote) is not { } id)
        {
            return false;
        }

        (sockets[id], ids[socket]) = (socket, id);
        Engine.Opened(id, Link);
        return true;
    }

    void INetEndpoint.Opened(NetSocket socket, bool isOpen)
    {
        if (!ids.TryGetValue(socket, out PeerId id))
        {
            socket.Close();
        }
        else if (isOpen)
        {
            Engine.Opened(id, Link);
        }
        else
        {
            ((INetEndpoint)this).Closed(socket);
        }
    }

    void INetEndpoint.Closed(NetSocket socket)
    {
        if (ids.Remove(socket, out PeerId id))
        {
            sockets.Remove(id);
            Engine.Closed(id);
        }
    }

    TimeSpan INetEndpoint.Received(NetSocket socket, byte[] bytes) =>
        ids.TryGetValue(socket, out PeerId id) ? Engine.Received(id, bytes) : TimeSpan.Zero;

    private void Tick()
    {
        if (!isStopped)
        {
            Engine.Tick();
            net.Schedule(TimeSpan.FromMilliseconds(100), Tick);
        }
    }
}

/// <summary>What differs between nodes of a test.</summary>
internal sealed record NodeSetting
{
    public Network Network { get; init; } = Network.Regtest;

    /// <summary>The keys of another node's number.</summary>
    public int? KeyNumber { get; init; }

    public PeerAddress? Address { get; init; }

    public bool IsAdvertised { get; init; }

    public IAddressedMessageHandler? Addressed { get; init; }

    /// <summary>What an earlier run left.</summary>
    public Dictionary<string, byte[]> Files { get; init; } = [];
}
