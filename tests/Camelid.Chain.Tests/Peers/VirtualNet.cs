using Camelid.Protocol.Peers;

namespace Camelid.Chain.Tests.Peers;

/// <summary>What sits at the end of a connection.</summary>
internal interface INetEndpoint
{
    /// <summary>Somebody connects; false refuses.</summary>
    bool TryAccept(NetSocket socket);

    /// <summary>A connection of ours is open, or could not be opened.</summary>
    void Opened(NetSocket socket, bool isOpen);

    /// <summary>The other side has ended the connection.</summary>
    void Closed(NetSocket socket);

    /// <summary>Bytes have come; how long to bring no more.</summary>
    TimeSpan Received(NetSocket socket, byte[] bytes);
}

/// <summary>One side of a connection.</summary>
internal sealed class NetSocket(VirtualNet net, INetEndpoint owner, PeerAddress local, PeerAddress remote)
{
    private readonly Queue<byte[]> outbox = [];
    private bool isPumping;

    public INetEndpoint Owner => owner;

    public PeerAddress Local => local;

    public PeerAddress Remote => remote;

    public NetSocket? Other { get; set; }

    public bool IsOpen { get; set; }

    /// <summary>False where this side reads nothing: what is sent to it waits at the sender.</summary>
    public bool Reads { get; set; } = true;

    public long QueuedBytes { get; private set; }

    public void Send(byte[] bytes)
    {
        if (!IsOpen)
        {
            return;
        }

        outbox.Enqueue(bytes);
        QueuedBytes += bytes.Length;
        if (!isPumping)
        {
            isPumping = true;
            net.Schedule(net.DelayOf(local, remote), Pump);
        }
    }

    public void Close()
    {
        if (!IsOpen)
        {
            return;
        }

        IsOpen = false;
        NetSocket other = Other!;
        net.Schedule(net.DelayOf(local, remote), () =>
        {
            if (other.IsOpen)
            {
                other.IsOpen = false;
                other.Owner.Closed(other);
            }
        });
    }

    /// <summary>What waits goes over, piece by piece, as fast as the other side takes it.</summary>
    private void Pump()
    {
        isPumping = false;
        NetSocket other = Other!;
        if (net.IsCut(local, remote))
        {
            Retry(TimeSpan.FromMilliseconds(100));
            return;
        }

        while (other.IsOpen && outbox.TryPeek(out byte[]? bytes))
        {
            if (!other.Reads)
            {
                Retry(TimeSpan.FromMilliseconds(100));
                return;
            }

            outbox.Dequeue();
            QueuedBytes -= bytes.Length;
            TimeSpan pause = other.Owner.Received(other, bytes);
            if (pause > TimeSpan.Zero)
            {
                Retry(pause);
                return;
            }
        }
    }

    private void Retry(TimeSpan after)
    {
        isPumping = true;
        net.Schedule(after, Pump);
    }
}

/// <summary>A network in one thread: time passes from event to event, and the same seed gives the same run.</summary>
internal sealed class VirtualNet
{
    private readonly PriorityQueue<Action, (TimeSpan At, long Order)> events = new();
    private readonly Dictionary<PeerAddress, INetEndpoint> listeners = [];
    private readonly HashSet<(PeerHost, PeerHost)> cuts = [];
    private long order;
    private ushort nextPort = 40_000;

    public VirtualTime Time { get; } = new(DateTimeOffset.FromUnixTimeSeconds(1_800_000_000));

    /// <summary>How long bytes are under way.</summary>
    public Func<PeerAddress, PeerAddress, TimeSpan> DelayOf { get; set; } = (_, _) => TimeSpan.FromMilliseconds(5);

    /// <summary>Connections that were opened.</summary>
    public int OpenedCount { get; private set; }

    public void Listen(PeerAddress address, INetEndpoint endpoint) => listeners[address] = endpoint;

    public bool IsListening(PeerAddress address, INetEndpoint endpoint) =>
        listeners.TryGetValue(address, out INetEndpoint? found) && found == endpoint;

    public void Unlisten(PeerAddress address) => listeners.Remove(address);

    public void Schedule(TimeSpan after, Action action) => events.Enqueue(action, (Time.Elapsed + after, order++));

    /// <summary>Nothing passes between two hosts until they are joined again.</summary>
    public void Cut(PeerAddress left, PeerAddress right, bool isCut = true)
    {
        foreach ((PeerHost, PeerHost) pair in Pairs(left, right))
        {
            _ = isCut ? cuts.Add(pair) : cuts.Remove(pair);
        }
    }

    public bool IsCut(PeerAddress left, PeerAddress right) => cuts.Contains((PeerHost.Of(left), PeerHost.Of(right)));

    /// <summary>Opens a connection from a host to a listener; the owner hears of it later.</summary>
    public NetSocket Connect(INetEndpoint owner, PeerAddress from, PeerAddress to)
    {
        PeerAddress local = from.WithPort(nextPort++)!.Value;
        NetSocket socket = new(this, owner, local, to);
        Schedule(DelayOf(local, to), () =>
        {
            bool found = listeners.TryGetValue(to, out INetEndpoint? listener) && !IsCut(local, to);
            if (found)
            {
                NetSocket other = new(this, listener!, to, local) { Other = socket, IsOpen = true };
                (socket.Other, socket.IsOpen) = (other, true);
                found = listener!.TryAccept(other);
                OpenedCount += found ? 1 : 0;
                socket.IsOpen = other.IsOpen = found;
            }

            owner.Opened(socket, found);
        });
        return socket;
    }

    /// <summary>Lets time pass.</summary>
    public void Run(double seconds) => RunUntil(() => false, seconds);

    /// <summary>Lets time pass until something is so.</summary>
    /// <returns>False where it was not so within the time.</returns>
    public bool RunUntil(Func<bool> isSo, double secondsMax)
    {
        TimeSpan end = Time.Elapsed + TimeSpan.FromSeconds(secondsMax);
        while (!isSo())
        {
            if (!events.TryPeek(out Action? action, out (TimeSpan At, long Order) key) || key.At > end)
            {
                Time.AdvanceTo(end);
                return isSo();
            }

            events.Dequeue();
            Time.AdvanceTo(key.At);
            action();
        }

        return true;
    }

    private static IEnumerable<(PeerHost, PeerHost)> Pairs(PeerAddress left, PeerAddress right) =>
        [(PeerHost.Of(left), PeerHost.Of(right)), (PeerHost.Of(right), PeerHost.Of(left))];
}
