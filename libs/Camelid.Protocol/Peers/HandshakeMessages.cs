using System.Text;
using Camelid.Protocol.Keys;

namespace Camelid.Protocol.Peers;

/// <summary>What a node does for others. Bits that are not named here are kept and mean nothing yet.</summary>
[Flags]
public enum PeerServices : ulong
{
    /// <summary>Nothing: a client.</summary>
    None = 0,

    /// <summary>Serves every block.</summary>
    Blocks = 1,

    /// <summary>Serves the last 288 blocks; the older ones are pruned.</summary>
    RecentBlocks = 2,

    /// <summary>Forwards <c>relay</c> messages.</summary>
    Relay = 4,

    /// <summary>Takes jobs or verifies outputs.</summary>
    Jobs = 8,
}

/// <summary>Rule P-07: the first message of each side: who it is and what it does. Its form never changes.</summary>
public sealed record VersionMessage : PeerMessage
{
    /// <summary>The version of the protocol that is written here.</summary>
    public const uint ProtocolCurrent = 1;

    /// <summary>The oldest version that is spoken to.</summary>
    public const uint ProtocolMin = 1;

    /// <summary>Most bytes of <see cref="UserAgent"/>.</summary>
    public const int UserAgentBytesMax = 256;

    /// <summary>Most bytes of payload.</summary>
    public const int BytesMax = 4 + 8 + 4 + Hash256.Bytes + 8 + PublicKey.Bytes + PeerAddress.IpBytes + 2
        + 3 + UserAgentBytesMax + 4 + 1;

    /// <inheritdoc/>
    public override PeerCommand Command => PeerCommand.Version;

    /// <summary>The version that the sender speaks.</summary>
    public uint Protocol { get; init; } = ProtocolCurrent;

    /// <summary>What the sender does for others.</summary>
    public PeerServices Services { get; init; }

    /// <summary>The sender's clock, Unix seconds.</summary>
    public required uint Time { get; init; }

    /// <summary>The hash of the network's first block.</summary>
    public required Hash256 Genesis { get; init; }

    /// <summary>Drawn for this connection: it finds a connection to oneself and binds the <c>verack</c>.</summary>
    public required ulong Nonce { get; init; }

    /// <summary>The sender's node key; its <see cref="NodeId"/> is the sender of all that follows.</summary>
    public required PublicKey NodeKey { get; init; }

    /// <summary>The port that the sender listens on, or 0 where it takes no connections.</summary>
    public ushort ListeningPort { get; init; }

    /// <summary>
    /// The receiver's IP address as the sender sees it, 16 bytes (IPv4 mapped); zeros where it does not say. A hint
    /// only.
    /// </summary>
    public PeerHost ReceiverHost { get; init; }

    /// <summary>Name and version of the software: printable ASCII, at most 256 bytes.</summary>
    public string UserAgent { get; init; } = "";

    /// <summary>The height of the sender's tip. A hint only.</summary>
    public required int StartHeight { get; init; }

    /// <summary>False where the sender wants no transactions announced.</summary>
    public bool WantsTransactions { get; init; } = true;

    internal static VersionMessage? Read(ref CanonicalReader reader)
    {
        VersionMessage read = new()
        {
            Protocol = reader.UInt32(),
            Services = (PeerServices)reader.UInt64(),
            Time = reader.UInt32(),
            Genesis = reader.Hash(),
            Nonce = reader.UInt64(),
            NodeKey = PublicKey.TryFromBytes(reader.Raw(PublicKey.Bytes), out PublicKey key) ? key : default,
            ListeningPort = reader.UInt16(),
            ReceiverHost = PeerHost.Read(ref reader),
            UserAgent = Encoding.Latin1.GetString(reader.VarBytes(UserAgentBytesMax)),
            StartHeight = reader.Int32(),
            WantsTransactions = ReadFlag(ref reader),
        };
        bool good = !read.NodeKey.IsNone && read.StartHeight >= 0 && IsPrintable(read.UserAgent);
        return good ? read : null;
    }

    internal override void Write(CanonicalWriter writer)
    {
        if (UserAgent.Length > UserAgentBytesMax || !IsPrintable(UserAgent))
        {
            throw new InvalidOperationException("a user agent is at most 256 printable ASCII characters");
        }

        writer.UInt32(Protocol).UInt64((ulong)Services).UInt32(Time).Hash(Genesis).UInt64(Nonce).Raw(NodeKey.Span)
            .UInt16(ListeningPort);
        ReceiverHost.Write(writer);
        writer.VarBytes(Encoding.Latin1.GetBytes(UserAgent)).Int32(StartHeight)
            .Byte(WantsTransactions ? (byte)1 : (byte)0);
    }

    private static bool IsPrintable(string text) => !text.AsSpan().ContainsAnyExceptInRange(' ', '~');

    private static bool ReadFlag(ref CanonicalReader reader)
    {
        byte flag = reader.Byte();
        if (flag > 1)
        {
            reader.Fail();
        }

        return flag == 1;
    }
}

/// <summary>
/// Rule P-07: the answer to <c>version</c>: the sender's signature, under its node key, for this one connection
/// (<see cref="PeerHandshake.SigningHash"/>). Whoever has not the key can't take the node's name.
/// </summary>
public sealed record VerackMessage : PeerMessage
{
    /// <summary>Most bytes of a strict DER signature with low S.</summary>
    public const int SignatureBytesMax = 72;

    /// <summary>Most bytes of payload.</summary>
    public const int BytesMax = 1 + SignatureBytesMax;

    private readonly byte[] signature;

    /// <summary>Takes a copy of the signature.</summary>
    public VerackMessage(ReadOnlySpan<byte> signature) => this.signature = signature.ToArray();

    /// <inheritdoc/>
    public override PeerCommand Command => PeerCommand.Verack;

    /// <summary>The signature, DER.</summary>
    public ReadOnlySpan<byte> Signature => signature;

    /// <summary>Equal signatures.</summary>
    public bool Equals(VerackMessage? other) => other is not null && Signature.SequenceEqual(other.Signature);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        hash.AddBytes(signature);
        return hash.ToHashCode();
    }

    internal static VerackMessage Read(ref CanonicalReader reader) => new(reader.VarBytes(SignatureBytesMax));

    internal override void Write(CanonicalWriter writer) => writer.VarBytes(signature);
}
