using System.Globalization;
using Google.Protobuf;

namespace Camelid.Dashboard.Panels;

/// <summary>Values as people read them.</summary>
internal static class DisplayText
{
    private const decimal GrainsPerCoin = 100_000_000m;
    private const int ShortDigits = 10;

    /// <summary>Grains as coin, such as <c>0.00012 CML</c>.</summary>
    public static string Coin(long grains) =>
        (grains / GrainsPerCoin).ToString("#,##0.########", CultureInfo.InvariantCulture) + " CML";

    /// <summary>A whole number with separators.</summary>
    public static string Count(long count) => count.ToString("#,##0", CultureInfo.InvariantCulture);

    /// <summary>Bytes in hexadecimal, in byte order.</summary>
    public static string Hex(ByteString bytes) => Convert.ToHexStringLower(bytes.Span);

    /// <summary>A transaction id or block hash as explorers show it: reversed.</summary>
    public static string Reversed(ByteString bytes)
    {
        byte[] copy = bytes.ToByteArray();
        Array.Reverse(copy);
        return Convert.ToHexStringLower(copy);
    }

    /// <summary>The beginning of a long identifier.</summary>
    public static string Short(string hex) => hex.Length <= ShortDigits ? hex : hex[..ShortDigits] + "…";

    /// <summary>The end of a block hash, which begins in zeros.</summary>
    public static string Tail(string hex) => hex.Length <= ShortDigits ? hex : "…" + hex[^ShortDigits..];

    /// <summary>Machine form of a time, for <c>time</c> elements.</summary>
    public static string Machine(DateTimeOffset at) =>
        at.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);

    /// <summary>Time of day in UTC.</summary>
    public static string Clock(DateTimeOffset at) =>
        at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) + " UTC";

    /// <summary>A span of time, such as <c>1.2 s</c>.</summary>
    public static string Span(TimeSpan span) => span.TotalSeconds < 1
        ? string.Create(CultureInfo.InvariantCulture, $"{span.TotalMilliseconds:0} ms")
        : span.TotalMinutes < 2
            ? string.Create(CultureInfo.InvariantCulture, $"{span.TotalSeconds:0.0} s")
            : string.Create(CultureInfo.InvariantCulture, $"{span.TotalMinutes:0} min");
}
