using System.Globalization;
using System.Numerics;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Tests.Transactions;
using Camelid.Secp256k1;

namespace Camelid.Protocol.Tests.Vectors;

/// <summary>
/// Signatures as Bitcoin takes them where no flag is set: DER of any kind, high S, keys uncompressed and hybrid. Brings
/// them to our form and asks our curve.
/// </summary>
internal sealed class LaxCurve(ScriptFlags flags) : BitcoinCompat
{
    private const int ScalarBytes = 32;
    private static readonly BigInteger Order =
        Number("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");
    private static readonly BigInteger Prime =
        Number("fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f");

    public override ScriptFlags Flags => flags;

    public override bool Verify(ReadOnlySpan<byte> key, Hash256 digest, ReadOnlySpan<byte> signature)
    {
        if (!TryCompress(key, out PublicKey compressed) || !TryParse(signature, out BigInteger r, out BigInteger s)
            || r.IsZero || s.IsZero || r >= Order || s >= Order)
        {
            return false;
        }

        BigInteger low = BigInteger.Min(s, Order - s);
        return Samples.Curve.Verify(compressed, digest, StrictDer.Encode(Bytes(r), Bytes(low)));
    }

    private static BigInteger Number(string hex) =>
        BigInteger.Parse("0" + hex, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private static byte[] Bytes(BigInteger number) => number.ToByteArray(isUnsigned: true, isBigEndian: true);

    private static bool TryCompress(ReadOnlySpan<byte> key, out PublicKey compressed)
    {
        compressed = default;
        if (key.Length == PublicKey.Bytes)
        {
            return PublicKey.TryFromBytes(key, out compressed);
        }

        if (key.Length != 1 + (2 * ScalarBytes) || key[0] is not (0x04 or 0x06 or 0x07))
        {
            return false;
        }

        BigInteger x = new(key.Slice(1, ScalarBytes), isUnsigned: true, isBigEndian: true);
        BigInteger y = new(key[(1 + ScalarBytes)..], isUnsigned: true, isBigEndian: true);
        bool isOnCurve = x < Prime && y < Prime && (((y * y) - (x * x * x) - 7) % Prime).IsZero;
        bool isItsHybrid = key[0] == 0x04 || (key[0] == 0x07) == !y.IsEven;
        return isOnCurve && isItsHybrid
            && PublicKey.TryFromBytes([y.IsEven ? (byte)2 : (byte)3, .. key.Slice(1, ScalarBytes)], out compressed);
    }

    /// <summary>Bitcoin Core's lax parser: lengths in any form, padding, negative numbers, bytes at the end.</summary>
    private static bool TryParse(ReadOnlySpan<byte> signature, out BigInteger r, out BigInteger s)
    {
        r = s = 0;
        if (signature.Length < 2 || signature[0] != 0x30)
        {
            return false;
        }

        int lengthBytes = (signature[1] & 0x80) == 0 ? 0 : signature[1] & 0x7f;
        if (lengthBytes > signature.Length - 2)
        {
            return false;
        }

        ReadOnlySpan<byte> rest = signature[(2 + lengthBytes)..];
        return TryInteger(ref rest, out r) && TryInteger(ref rest, out s);
    }

    private static bool TryInteger(ref ReadOnlySpan<byte> rest, out BigInteger number)
    {
        number = 0;
        if (rest.Length < 2 || rest[0] != 0x02)
        {
            return false;
        }

        int length = rest[1];
        rest = rest[2..];
        if ((length & 0x80) != 0)
        {
            int lengthBytes = length & 0x7f;
            if (lengthBytes > rest.Length)
            {
                return false;
            }

            ReadOnlySpan<byte> trimmed = rest[..lengthBytes].TrimStart((byte)0);
            rest = rest[lengthBytes..];
            if (trimmed.Length >= 4)
            {
                return false;
            }

            length = 0;
            foreach (byte part in trimmed)
            {
                length = (length << 8) | part;
            }
        }

        if (length > rest.Length)
        {
            return false;
        }

        number = new BigInteger(rest[..length], isUnsigned: true, isBigEndian: true);
        rest = rest[length..];
        return true;
    }
}
