using Camelid.Chain.Peers;
using Camelid.Protocol;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Peers;
using Camelid.Protocol.Tests.Peers;
using Camelid.Protocol.Tests.Transactions;

namespace Camelid.Fuzz.Engine;

/// <summary>The other end of a connection of <see cref="EngineWorld"/>.</summary>
internal sealed class EnginePeer(byte number)
{
    private readonly PrivateKey key = Samples.Key((byte)(number + 20));

    /// <summary>The connection, or null.</summary>
    public PeerId? Id { get; private set; }

    /// <summary>Whence it connects; each in a network group of its own.</summary>
    public PeerAddress Address { get; } = PeerAddress.FromBytes(
        [.. new byte[10], 255, 255, (byte)(number + 20), 7, 7, 7], 8_633)!.Value;

    /// <summary>Bytes that the node has sent and the peer has not taken.</summary>
    public long QueuedBytes { get; set; }

    /// <summary>False where it takes nothing of what is sent.</summary>
    public bool Reads { get; set; } = true;

    /// <summary>What the node last asked for by <c>getdata</c>, or null.</summary>
    public InventoryList? Asked { get; set; }

    /// <summary>True once the node has proved its key.</summary>
    public bool IsGreeted { get; private set; }

    /// <summary>True where the node waits for headers.</summary>
    public bool IsAskedForHeaders { get; set; }

    /// <summary>The peer's first message.</summary>
    public VersionMessage Ours => PeerSamples.Version((byte)(number + 20), number + 100u);

    /// <summary>What the node said of itself, or null.</summary>
    public VersionMessage? Theirs { get; private set; }

    /// <summary>The number of the node's last ping; 0 for none.</summary>
    public ulong Ping { get; set; }

    /// <summary>A frame of a message to the node.</summary>
    public byte[] Frame(PeerMessage message) =>
        PeerFrame.Encode(PeerPacket.ToNeighbour(NodeId.Of(Ours.NodeKey), message), Network.Regtest);

    /// <summary>The proof that this peer has its key; null before the node has spoken.</summary>
    public byte[]? Proof() =>
        Theirs is null ? null : Frame(PeerHandshake.Sign(Ours, Theirs, key, Samples.Curve));

    /// <summary>A connection is open.</summary>
    public void Opened(PeerId id)
    {
        Id = id;
        Theirs = null;
        IsGreeted = false;
        IsAskedForHeaders = false;
        Asked = null;
        QueuedBytes = 0;
    }

    /// <summary>The connection is gone.</summary>
    public void Closed()
    {
        Id = null;
        QueuedBytes = 0;
    }

    /// <summary>A message of the node.</summary>
    public void Take(PeerMessage message, int bytes)
    {
        QueuedBytes += Reads ? 0 : bytes;
        switch (message)
        {
            case VersionMessage version:
                Theirs = version;
                break;
            case VerackMessage:
                IsGreeted = true;
                break;
            case PingMessage ping:
                Ping = ping.Nonce;
                break;
            case GetHeadersMessage:
                IsAskedForHeaders = true;
                break;
            case GetDataMessage asked:
                Asked = asked.List;
                break;
        }
    }
}
