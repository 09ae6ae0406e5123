using System.Globalization;

namespace Camelid.ModelRuntime.Tokenization;

/// <summary>SentencePiece's tokens for single bytes, written <c>&lt;0x0A&gt;</c>.</summary>
internal static class ByteToken
{
    /// <summary>How the token of a byte is written.</summary>
    internal static string Text(byte value) => $"<0x{value:X2}>";

    /// <summary>The byte of a token; false where the token is none of a byte.</summary>
    internal static bool TryByte(string text, out byte value)
    {
        value = 0;
        return text.Length == 6 && text.StartsWith("<0x", StringComparison.Ordinal) && text[5] == '>'
            && byte.TryParse(
                text.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }
}
