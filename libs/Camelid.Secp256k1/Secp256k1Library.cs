using System.Security.Cryptography;
using Camelid.Protocol;
using Camelid.Protocol.Keys;

namespace Camelid.Secp256k1;

/// <summary>The curve by libsecp256k1, Bitcoin Core's library: constant in time where it handles secrets.</summary>
/// <remarks>
/// One context lives as long as the process; after its creation it is only read, so threads may share it.
/// </remarks>
public sealed unsafe class Secp256k1Library : ISecp256k1
{
    private readonly nint context;

    /// <summary>Loads the library.</summary>
    /// <exception cref="DllNotFoundException">
    /// This machine does not have it: install the package libsecp256k1.
    /// </exception>
    public Secp256k1Library()
    {
        context = NativeMethods.ContextCreate(NativeMethods.ContextSignVerify);
        byte[] seed = RandomNumberGenerator.GetBytes(32);
        fixed (byte* at = seed)
        {
            Must(NativeMethods.ContextRandomize(context, at));
        }
    }

    /// <summary>True where this machine has the library.</summary>
    public static bool IsInstalled => NativeMethods.IsInstalled();

    /// <inheritdoc/>
    public PublicKey PublicKeyOf(PrivateKey key)
    {
        byte* opaque = stackalloc byte[NativeMethods.OpaqueBytes];
        fixed (byte* secret = key.Span)
        {
            Must(NativeMethods.PublicKeyCreate(context, opaque, secret));
        }

        return Serialize(opaque);
    }

    /// <inheritdoc/>
    public bool IsPublicKey(ReadOnlySpan<byte> bytes)
    {
        byte* opaque = stackalloc byte[NativeMethods.OpaqueBytes];
        return PublicKey.TryFromBytes(bytes, out PublicKey key) && TryParse(key, opaque);
    }

    /// <inheritdoc/>
    public bool IsPrivateKey(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* secret = bytes)
        {
            return bytes.Length == PrivateKey.Bytes && NativeMethods.SecretKeyVerify(context, secret) == 1;
        }
    }

    /// <inheritdoc/>
    public byte[] Sign(PrivateKey key, Hash256 digest)
    {
        byte* signature = stackalloc byte[NativeMethods.OpaqueBytes];
        Span<byte> compact = stackalloc byte[64];
        fixed (byte* secret = key.Span, message = digest.ToBytes(), output = compact)
        {
            Must(NativeMethods.Sign(context, signature, message, secret, 0, 0));
            Must(NativeMethods.SignatureSerializeCompact(context, output, signature));
        }

        return StrictDer.Encode(compact[..32], compact[32..]);
    }

    /// <inheritdoc/>
    public bool Verify(PublicKey key, Hash256 digest, ReadOnlySpan<byte> signatureDer)
    {
        byte* publicKey = stackalloc byte[NativeMethods.OpaqueBytes];
        byte* signature = stackalloc byte[NativeMethods.OpaqueBytes];
        Span<byte> compact = stackalloc byte[64];
        Span<byte> digestBytes = stackalloc byte[Hash256.Bytes];
        if (!StrictDer.TryDecodeCompact(signatureDer, compact) || !TryParse(key, publicKey))
        {
            return false;
        }

        digest.CopyTo(digestBytes);

        // The library's verify refuses a high S by itself, and parsing refuses r or s not below the order.
        fixed (byte* input = compact, message = digestBytes)
        {
            return NativeMethods.SignatureParseCompact(context, signature, input) == 1
                && NativeMethods.Verify(context, signature, message, publicKey) == 1;
        }
    }

    /// <inheritdoc/>
    public byte[] SharedPoint(PrivateKey key, PublicKey other)
    {
        byte* point = stackalloc byte[NativeMethods.OpaqueBytes];
        if (!TryParse(other, point))
        {
            throw new CryptographicException("the other key is not on the curve");
        }

        fixed (byte* secret = key.Span)
        {
            Must(NativeMethods.PublicKeyTweakMultiply(context, point, secret));
        }

        return Serialize(point).Span.ToArray();
    }

    /// <inheritdoc/>
    public PrivateKey? AddTweak(PrivateKey key, Hash256 tweak)
    {
        byte[] sum = key.Span.ToArray();
        fixed (byte* secret = sum, add = tweak.ToBytes())
        {
            return NativeMethods.SecretKeyTweakAdd(context, secret, add) == 1
                ? PrivateKey.FromBytes(sum, this)
                : null;
        }
    }

    /// <inheritdoc/>
    public PublicKey? AddTweak(PublicKey key, Hash256 tweak)
    {
        byte* point = stackalloc byte[NativeMethods.OpaqueBytes];
        if (!TryParse(key, point))
        {
            return null;
        }

        fixed (byte* add = tweak.ToBytes())
        {
            return NativeMethods.PublicKeyTweakAdd(context, point, add) == 1 ? Serialize(point) : null;
        }
    }

    private static void Must(int result)
    {
        if (result != 1)
        {
            throw new CryptographicException("libsecp256k1 refused what it should take");
        }
    }

    private bool TryParse(PublicKey key, byte* opaque)
    {
        fixed (byte* input = key.Span)
        {
            return !key.IsNone
                && NativeMethods.PublicKeyParse(context, opaque, input, PublicKey.Bytes) == 1;
        }
    }

    private PublicKey Serialize(byte* opaque)
    {
        Span<byte> bytes = stackalloc byte[PublicKey.Bytes];
        nuint count = PublicKey.Bytes;
        fixed (byte* output = bytes)
        {
            Must(NativeMethods.PublicKeySerialize(context, output, &count, opaque, NativeMethods.Compressed));
        }

        return PublicKey.TryFromBytes(bytes, out PublicKey key)
            ? key
            : throw new CryptographicException("libsecp256k1 wrote no compressed key");
    }
}
