using Camelid.Chain.Peers.Limits;
using Camelid.Protocol;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Peers;
using Camelid.Secp256k1;

namespace Camelid.Chain.Tests.Peers;

/// <summary>Somebody at the other end who speaks the protocol as a test wants it: well, badly or not at all.</summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage(
    "Design", "CA1001", Justification = "What is left in a frame goes with the test.")]
internal sealed class RawPeer : INetEndpoint
{
    private static readonly ISecp256k1 Curve = Secp256k1Provider.Create();
    private readonly VirtualNet net;
    private readonly FrameAssembler frames;
    private readonly Network network;
    private readonly PrivateKey key;
    private readonly bool greets;
    private NetSocket? socket;

    public RawPeer(VirtualNet net, int number, Network? network = null, bool greets = true,
        PeerAddress? address = null)
    {
        (this.net, this.network, this.greets) = (net, network ?? Network.Regtest, greets);
        frames = new FrameAssembler(this.network);
        byte[] seed = new byte[32];
        seed[0] = (byte)number;
        seed[31] = 0xee;
        key = RoleKeys.Derive(seed, this.network, KeyRole.Node, Curve);
        Address = address ?? NetNode.AddressOf(number);
        Ours = new VersionMessage
        {
            Services = PeerServices.Blocks | PeerServices.Relay,
            Time = (uint)net.Time.GetUtcNow().ToUnixTimeSeconds(),
            Genesis = this.network.GenesisHash.Value,
            Nonce = (ulong)number * 7_777,
            NodeKey = Curve.PublicKeyOf(key),
            StartHeight = 0,
        };
    }

    public PeerAddress Address { get; }

    public VersionMessage Ours { get; set; }

    public NodeId Id => NodeId.Of(Ours.NodeKey);

    public List<PeerMessage> Got { get; } = [];

    public bool IsOpen => socket is { IsOpen: true };

    public bool IsReady { get; private set; }

    public bool WasClosed { get; private set; }

    /// <summary>False where it leaves questions for headers open; else it says that it has none.</summary>
    public bool HasNoHeaders { get; set; } = true;

    /// <summary>Answers a message; what it returns is sent.</summary>
    public Func<PeerMessage, IEnumerable<PeerMessage>> Answer { get; set; } = _ => [];

    public NetSocket Socket => socket!;

    public T Last<T>() where T : PeerMessage => Got.OfType<T>().Last();

    /// <summary>Waits for connections.</summary>
    public RawPeer Listen()
    {
        net.Listen(Address, this);
        return this;
    }

    /// <summary>Connects to a node, and does the handshake where it greets.</summary>
    public RawPeer Dial(NetNode node)
    {
        socket = net.Connect(this, Address, node.Address);
        Assert.True(net.RunUntil(() => greets ? IsReady || WasClosed : IsOpen || WasClosed, 5));
        return this;
    }

    public void Send(params PeerMessage[] messages)
    {
        foreach (PeerMessage message in messages)
        {
            socket!.Send(PeerFrame.Encode(PeerPacket.ToNeighbour(Id, message), network));
        }
    }

    public void SendRaw(byte[] bytes) => socket!.Send(bytes);

    public void Close() => socket!.Close();

    bool INetEndpoint.TryAccept(NetSocket accepted)
    {
        socket = accepted;
        return true;
    }

    void INetEndpoint.Opened(NetSocket opened, bool isOpen)
    {
        WasClosed |= !isOpen;
        if (isOpen && greets)
        {
            Send(Ours);
        }
    }

    void INetEndpoint.Closed(NetSocket closed) => WasClosed = true;

    TimeSpan INetEndpoint.Received(NetSocket from, byte[] bytes)
    {
        ReadOnlySpan<byte> left = bytes;
        while (frames.Next(ref left, _ => RuleCode.Accepted, out PeerPacket? packet) == RuleCode.Accepted)
        {
            Take(packet!.Message);
        }

        return TimeSpan.Zero;
    }

    private void Take(PeerMessage message)
    {
        Got.Add(message);
        if (greets && message is VersionMessage theirs)
        {
            SendGreeting(theirs);
        }
        else if (message is VerackMessage)
        {
            IsReady = true;
        }
        else if (message is PingMessage ping)
        {
            Send(new PongMessage(ping.Nonce));
        }
        else if (HasNoHeaders && message is GetHeadersMessage)
        {
            Send(new HeadersMessage([]));
        }

        foreach (PeerMessage answer in Answer(message))
        {
            Send(answer);
        }
    }

    private void SendGreeting(VersionMessage theirs)
    {
        // Who was dialed has not spoken yet.
        if (net.IsListening(Address, this))
        {
            Send(Ours);
        }

        Send(PeerHandshake.Sign(Ours, theirs, key, Curve));
    }
}
