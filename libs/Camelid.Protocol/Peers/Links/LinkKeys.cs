using System.Security.Cryptography;
using Camelid.Protocol.Keys;

namespace Camelid.Protocol.Peers.Links;

/// <summary>
/// Rule P-23: what both sides of a link know and nobody else does: from the point that their one-time keys share, by
/// HKDF-SHA256, a key for each direction and the link's name.
/// </summary>
/// <remarks>
/// The one-time keys are forgotten with the link, so that who learns a node's key later can't read what went over it.
/// One-time keys say nothing of who is at the other end: the handshake of rule P-07 signs the link's name.
/// </remarks>
public sealed record LinkKeys
{
    /// <summary>What HKDF's output is for.</summary>
    public const string Tag = "camelid/link";

    /// <summary>Bytes of a key.</summary>
    public const int KeyBytes = 32;

    private LinkKeys(byte[] sending, byte[] receiving, Hash256 link) =>
        (Sending, Receiving, Link) = (sending, receiving, link);

    /// <summary>The key for what this side sends.</summary>
    public byte[] Sending { get; }

    /// <summary>The key for what this side receives.</summary>
    public byte[] Receiving { get; }

    /// <summary>The link's name: equal on both sides, and on no other link.</summary>
    public Hash256 Link { get; }

    /// <summary>What follows from the two greetings.</summary>
    /// <param name="own">This side's one-time key, random and never used before.</param>
    /// <param name="other">The other side's, from its greeting.</param>
    /// <param name="isCaller">True for the side that opened the connection.</param>
    /// <param name="network">The network.</param>
    /// <param name="curve">The curve.</param>
    public static LinkKeys Agree(PrivateKey own, PublicKey other, bool isCaller, Network network, ISecp256k1 curve)
    {
        PublicKey ours = curve.PublicKeyOf(own);
        (PublicKey caller, PublicKey answerer) = isCaller ? (ours, other) : (other, ours);
        byte[] info = new CanonicalWriter().Text(Tag).Hash(network.GenesisHash.Value).Raw(caller.Span)
            .Raw(answerer.Span).ToArray();
        byte[] output = HKDF.DeriveKey(
            HashAlgorithmName.SHA256, curve.SharedPoint(own, other), (2 * KeyBytes) + Hash256.Bytes, [], info);
        (byte[] fromCaller, byte[] fromAnswerer) = (output[..KeyBytes], output[KeyBytes..(2 * KeyBytes)]);
        Hash256 link = Hash256.FromBytes(output.AsSpan(2 * KeyBytes));
        return isCaller
            ? new LinkKeys(fromCaller, fromAnswerer, link)
            : new LinkKeys(fromAnswerer, fromCaller, link);
    }
}
