using System.Buffers;
using Camelid.Protocol.Jobs;

namespace Camelid.Cli.Verification;

/// <summary>Hexadecimal of a receipt: lower case, whole bytes.</summary>
internal static class ReceiptBytes
{
    public static bool TryHex(string? text, out byte[] bytes)
    {
        bytes = [];
        if (text is null || text.Length % 2 != 0 || text.Any(digit => !char.IsAsciiHexDigitLower(digit)))
        {
            return false;
        }

        bytes = new byte[text.Length / 2];
        return Convert.FromHexString(text, bytes, out _, out _) == OperationStatus.Done;
    }
}

/// <summary>The words by which a receipt names the values of enumerations.</summary>
internal static class ReceiptWords
{
    public static string Of<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();

    public static string Of(StakeId stake) => stake.ToString();
}
