using System.Diagnostics;
using System.Globalization;
using System.Numerics;
using System.Text;

namespace Camelid.Protocol.Keys;

/// <summary>
/// Rule W-14: a message signed by the key of an address, in Bitcoin's form: base64 of a byte that says which of four
/// keys it was, r and s. Whoever holds it needs no key: it is recovered from the signature.
/// </summary>
/// <remarks>All numbers here are public: they follow from the signature.</remarks>
public static class SignedMessage
{
    /// <summary>Longest message, in bytes of UTF-8.</summary>
    public const int MessageBytesMax = 8_192;

    private const string Magic = "Bitcoin Signed Message:\n";
    private const int ScalarBytes = 32;
    private const int SignatureBytes = 1 + (2 * ScalarBytes);

    /// <summary>27 and, for a compressed key, 4 more; then 1 for an odd y of R and 2 where its x is above n.</summary>
    private const byte HeaderMin = 31;
    private const int Candidates = 4;

    /// <summary>n, the order of the group.</summary>
    private static readonly BigInteger Order = BigInteger.Parse(
        "00fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141",
        NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    /// <summary>p, the order of the field.</summary>
    private static readonly BigInteger Field = BigInteger.Pow(2, 256) - BigInteger.Pow(2, 32) - 977;

    /// <summary>SHA256d of the magic and the message, each behind its length.</summary>
    public static Hash256 Digest(string message)
    {
        ArgumentNullException.ThrowIfNull(message);
        return Hashes.Sha256d(new CanonicalWriter().VarBytes(Encoding.UTF8.GetBytes(Magic))
            .VarBytes(Encoding.UTF8.GetBytes(message)).Written);
    }

    /// <summary>Signs a message: 88 characters of base64.</summary>
    public static string Sign(PrivateKey key, string message, ISecp256k1 curve)
    {
        ArgumentNullException.ThrowIfNull(curve);
        Hash256 digest = Digest(message);
        PublicKey own = curve.PublicKeyOf(key);
        byte[] text = new byte[SignatureBytes];
        Unpack(curve.Sign(key, digest), text.AsSpan(1));
        for (byte candidate = 0; candidate < Candidates; candidate++)
        {
            text[0] = (byte)(HeaderMin + candidate);
            if (Recover(digest, text, curve) == own)
            {
                return Convert.ToBase64String(text);
            }
        }

        throw new UnreachableException("a signature leads to none of its four keys");
    }

    /// <summary>True where the key of the address signed the message. Only compressed keys have addresses.</summary>
    public static bool Verify(Address address, string message, string signature, ISecp256k1 curve)
    {
        ArgumentNullException.ThrowIfNull(signature);
        ArgumentNullException.ThrowIfNull(curve);
        byte[] text = new byte[SignatureBytes];
        return Convert.TryFromBase64String(signature, text, out int count) && count == SignatureBytes
            && Convert.ToBase64String(text) == signature
            && Recover(Digest(message), text, curve) is { } key && Hash160.Of(key.Span) == address.KeyHash;
    }

    /// <summary>The key Q = r⁻¹ (s·R − z·G), or null where there is none.</summary>
    private static PublicKey? Recover(Hash256 digest, ReadOnlySpan<byte> signature, ISecp256k1 curve)
    {
        int candidate = signature[0] - HeaderMin;
        BigInteger r = Number(signature.Slice(1, ScalarBytes));
        BigInteger s = Number(signature[(1 + ScalarBytes)..]);
        BigInteger x = r + (candidate >= 2 ? Order : 0);
        if (candidate is < 0 or >= Candidates || r.IsZero || s.IsZero || r >= Order || s >= Order || x >= Field)
        {
            return null;
        }

        byte[] point = [(byte)(2 + (candidate & 1)), .. Bytes(x)];
        BigInteger inverse = BigInteger.ModPow(r, Order - 2, Order);
        PrivateKey? factor = PrivateKey.FromBytes(Bytes(s * inverse % Order), curve);
        if (factor is null || !curve.IsPublicKey(point) || !PublicKey.TryFromBytes(point, out PublicKey nonce)
            || !PublicKey.TryFromBytes(curve.SharedPoint(factor, nonce), out PublicKey scaled))
        {
            return null;
        }

        BigInteger rest = (Order - (Number(digest.ToBytes()) % Order)) * inverse % Order;
        return curve.AddTweak(scaled, Hash256.FromBytes(Bytes(rest)));
    }

    /// <summary>Writes r and s of a strict DER signature, each with all of its bytes.</summary>
    private static void Unpack(ReadOnlySpan<byte> der, Span<byte> output)
    {
        int lengthOfR = der[3];
        ReadOnlySpan<byte> r = der.Slice(4, lengthOfR).TrimStart((byte)0);
        ReadOnlySpan<byte> s = der[(6 + lengthOfR)..].TrimStart((byte)0);
        r.CopyTo(output[(ScalarBytes - r.Length)..]);
        s.CopyTo(output[((2 * ScalarBytes) - s.Length)..]);
    }

    private static BigInteger Number(ReadOnlySpan<byte> bytes) => new(bytes, isUnsigned: true, isBigEndian: true);

    private static byte[] Bytes(BigInteger number)
    {
        byte[] shortest = number.ToByteArray(isUnsigned: true, isBigEndian: true);
        return [.. new byte[ScalarBytes - shortest.Length], .. shortest];
    }
}
