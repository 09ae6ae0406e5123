using Camelid.Protocol;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Peers;

namespace Camelid.Chain.Peers;

/// <summary>Who this node is to its peers.</summary>
/// <param name="Network">Its network.</param>
/// <param name="Curve">The curve.</param>
/// <param name="Key">The node key; it signs handshakes and envelopes, and holds no coin.</param>
/// <param name="PublicKey">Its public key.</param>
internal sealed record PeerIdentity(Network Network, ISecp256k1 Curve, PrivateKey Key, PublicKey PublicKey)
{
    /// <summary>The name that peers know.</summary>
    public NodeId Id { get; } = NodeId.Of(PublicKey);

    /// <summary>The network's first block, which each handshake names.</summary>
    public Hash256 Genesis { get; } = Network.GenesisHash.Value;
}
