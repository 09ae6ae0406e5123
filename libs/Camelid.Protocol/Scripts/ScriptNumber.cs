namespace Camelid.Protocol.Scripts;

/// <summary>
/// Integers as scripts hold them: little-endian, sign in the highest bit, shortest form, zero is empty.
/// </summary>
public static class ScriptNumber
{
    /// <summary>Longest number for a lock time, in bytes (BIP65).</summary>
    public const int LockTimeBytesMax = 5;

    /// <summary>The shortest bytes of a number.</summary>
    public static byte[] Encode(long value)
    {
        if (value == 0)
        {
            return [];
        }

        UInt128 rest = (UInt128)Int128.Abs(value);
        List<byte> bytes = [];
        for (; rest != 0; rest >>= 8)
        {
            bytes.Add((byte)(rest & 0xff));
        }

        byte sign = value < 0 ? (byte)0x80 : (byte)0;
        if ((bytes[^1] & 0x80) != 0)
        {
            bytes.Add(sign);
        }
        else
        {
            bytes[^1] |= sign;
        }

        return [.. bytes];
    }

    /// <summary>Reads a number of at most <paramref name="bytesMax"/> (up to 8) bytes in its shortest form.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, int bytesMax, out long value)
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
        if (padded)
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
