using System.Security.Cryptography;
using Camelid.Protocol.Keys;

namespace Camelid.Protocol.Jobs;

/// <summary>
/// Rule E-26: bytes for one client's eyes: ECDH with a one-time key, HKDF-SHA256, AES-256-GCM. Layout: version 1,
/// the one-time public key (33), the tag (16), the ciphertext.
/// </summary>
/// <remarks>Key and nonce come from the one-time key, so it must be random and never used twice.</remarks>
public static class DeliveryEnvelope
{
    /// <summary>The layout's number.</summary>
    public const byte Version = 1;

    /// <summary>What HKDF's output is for.</summary>
    public const string Tag = "camelid/envelope";

    /// <summary>Bytes of an envelope besides its content.</summary>
    public const int OverheadBytes = 1 + PublicKey.Bytes + TagBytes;

    /// <summary>Most bytes of content.</summary>
    public const int PlaintextBytesMax = 8 << 20;

    private const int TagBytes = 16;
    private const int KeyBytes = 32;
    private const int NonceBytes = 12;

    /// <summary>Seals <paramref name="plaintext"/> to a client.</summary>
    /// <param name="curve">The curve.</param>
    /// <param name="ephemeral">A fresh random key, forgotten after this call.</param>
    /// <param name="clientKey">The client's key.</param>
    /// <param name="plaintext">At most <see cref="PlaintextBytesMax"/> bytes.</param>
    /// <param name="associatedData">What the content belongs to, such as the testament's hash.</param>
    /// <exception cref="ArgumentException">
    /// The client's key is not on the curve, or the content is too long.
    /// </exception>
    public static byte[] Seal(
        ISecp256k1 curve, PrivateKey ephemeral, PublicKey clientKey, ReadOnlySpan<byte> plaintext,
        ReadOnlySpan<byte> associatedData)
    {
        if (!curve.IsPublicKey(clientKey.Span))
        {
            throw new ArgumentException("the client's key is not a point of the curve", nameof(clientKey));
        }

        ArgumentOutOfRangeException.ThrowIfGreaterThan(plaintext.Length, PlaintextBytesMax, nameof(plaintext));
        PublicKey oneTime = curve.PublicKeyOf(ephemeral);
        byte[] secret = Secret(curve.SharedPoint(ephemeral, clientKey), oneTime, clientKey);
        byte[] envelope = new byte[OverheadBytes + plaintext.Length];
        envelope[0] = Version;
        oneTime.Span.CopyTo(envelope.AsSpan(1));
        using AesGcm cipher = new(secret.AsSpan(0, KeyBytes), TagBytes);
        cipher.Encrypt(
            secret.AsSpan(KeyBytes), plaintext, envelope.AsSpan(OverheadBytes),
            envelope.AsSpan(1 + PublicKey.Bytes, TagBytes), associatedData);
        CryptographicOperations.ZeroMemory(secret);
        return envelope;
    }

    /// <summary>Opens an envelope; false where it was meant for another, or for other data, or was changed.</summary>
    public static bool TryOpen(
        ISecp256k1 curve, PrivateKey clientKey, ReadOnlySpan<byte> envelope, ReadOnlySpan<byte> associatedData,
        out byte[] plaintext)
    {
        plaintext = [];
        if (envelope.Length is < OverheadBytes or > OverheadBytes + PlaintextBytesMax || envelope[0] != Version
            || !PublicKey.TryFromBytes(envelope.Slice(1, PublicKey.Bytes), out PublicKey oneTime)
            || !curve.IsPublicKey(oneTime.Span))
        {
            return false;
        }

        byte[] secret = Secret(curve.SharedPoint(clientKey, oneTime), oneTime, curve.PublicKeyOf(clientKey));
        byte[] opened = new byte[envelope.Length - OverheadBytes];
        using AesGcm cipher = new(secret.AsSpan(0, KeyBytes), TagBytes);
        try
        {
            cipher.Decrypt(
                secret.AsSpan(KeyBytes), envelope[OverheadBytes..], envelope.Slice(1 + PublicKey.Bytes, TagBytes),
                opened, associatedData);
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }

        plaintext = opened;
        return true;
    }

    /// <summary>Both public keys enter, so that a secret serves one pair and one direction only.</summary>
    private static byte[] Secret(byte[] sharedPoint, PublicKey oneTime, PublicKey client)
    {
        byte[] info = new CanonicalWriter().Text(Tag).Raw(oneTime.Span).Raw(client.Span).ToArray();
        return HKDF.DeriveKey(HashAlgorithmName.SHA256, sharedPoint, KeyBytes + NonceBytes, [], info);
    }
}
