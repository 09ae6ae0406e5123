using Camelid.Protocol.Keys;

namespace Camelid.Protocol.Peers;

/// <summary>
/// Rule P-01: who a node is to other nodes: HASH160 of its node key, as an address is of a wallet's key (2.2.2).
/// </summary>
/// <remarks>
/// The hash, not the key, stands in each envelope: 26 bytes less for each message, and all that a forwarder needs.
/// Where a signature counts, the message carries the key, and the hash must be its.
/// </remarks>
/// <param name="Value">The hash; zero names nobody.</param>
public readonly record struct NodeId(Hash160 Value)
{
    /// <summary>Bytes of an id.</summary>
    public const int Bytes = Hash160.Bytes;

    /// <summary>Nobody; as a receiver, whoever is at the other end of this link.</summary>
    public static NodeId None => default;

    /// <summary>True for <see cref="None"/>.</summary>
    public bool IsNone => this == default;

    /// <summary>The id of a node key.</summary>
    public static NodeId Of(PublicKey key) => new(Hash160.Of(key.Span));

    /// <summary>40 hexadecimal digits.</summary>
    public override string ToString() => Value.ToString();

    internal static NodeId Read(ref CanonicalReader reader) =>
        reader.Raw(Bytes) is { Length: Bytes } span ? new NodeId(Hash160.FromBytes(span)) : default;

    internal void Write(CanonicalWriter writer) => writer.Raw(Value.ToBytes());
}
