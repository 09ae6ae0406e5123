namespace Camelid.Protocol.Keys;

/// <summary>The curve secp256k1. Implemented in Camelid.Secp256k1; the rules only name it.</summary>
/// <remarks>Keys are compressed (33 bytes), signatures strict DER with low S (rule C-02), digests 32 bytes.</remarks>
public interface ISecp256k1
{
    /// <summary>The compressed public key of a private key.</summary>
    PublicKey PublicKeyOf(PrivateKey key);

    /// <summary>True where 33 bytes are a point on the curve in compressed form.</summary>
    bool IsPublicKey(ReadOnlySpan<byte> bytes);

    /// <summary>Signs with the RFC 6979 nonce; low S, strict DER, at most 72 bytes.</summary>
    byte[] Sign(PrivateKey key, Hash256 digest);

    /// <summary>Rule C-02: true only for a valid, strict DER, low-S signature.</summary>
    bool Verify(PublicKey key, Hash256 digest, ReadOnlySpan<byte> signatureDer);

    /// <summary>The shared point k·P, compressed, for ECIES.</summary>
    byte[] SharedPoint(PrivateKey key, PublicKey other);

    /// <summary>(key + tweak) mod n, or null where the result is zero or the tweak not below n (BIP32).</summary>
    PrivateKey? AddTweak(PrivateKey key, Hash256 tweak);

    /// <summary>P + tweak·G, or null where there is no such point (BIP32).</summary>
    PublicKey? AddTweak(PublicKey key, Hash256 tweak);

    /// <summary>True where 32 bytes, big-endian, are in 1 … n − 1.</summary>
    bool IsPrivateKey(ReadOnlySpan<byte> bytes);
}
