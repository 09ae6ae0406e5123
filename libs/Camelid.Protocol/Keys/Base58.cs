using System.Numerics;

namespace Camelid.Protocol.Keys;

/// <summary>Base58, Bitcoin's alphabet: no 0, O, I or l.</summary>
public static class Base58
{
    /// <summary>The longest text that is read, in characters.</summary>
    public const int TextMax = 512;

    private const string Alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

    /// <summary>The text of bytes; each leading zero byte is a <c>1</c>.</summary>
    public static string Encode(ReadOnlySpan<byte> bytes)
    {
        int zeros = bytes.IndexOfAnyExcept((byte)0);
        zeros = zeros < 0 ? bytes.Length : zeros;
        List<char> digits = [];
        for (BigInteger rest = new(bytes, isUnsigned: true, isBigEndian: true); !rest.IsZero;)
        {
            rest = BigInteger.DivRem(rest, Alphabet.Length, out BigInteger digit);
            digits.Add(Alphabet[(int)digit]);
        }

        digits.AddRange(Enumerable.Repeat(Alphabet[0], zeros));
        digits.Reverse();
        return new string([.. digits]);
    }

    /// <summary>The bytes of a text, which holds nothing but the alphabet.</summary>
    public static bool TryDecode(string? text, out byte[] bytes)
    {
        bytes = [];
        if (text is null || text.Length > TextMax)
        {
            return false;
        }

        BigInteger number = BigInteger.Zero;
        foreach (char letter in text)
        {
            int digit = Alphabet.IndexOf(letter, StringComparison.Ordinal);
            if (digit < 0)
            {
                return false;
            }

            number = (number * Alphabet.Length) + digit;
        }

        int zeros = text.AsSpan().IndexOfAnyExcept(Alphabet[0]);
        zeros = zeros < 0 ? text.Length : zeros;
        byte[] tail = number.IsZero ? [] : number.ToByteArray(isUnsigned: true, isBigEndian: true);
        bytes = [.. new byte[zeros], .. tail];
        return true;
    }
}

/// <summary>Base58 with the first four bytes of SHA256d behind the payload (whitepaper 2.2.2).</summary>
public static class Base58Check
{
    private const int ChecksumBytes = 4;

    /// <summary>The text of a payload.</summary>
    public static string Encode(ReadOnlySpan<byte> payload) => Base58.Encode([.. payload, .. Checksum(payload)]);

    /// <summary>The payload of a text with a right checksum.</summary>
    public static bool TryDecode(string? text, out byte[] payload)
    {
        payload = [];
        if (!Base58.TryDecode(text, out byte[] bytes) || bytes.Length < ChecksumBytes)
        {
            return false;
        }

        Span<byte> body = bytes.AsSpan(0, bytes.Length - ChecksumBytes);
        if (!bytes.AsSpan(body.Length).SequenceEqual(Checksum(body)))
        {
            return false;
        }

        payload = body.ToArray();
        return true;
    }

    private static byte[] Checksum(ReadOnlySpan<byte> payload) => Hashes.Sha256d(payload).ToBytes()[..ChecksumBytes];
}
