using System.Text;

namespace Camelid.ModelRuntime.Tokenization;

/// <summary>
/// Turns tokens into text as they come. A character whose bytes are spread over tokens appears when it is whole;
/// bytes that can never become one appear as U+FFFD. The pieces together equal the decoding of all tokens at once.
/// </summary>
public sealed class StreamingDetokenizer
{
    private readonly Decoder decoder = Encoding.UTF8.GetDecoder();
    private readonly TokenSpelling spelling;

    internal StreamingDetokenizer(TokenSpelling spelling) => this.spelling = spelling;

    /// <summary>Takes the next token and returns the characters that it completed.</summary>
    public string Push(uint id) => Decode(spelling.Of(id), flush: false);

    /// <summary>Returns what an unfinished character became, at the end.</summary>
    public string Flush() => Decode([], flush: true);

    private string Decode(ReadOnlySpan<byte> bytes, bool flush)
    {
        char[] characters = new char[decoder.GetCharCount(bytes, flush)];
        int count = decoder.GetChars(bytes, characters, flush);
        return new string(characters, 0, count);
    }
}
