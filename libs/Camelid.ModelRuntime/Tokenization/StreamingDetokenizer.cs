using System.Buffers;
using System.Text;

namespace Camelid.ModelRuntime.Tokenization;

/// <summary>
/// Turns tokens into text as they come. A character whose bytes are spread over tokens appears when it is whole;
/// bytes that can never become one appear as U+FFFD. The pieces together equal the decoding of all tokens at once.
/// </summary>
public sealed class StreamingDetokenizer
{
    private const int CharacterBytesMax = 4;

    private readonly TokenSpelling spelling;
    private readonly byte[] pending = new byte[CharacterBytesMax];
    private int pendingCount;
    private bool dropsSpace;

    /// <param name="spelling">The tokens' bytes.</param>
    /// <param name="isTextStart">True where the tokens are a whole text; false where they continue a prompt.</param>
    internal StreamingDetokenizer(TokenSpelling spelling, bool isTextStart) =>
        (this.spelling, dropsSpace) = (spelling, isTextStart && spelling.DropsFirstSpace);

    /// <summary>
    /// Takes the next token and returns the characters that it completed. Allocates nothing where the token is whole
    /// characters by itself and was met before.
    /// </summary>
    public string Push(uint id)
    {
        if (pendingCount == 0 && !dropsSpace && spelling.WholeText(id) is { } whole)
        {
            return whole;
        }

        ReadOnlySpan<byte> bytes = spelling.Of(id);
        if (bytes.IsEmpty)
        {
            return "";
        }

        if (dropsSpace && bytes[0] == ' ')
        {
            bytes = bytes[1..];
        }

        dropsSpace = false;
        return Decode(bytes);
    }

    /// <summary>Returns what an unfinished character became, at the end.</summary>
    public string Flush()
    {
        string rest = pendingCount > 0 ? "\ufffd" : "";
        pendingCount = 0;
        return rest;
    }

    private string Decode(ReadOnlySpan<byte> bytes)
    {
        byte[] all = [.. pending.AsSpan(0, pendingCount), .. bytes];
        StringBuilder text = new();
        ReadOnlySpan<byte> rest = all;
        pendingCount = 0;
        while (rest.Length > 0)
        {
            if (Rune.DecodeFromUtf8(rest, out Rune rune, out int length) == OperationStatus.NeedMoreData)
            {
                rest.CopyTo(pending);
                pendingCount = rest.Length;
                break;
            }

            text.Append(rune.ToString());
            rest = rest[length..];
        }

        return text.ToString();
    }
}
