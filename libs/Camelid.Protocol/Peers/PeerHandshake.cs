using Camelid.Protocol.Keys;

namespace Camelid.Protocol.Peers;

/// <summary>Rule P-07: whom a node accepts as a neighbour, and how it proves its own name.</summary>
/// <remarks>
/// Each side sends <c>version</c>, judges the other's, and answers with <c>verack</c>; only then anything else. The
/// signature covers both keys and both nonces: it can neither be replayed on another connection nor be turned back to
/// the one who asked for it. It covers the name of the encrypted link too (rule P-23), zeros where there is none: a
/// middleman who speaks with both sides on links of his own has nothing to show that either would take.
/// </remarks>
public static class PeerHandshake
{
    /// <summary>What the hash is for.</summary>
    public const string Tag = "camelid/hello";

    /// <summary>
    /// Rule P-07: judges a <c>version</c>: this network, a spoken protocol, a key on the curve, not ourselves.
    /// </summary>
    /// <param name="theirs">The message that came.</param>
    /// <param name="ours">The message that was sent on the same connection.</param>
    /// <param name="curve">The curve.</param>
    /// <remarks>A connection to oneself shows by the key; one's own nonce counts too, where a key is shared.</remarks>
    public static RuleCode CheckVersion(VersionMessage theirs, VersionMessage ours, ISecp256k1 curve)
    {
        if (theirs.Genesis != ours.Genesis)
        {
            return RuleCode.PeerOtherNetwork;
        }

        if (theirs.Protocol < VersionMessage.ProtocolMin)
        {
            return RuleCode.PeerVersionTooOld;
        }

        if (theirs.NodeKey == ours.NodeKey || theirs.Nonce == ours.Nonce)
        {
            return RuleCode.PeerIsSelf;
        }

        return curve.IsPublicKey(theirs.NodeKey.Span) ? RuleCode.Accepted : RuleCode.PeerKeyUnproved;
    }

    /// <summary>
    /// What the author of a <c>verack</c> signs: both sides' keys and nonces, its own first, and the link.
    /// </summary>
    public static Hash256 SigningHash(VersionMessage author, VersionMessage reader, Hash256 link) => Hashes.Tagged(
        Tag,
        new CanonicalWriter().Hash(author.Genesis).Raw(author.NodeKey.Span).Raw(reader.NodeKey.Span)
            .UInt64(author.Nonce).UInt64(reader.Nonce).Hash(link).Written);

    /// <summary>The <c>verack</c> that answers <paramref name="theirs"/>.</summary>
    /// <param name="ours">The message that was sent.</param>
    /// <param name="theirs">The message that came.</param>
    /// <param name="nodeKey">This node's key.</param>
    /// <param name="curve">The curve.</param>
    /// <param name="link">The link's name; zeros where it is not encrypted.</param>
    public static VerackMessage Sign(
        VersionMessage ours, VersionMessage theirs, PrivateKey nodeKey, ISecp256k1 curve, Hash256 link = default) =>
        new(curve.Sign(nodeKey, SigningHash(ours, theirs, link)));

    /// <summary>Rule P-07: judges a <c>verack</c> by the two versions that were exchanged, and the link.</summary>
    public static RuleCode CheckVerack(
        VerackMessage verack, VersionMessage theirs, VersionMessage ours, ISecp256k1 curve, Hash256 link = default) =>
        curve.Verify(theirs.NodeKey, SigningHash(theirs, ours, link), verack.Signature)
            ? RuleCode.Accepted
            : RuleCode.PeerKeyUnproved;
}
