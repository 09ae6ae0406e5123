using System.Security.Cryptography;
using Camelid.Protocol;
using Camelid.Protocol.Keys;

namespace Camelid.ModelRegistry.Distribution.Links;

/// <summary>What both ends of a chunk stream must share: the network, and its curve.</summary>
/// <param name="Network">The network.</param>
/// <param name="Curve">The curve.</param>
internal sealed record ChunkLinkTerms(Network Network, ISecp256k1 Curve)
{
    /// <summary>A key for one link.</summary>
    public PrivateKey DrawKey()
    {
        Span<byte> bytes = stackalloc byte[PrivateKey.Bytes];
        PrivateKey? key = null;
        while (key is null)
        {
            RandomNumberGenerator.Fill(bytes);
            key = PrivateKey.FromBytes(bytes, Curve);
        }

        CryptographicOperations.ZeroMemory(bytes);
        return key;
    }
}
