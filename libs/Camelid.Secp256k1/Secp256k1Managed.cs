using Camelid.Protocol;
using Camelid.Protocol.Keys;
using Org.BouncyCastle.Asn1.Sec;
using Org.BouncyCastle.Asn1.X9;
using Org.BouncyCastle.Crypto.Digests;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;
using Org.BouncyCastle.Math;
using Org.BouncyCastle.Math.EC;
using CryptographicException = System.Security.Cryptography.CryptographicException;

namespace Camelid.Secp256k1;

/// <summary>
/// The curve in managed code, for machines without libsecp256k1. Not constant in time; the library is.
/// </summary>
public sealed class Secp256k1Managed : ISecp256k1
{
    private static readonly X9ECParameters Parameters = SecNamedCurves.GetByName("secp256k1");
    private static readonly ECDomainParameters Domain =
        new(Parameters.Curve, Parameters.G, Parameters.N, Parameters.H);

    private static readonly BigInteger HalfOrder = Parameters.N.ShiftRight(1);

    /// <inheritdoc/>
    public PublicKey PublicKeyOf(PrivateKey key) => Compress(Domain.G.Multiply(Scalar(key.Span)))
        ?? throw new CryptographicException("a private key without a public one");

    /// <inheritdoc/>
    public bool IsPublicKey(ReadOnlySpan<byte> bytes) =>
        PublicKey.TryFromBytes(bytes, out PublicKey key) && Point(key) is not null;

    /// <inheritdoc/>
    public bool IsPrivateKey(ReadOnlySpan<byte> bytes) =>
        bytes.Length == PrivateKey.Bytes && Scalar(bytes) is { SignValue: > 0 } d && d.CompareTo(Domain.N) < 0;

    /// <inheritdoc/>
    public byte[] Sign(PrivateKey key, Hash256 digest)
    {
        ECDsaSigner signer = new(new HMacDsaKCalculator(new Sha256Digest()));
        signer.Init(true, new ECPrivateKeyParameters(Scalar(key.Span), Domain));
        BigInteger[] pair = signer.GenerateSignature(digest.ToBytes());
        BigInteger s = pair[1].CompareTo(HalfOrder) > 0 ? Domain.N.Subtract(pair[1]) : pair[1];
        return StrictDer.Encode(pair[0].ToByteArrayUnsigned(), s.ToByteArrayUnsigned());
    }

    /// <inheritdoc/>
    public bool Verify(PublicKey key, Hash256 digest, ReadOnlySpan<byte> signatureDer)
    {
        if (!StrictDer.TryDecode(signatureDer, out byte[] rBytes, out byte[] sBytes) || Point(key) is not { } point)
        {
            return false;
        }

        BigInteger r = new(1, rBytes);
        BigInteger s = new(1, sBytes);
        if (s.CompareTo(HalfOrder) > 0)
        {
            return false;
        }

        ECDsaSigner signer = new();
        signer.Init(false, new ECPublicKeyParameters(point, Domain));
        return signer.VerifySignature(digest.ToBytes(), r, s);
    }

    /// <inheritdoc/>
    public byte[] SharedPoint(PrivateKey key, PublicKey other)
    {
        ECPoint point = Point(other) ?? throw new CryptographicException("the other key is not on the curve");
        return Compress(point.Multiply(Scalar(key.Span)))?.Span.ToArray()
            ?? throw new CryptographicException("no shared point");
    }

    /// <inheritdoc/>
    public PrivateKey? AddTweak(PrivateKey key, Hash256 tweak)
    {
        BigInteger t = Scalar(tweak.ToBytes());
        if (t.CompareTo(Domain.N) >= 0)
        {
            return null;
        }

        byte[] sum = Scalar(key.Span).Add(t).Mod(Domain.N).ToByteArrayUnsigned();
        byte[] bytes = [.. new byte[PrivateKey.Bytes - sum.Length], .. sum];
        return PrivateKey.FromBytes(bytes, this);
    }

    /// <inheritdoc/>
    public PublicKey? AddTweak(PublicKey key, Hash256 tweak)
    {
        BigInteger t = Scalar(tweak.ToBytes());
        ECPoint? point = Point(key);
        return point is null || t.CompareTo(Domain.N) >= 0 ? null : Compress(point.Add(Domain.G.Multiply(t)));
    }

    private static BigInteger Scalar(ReadOnlySpan<byte> bytes) => new(1, bytes.ToArray());

    private static PublicKey? Compress(ECPoint point)
    {
        ECPoint normal = point.Normalize();
        return !normal.IsInfinity && PublicKey.TryFromBytes(normal.GetEncoded(true), out PublicKey key) ? key : null;
    }

    private static ECPoint? Point(PublicKey key)
    {
        if (key.IsNone)
        {
            return null;
        }

        try
        {
            ECPoint point = Domain.Curve.DecodePoint(key.Span.ToArray());
            return point.IsInfinity ? null : point;
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}
