using Camelid.Protocol.Keys;

namespace Camelid.Protocol.Peers;

/// <summary>
/// Rule P-12: a message from any node to any other: the kind of its body, when it was written, the sender's key and
/// signature. Who forwards it knows no more; <see cref="RelayRule"/> says when he does.
/// </summary>
/// <remarks>
/// Whitepaper 2.2, accountability: the sender signs, so a bad message has an author. The time bounds how long a message
/// must be remembered so that it spreads once only. Bodies up to <see cref="SpreadBytesMax"/> are spread in search of
/// their receiver; larger ones go to a direct neighbour or nowhere.
/// </remarks>
public sealed record RelayMessage : PeerMessage
{
    /// <summary>Most bytes of body: a job's parameters or a testament with room to spare.</summary>
    public const int BodyBytesMax = 1 << 20;

    /// <summary>Most bytes of a body that is spread in search of its receiver.</summary>
    public const int SpreadBytesMax = 32_768;

    /// <summary>Most bytes of payload.</summary>
    public const int BytesMax = 1 + 4 + PublicKey.Bytes + 4 + BodyBytesMax + 1 + VerackMessage.SignatureBytesMax;

    /// <summary>What the hash is for.</summary>
    public const string Tag = "camelid/relay";

    private readonly byte[] body = [];
    private readonly byte[] signature = [];

    /// <inheritdoc/>
    public override PeerCommand Command => PeerCommand.Relay;

    /// <summary>What the body is; opaque to forwarders.</summary>
    public required byte Kind { get; init; }

    /// <summary>When it was written, Unix seconds.</summary>
    public required uint Time { get; init; }

    /// <summary>The sender's node key; its id is the envelope's sender.</summary>
    public required PublicKey SenderKey { get; init; }

    /// <summary>The body; opaque to forwarders. Never written to.</summary>
    /// <exception cref="ArgumentException">It is too long.</exception>
    public required ReadOnlyMemory<byte> Body
    {
        get => body;
        init => body = value.Length <= BodyBytesMax
            ? value.ToArray()
            : throw new ArgumentException($"a body has at most {BodyBytesMax} bytes", nameof(value));
    }

    /// <summary>The signature under <see cref="SenderKey"/>, DER.</summary>
    public ReadOnlyMemory<byte> Signature
    {
        get => signature;
        init => signature = value.Length <= VerackMessage.SignatureBytesMax
            ? value.ToArray()
            : throw new ArgumentException("a signature has at most 72 bytes", nameof(value));
    }

    /// <summary>
    /// Rule P-12: what the sender signs: network, receiver and all but the hops, which change underway.
    /// </summary>
    public Hash256 SigningHash(NodeId receiver, Hash256 genesis)
    {
        CanonicalWriter writer = new();
        writer.Hash(genesis).Raw(SenderKey.Span);
        receiver.Write(writer);
        return Hashes.Tagged(Tag, writer.Byte(Kind).UInt32(Time).Bytes(body).Written);
    }

    /// <summary>Equal in every field.</summary>
    public bool Equals(RelayMessage? other) => other is not null && Kind == other.Kind && Time == other.Time
        && SenderKey == other.SenderKey && body.AsSpan().SequenceEqual(other.body)
        && signature.AsSpan().SequenceEqual(other.signature);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Kind, Time, SenderKey, body.Length);

    internal static RelayMessage? Read(ref CanonicalReader reader)
    {
        byte kind = reader.Byte();
        uint time = reader.UInt32();
        PublicKey.TryFromBytes(reader.Raw(PublicKey.Bytes), out PublicKey key);
        byte[] body = reader.Bytes(BodyBytesMax);
        byte[] signature = reader.VarBytes(VerackMessage.SignatureBytesMax);
        return reader.Failed || key.IsNone
            ? null
            : new RelayMessage { Kind = kind, Time = time, SenderKey = key, Body = body, Signature = signature };
    }

    internal override void Write(CanonicalWriter writer) => writer.Byte(Kind).UInt32(Time).Raw(SenderKey.Span)
        .Bytes(body).VarBytes(signature);
}
