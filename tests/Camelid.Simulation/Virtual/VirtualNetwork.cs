using System.Buffers.Binary;
using Camelid.Chain.Peers;
using Camelid.Protocol.Peers;

namespace Camelid.Simulation.Virtual;

/// <summary>What takes and opens connections: a node's engine.</summary>
internal interface IEndpoint
{
    /// <summary>Its number.</summary>
    int Index { get; }

    /// <summary>Where others see it calling from.</summary>
    PeerAddress Address { get; }

    /// <summary>The engine that runs now; null while the node is down.</summary>
    PeerEngine? Engine { get; }

    /// <summary>The carrier of that engine.</summary>
    VirtualTransport? Transport { get; }
}

/// <summary>How links behave.</summary>
internal sealed record LinkModel
{
    /// <summary>The shortest way.</summary>
    public TimeSpan DelayMin { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>What comes on top of it, on average; drawn anew for each frame.</summary>
    public TimeSpan DelayMean { get; init; } = TimeSpan.FromMilliseconds(60);

    /// <summary>Bytes in a second.</summary>
    public double BytesPerSecond { get; init; } = 4_000_000;

    /// <summary>How likely a frame breaks its connection: what loss is to TCP.</summary>
    public double ResetChance { get; init; }

    /// <summary>How likely a frame comes in two pieces.</summary>
    public double SplitChance { get; init; } = 0.02;
}

/// <summary>
/// Connections between endpoints, with delay, resets and partitions. Each keeps its order, as TCP does.
/// </summary>
internal sealed class VirtualNetwork(VirtualWorld world, Protocol.Network rules)
{
    private static readonly TimeSpan RefusalMin = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan RefusalMax = TimeSpan.FromSeconds(3);

    private const ushort FirstPort = 40_000;

    private readonly Dictionary<PeerAddress, IEndpoint> listening = [];
    private readonly Dictionary<IEndpoint, int> sides = [];
    private readonly List<VirtualConnection> connections = [];
    private ushort nextPort;

    /// <summary>How links behave; may change while the world runs.</summary>
    public LinkModel Links { get; set; } = new();

    /// <summary>The world.</summary>
    public VirtualWorld World => world;

    /// <summary>The rules of the chain that its nodes keep.</summary>
    public Protocol.Network Rules => rules;

    /// <summary>Tells which callers do not get through to whom.</summary>
    public Func<IEndpoint, IEndpoint, bool> Refuses { get; set; } = (_, _) => false;

    /// <summary>Frames that arrived.</summary>
    public long Delivered { get; private set; }

    /// <summary>A frame arrived: it goes into the log by its receiver, its length and its checksum.</summary>
    public void NoteDelivered(VirtualTransport receiver, byte[] frame)
    {
        Delivered++;
        ulong sum = frame.Length < PeerFrame.HeaderBytes
            ? frame[^1]
            : BinaryPrimitives.ReadUInt32LittleEndian(frame.AsSpan(PeerFrame.HeaderBytes - sizeof(uint)));
        world.Note(receiver.Endpoint.Index, ((ulong)frame.Length << 32) | sum);
    }

    /// <summary>An endpoint takes connections at its address.</summary>
    public void Listen(IEndpoint endpoint) => listening[endpoint.Address] = endpoint;

    /// <summary>The carrier of an endpoint that starts.</summary>
    public VirtualTransport Attach(IEndpoint endpoint) => new(this, endpoint);

    /// <summary>Cuts all links between endpoints of different sides; those not named are on side 0.</summary>
    public void Partition(IReadOnlyDictionary<IEndpoint, int> newSides)
    {
        sides.Clear();
        foreach ((IEndpoint endpoint, int side) in newSides)
        {
            sides[endpoint] = side;
        }

        foreach (VirtualConnection connection in connections.ToArray().Where(IsCut))
        {
            world.After(world.Between(TimeSpan.Zero, TimeSpan.FromSeconds(30)), connection.Break);
        }
    }

    /// <summary>All links work again.</summary>
    public void Heal() => sides.Clear();

    /// <summary>True where nothing comes through.</summary>
    public bool IsCut(VirtualConnection connection) => IsCut(connection.Caller.Endpoint, connection.Taker.Endpoint);

    /// <summary>Begins to open a connection.</summary>
    public void Open(VirtualTransport caller, PeerId id, PeerAddress address) =>
        world.After(Delay(0), () => Connect(caller, id, address));

    /// <summary>How long a frame is on its way.</summary>
    public TimeSpan Delay(int bytes) => Links.DelayMin + world.Exponential(Links.DelayMean)
        + TimeSpan.FromSeconds(bytes / Links.BytesPerSecond);

    /// <summary>A connection has ended on both sides.</summary>
    public void Forget(VirtualConnection connection) => connections.Remove(connection);

    private bool IsCut(IEndpoint left, IEndpoint right) =>
        sides.GetValueOrDefault(left) != sides.GetValueOrDefault(right);

    private void Connect(VirtualTransport caller, PeerId id, PeerAddress address)
    {
        if (caller.IsDead)
        {
            return;
        }

        if (!listening.TryGetValue(address, out IEndpoint? endpoint) || endpoint.Engine is not { } engine
            || endpoint.Transport is not { } taker || IsCut(caller.Endpoint, endpoint) || caller.Endpoint == endpoint
            || Refuses(caller.Endpoint, endpoint))
        {
            world.After(world.Between(RefusalMin, RefusalMax), () => caller.TellClosed(id));
            return;
        }

        nextPort = (ushort)Math.Max(FirstPort, nextPort + 1);
        if (engine.Accept(caller.Endpoint.Address.WithPort(nextPort)!.Value) is not { } taken)
        {
            caller.TellClosed(id);
            return;
        }

        VirtualConnection connection = new(this, caller, id, taker, taken);
        connections.Add(connection);
        caller.Add(id, connection);
        taker.Add(taken, connection);
        caller.Endpoint.Engine?.Opened(id);
    }
}
