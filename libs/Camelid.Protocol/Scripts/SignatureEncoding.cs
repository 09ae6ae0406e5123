using Camelid.Protocol.Keys;
using Camelid.Protocol.Transactions;

namespace Camelid.Protocol.Scripts;

/// <summary>Rule C-07: the forms of signatures and keys in scripts.</summary>
internal static class SignatureEncoding
{
    private const byte Sequence = 0x30;
    private const byte Integer = 0x02;
    private const int SignatureBytesMin = 9;
    private const int SignatureBytesMax = 73;
    private const int UncompressedBytes = 65;
    private const ScriptFlags AnyDer = ScriptFlags.StrictDer | ScriptFlags.LowS | ScriptFlags.StrictEncoding;

    /// <summary>Half of the group's order, big-endian: the greatest low S.</summary>
    private static ReadOnlySpan<byte> HalfOrder =>
    [
        0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0x5d, 0x57, 0x6e, 0x73, 0x57, 0xa4, 0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0,
    ];

    /// <summary>A signature with its type is empty, or strict DER with a low S and a known type.</summary>
    public static RuleCode CheckSignature(ReadOnlySpan<byte> signature, ScriptFlags flags)
    {
        if (signature.IsEmpty)
        {
            return RuleCode.Accepted;
        }

        if ((flags & AnyDer) != 0 && !IsStrictDer(signature))
        {
            return RuleCode.ScriptSignatureForm;
        }

        if ((flags & ScriptFlags.LowS) != 0 && !IsLowS(signature))
        {
            return RuleCode.ScriptSignatureHighS;
        }

        return (flags & ScriptFlags.StrictEncoding) == 0 || SignatureHash.IsKnown((SignatureHashType)signature[^1])
            ? RuleCode.Accepted
            : RuleCode.ScriptHashType;
    }

    /// <summary>A key is compressed; that it is on the curve is seen where a signature is held against it.</summary>
    public static RuleCode CheckKey(ReadOnlySpan<byte> key, ScriptFlags flags)
    {
        if (key.Length == PublicKey.Bytes && key[0] is 0x02 or 0x03)
        {
            return RuleCode.Accepted;
        }

        bool isUncompressed = key.Length == UncompressedBytes && key[0] == 0x04;
        bool refused = (flags & ScriptFlags.CompressedKeys) != 0
            || ((flags & ScriptFlags.StrictEncoding) != 0 && !isUncompressed);
        return refused ? RuleCode.ScriptPublicKey : RuleCode.Accepted;
    }

    /// <summary>BIP66: 0x30 length 0x02 length r 0x02 length s type, r and s positive and shortest.</summary>
    private static bool IsStrictDer(ReadOnlySpan<byte> signature)
    {
        if (signature.Length is < SignatureBytesMin or > SignatureBytesMax
            || signature[0] != Sequence || signature[1] != signature.Length - 3)
        {
            return false;
        }

        ReadOnlySpan<byte> rest = signature[2..^1];
        return TryInteger(ref rest, out _) && TryInteger(ref rest, out _) && rest.IsEmpty;
    }

    private static bool IsLowS(ReadOnlySpan<byte> signature)
    {
        ReadOnlySpan<byte> rest = signature[2..^1];
        _ = TryInteger(ref rest, out _) & TryInteger(ref rest, out ReadOnlySpan<byte> s);
        ReadOnlySpan<byte> trimmed = s.TrimStart((byte)0);
        return trimmed.Length < HalfOrder.Length
            || (trimmed.Length == HalfOrder.Length && trimmed.SequenceCompareTo(HalfOrder) <= 0);
    }

    private static bool TryInteger(ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> number)
    {
        number = default;
        if (rest.Length < 3 || rest[0] != Integer || rest[1] == 0 || rest[1] > rest.Length - 2)
        {
            return false;
        }

        number = rest.Slice(2, rest[1]);
        rest = rest[(2 + number.Length)..];
        bool isNegative = number[0] >= 0x80;
        bool isPadded = number.Length > 1 && number[0] == 0 && number[1] < 0x80;
        return !isNegative && !isPadded;
    }
}
