using Camelid.Protocol;
using Camelid.Protocol.Keys;

namespace Camelid.Chain.Checks;

/// <summary>
/// Rule C-22: a curve that asks a cache before it checks a signature. All else it leaves to the curve itself.
/// </summary>
/// <param name="curve">The curve.</param>
/// <param name="cache">The cache.</param>
/// <param name="remembers">
/// True for the mempool, which fills the cache. Blocks only ask: what is in a block is not checked again.
/// </param>
internal sealed class CachedCurve(ISecp256k1 curve, SignatureCache cache, bool remembers) : ISecp256k1
{
    /// <inheritdoc/>
    public bool Verify(PublicKey key, Hash256 digest, ReadOnlySpan<byte> signatureDer)
    {
        Hash256 name = cache.NameOf(key, digest, signatureDer);
        if (cache.Holds(name))
        {
            return true;
        }

        bool holds = curve.Verify(key, digest, signatureDer);
        if (holds && remembers)
        {
            cache.Remember(name);
        }

        return holds;
    }

    /// <inheritdoc/>
    public PublicKey PublicKeyOf(PrivateKey key) => curve.PublicKeyOf(key);

    /// <inheritdoc/>
    public bool IsPublicKey(ReadOnlySpan<byte> bytes) => curve.IsPublicKey(bytes);

    /// <inheritdoc/>
    public byte[] Sign(PrivateKey key, Hash256 digest) => curve.Sign(key, digest);

    /// <inheritdoc/>
    public byte[] SharedPoint(PrivateKey key, PublicKey other) => curve.SharedPoint(key, other);

    /// <inheritdoc/>
    public PrivateKey? AddTweak(PrivateKey key, Hash256 tweak) => curve.AddTweak(key, tweak);

    /// <inheritdoc/>
    public PublicKey? AddTweak(PublicKey key, Hash256 tweak) => curve.AddTweak(key, tweak);

    /// <inheritdoc/>
    public bool IsPrivateKey(ReadOnlySpan<byte> bytes) => curve.IsPrivateKey(bytes);
}
