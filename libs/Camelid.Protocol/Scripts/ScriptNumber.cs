namespace Camelid.Protocol.Scripts;

/// <summary>
/// Integers as scripts hold them: little-endian, sign in the highest bit, shortest form, zero is empty.
/// </summary>
public static class ScriptNumber
{
    /// <summary>Longest number that is reckoned with, in bytes.</summary>
    public const int BytesMax = 4;

    /// <summary>Longest number for a lock time, in bytes (BIP65).</summary>
    public const int LockTimeBytesMax = 5;

    private const int BytesLongest = 9;

    /// <summary>The shortest bytes of a number.</summary>
    public static byte[] Encode(long value)
    {
        if (value == 0)
        {
            return [];
        }

        UInt128 rest = (UInt128)Int128.Abs(value);
        Span<byte> bytes = stackalloc byte[BytesLongest];
        int count = 0;
        for (; rest != 0; rest >>= 8)
        {
            bytes[count++] = (byte)(rest & 0xff);
        }

        byte sign = value < 0 ? (byte)0x80 : (byte)0;
        if ((bytes[count - 1] & 0x80) != 0)
        {
            bytes[count++] = sign;
        }
        else
        {
            bytes[count - 1] |= sign;
        }

        return bytes[..count].ToArray();
    }

    /// <summary>Reads a number of at most <paramref name="bytesMax"/> (up to 8) bytes in its shortest form.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, int bytesMax, out long value) =>
        TryDecode(bytes, bytesMax, true, out value);

    /// <summary>Reads a number, in its shortest form where <paramref name="minimal"/>.</summary>
    internal static bool TryDecode(ReadOnlySpan<byte> bytes, int bytesMax, bool minimal, out long value)
    {
        value = 0;
        if (bytes.Length > Math.Min(bytesMax, 8))
        {
            return false;
        }

        if (bytes.IsEmpty)
        {
            return true;
        }

        bool padded = (bytes[^1] & 0x7f) == 0 && (bytes.Length == 1 || (bytes[^2] & 0x80) == 0);
        if (minimal && padded)
        {
            return false;
        }

        for (int i = bytes.Length - 1; i >= 0; i--)
        {
            long part = i == bytes.Length - 1 ? bytes[i] & 0x7f : bytes[i];
            value = (value << 8) | part;
        }

        value = (bytes[^1] & 0x80) != 0 ? -value : value;
        return true;
    }
}
