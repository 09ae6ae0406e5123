namespace Camelid.Secp256k1;

/// <summary>
/// Signatures in strict DER (BIP66): 0x30 length 0x02 length r 0x02 length s, each in its shortest form.
/// </summary>
public static class StrictDer
{
    /// <summary>The longest signature, in bytes.</summary>
    public const int BytesMax = 72;

    private const byte Sequence = 0x30;
    private const byte Integer = 0x02;
    private const int ScalarBytesMax = 33;

    /// <summary>The signature of two unsigned, big-endian numbers.</summary>
    public static byte[] Encode(ReadOnlySpan<byte> r, ReadOnlySpan<byte> s)
    {
        byte[] first = Number(r);
        byte[] second = Number(s);
        return
        [
            Sequence, (byte)(4 + first.Length + second.Length),
            Integer, (byte)first.Length, .. first, Integer, (byte)second.Length, .. second,
        ];
    }

    /// <summary>Reads what <see cref="Encode"/> writes; any other form of the same numbers is refused.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> signature, out byte[] r, out byte[] s)
    {
        r = [];
        s = [];
        if (signature.Length is < 8 or > BytesMax || signature[0] != Sequence || signature[1] != signature.Length - 2)
        {
            return false;
        }

        ReadOnlySpan<byte> rest = signature[2..];
        return TryNumber(ref rest, out r) && TryNumber(ref rest, out s) && rest.IsEmpty;
    }

    /// <summary>
    /// As <see cref="TryDecode"/>, but into 64 bytes: both numbers with leading zeros. One above 32 bytes is refused.
    /// </summary>
    internal static bool TryDecodeCompact(ReadOnlySpan<byte> signature, Span<byte> compact)
    {
        if (signature.Length is < 8 or > BytesMax || signature[0] != Sequence || signature[1] != signature.Length - 2)
        {
            return false;
        }

        ReadOnlySpan<byte> rest = signature[2..];
        return TryPlace(ref rest, compact[..32]) && TryPlace(ref rest, compact[32..]) && rest.IsEmpty;
    }

    private static bool TryPlace(ref ReadOnlySpan<byte> rest, Span<byte> field)
    {
        if (!TrySlice(ref rest, out ReadOnlySpan<byte> number))
        {
            return false;
        }

        ReadOnlySpan<byte> trimmed = number.TrimStart((byte)0);
        if (trimmed.Length > field.Length)
        {
            return false;
        }

        field.Clear();
        trimmed.CopyTo(field[(field.Length - trimmed.Length)..]);
        return true;
    }

    private static byte[] Number(ReadOnlySpan<byte> unsigned)
    {
        ReadOnlySpan<byte> trimmed = unsigned.TrimStart((byte)0);
        return trimmed.IsEmpty || trimmed[0] >= 0x80 ? [0, .. trimmed] : trimmed.ToArray();
    }

    private static bool TryNumber(ref ReadOnlySpan<byte> rest, out byte[] number)
    {
        bool good = TrySlice(ref rest, out ReadOnlySpan<byte> slice);
        number = slice.ToArray();
        return good;
    }

    private static bool TrySlice(ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> number)
    {
        number = default;
        if (rest.Length < 3 || rest[0] != Integer || rest[1] is 0 or > ScalarBytesMax || rest[1] > rest.Length - 2)
        {
            return false;
        }

        number = rest.Slice(2, rest[1]);
        bool negative = number[0] >= 0x80;
        bool padded = number.Length > 1 && number[0] == 0 && number[1] < 0x80;
        rest = rest[(2 + number.Length)..];
        return !negative && !padded;
    }
}
