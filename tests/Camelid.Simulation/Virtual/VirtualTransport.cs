using Camelid.Chain.Peers;
using Camelid.Protocol;
using Camelid.Protocol.Peers;

namespace Camelid.Simulation.Virtual;

/// <summary>The carrier of one engine, from its start to its end or crash.</summary>
internal sealed class VirtualTransport(VirtualNetwork network, IEndpoint endpoint) : IPeerTransport
{
    private readonly Dictionary<PeerId, VirtualConnection> connections = [];
    private readonly Dictionary<PeerId, List<byte[]>> early = [];

    /// <summary>Whose carrier it is.</summary>
    public IEndpoint Endpoint => endpoint;

    /// <summary>True once the node has stopped or crashed: nothing reaches it any more.</summary>
    public bool IsDead { get; private set; }

    /// <summary>Commands that a dishonest node does not let out.</summary>
    public HashSet<PeerCommand> Withheld { get; } = [];

    /// <inheritdoc/>
    public void Open(PeerId peer, PeerAddress address) => network.Open(this, peer, address);

    /// <inheritdoc/>
    public void Send(PeerId peer, byte[] frame)
    {
        if (IsDead || IsWithheld(frame))
        {
            return;
        }

        if (connections.TryGetValue(peer, out VirtualConnection? connection))
        {
            connection.Send(this, frame);
            return;
        }

        // The engine speaks as soon as it has accepted, a moment before the connection is known here.
        if (!early.TryGetValue(peer, out List<byte[]>? frames))
        {
            early[peer] = frames = [];
        }

        frames.Add(frame);
    }

    /// <inheritdoc/>
    public void Close(PeerId peer)
    {
        if (connections.Remove(peer, out VirtualConnection? connection))
        {
            connection.CloseFrom(this);
        }
    }

    /// <inheritdoc/>
    public long QueuedBytes(PeerId peer) =>
        connections.TryGetValue(peer, out VirtualConnection? connection) ? connection.QueuedBytes(this) : 0;

    /// <summary>A connection is open.</summary>
    public void Add(PeerId peer, VirtualConnection connection)
    {
        connections.Add(peer, connection);
        if (early.Remove(peer, out List<byte[]>? frames))
        {
            frames.ForEach(frame => connection.Send(this, frame));
        }
    }

    /// <summary>The node is gone: its neighbours find out.</summary>
    public void Die()
    {
        IsDead = true;
        foreach (VirtualConnection connection in connections.Values.ToArray())
        {
            network.World.After(
                network.World.Between(TimeSpan.Zero, TimeSpan.FromSeconds(5)), connection.Break);
        }

        connections.Clear();
    }

    /// <summary>Hands bytes to the engine.</summary>
    public TimeSpan TellReceived(PeerId peer, byte[] bytes) =>
        IsDead || endpoint.Engine is not { } engine ? TimeSpan.Zero : engine.Received(peer, bytes);

    /// <summary>Tells the engine that a connection is gone.</summary>
    public void TellClosed(PeerId peer)
    {
        connections.Remove(peer);
        if (!IsDead)
        {
            endpoint.Engine?.Closed(peer);
        }
    }

    /// <summary>Tells the engine that a peer has taken what waited.</summary>
    public void TellDrained(PeerId peer)
    {
        if (!IsDead)
        {
            endpoint.Engine?.Drained(peer);
        }
    }

    private bool IsWithheld(byte[] frame) => Withheld.Count > 0
        && PeerFrame.ReadHeader(frame.AsSpan(0, PeerFrame.HeaderBytes), Network(), out PeerFrameHeader header)
            == RuleCode.Accepted
        && Withheld.Contains(header.Command);

    private Network Network() => network.Rules;
}
