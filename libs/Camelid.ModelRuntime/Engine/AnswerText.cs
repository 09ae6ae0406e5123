using System.Text;
using Camelid.ModelRuntime.Tokenization;

namespace Camelid.ModelRuntime.Engine;

/// <summary>The text of an output whose tokens were bought: the one that the engine would have streamed.</summary>
public static class AnswerText
{
    /// <summary>Detokenises an answer up to its end token or stop string, neither of which is part of it.</summary>
    /// <param name="tokenizer">The model's.</param>
    /// <param name="tokens">The output tokens (B), without the prompt.</param>
    /// <param name="endTokens">Ids that end an output: the model's and the job's.</param>
    /// <param name="stopStrings">Texts that end an output.</param>
    public static string Of(
        ModelTokenizer tokenizer, ReadOnlySpan<uint> tokens, IReadOnlySet<uint> endTokens,
        IReadOnlyList<string> stopStrings)
    {
        StreamingDetokenizer stream = tokenizer.CreateStream();
        StopStringScanner scanner = new(stopStrings);
        StringBuilder text = new();
        foreach (uint token in tokens)
        {
            if (endTokens.Contains(token) || scanner.Met is not null)
            {
                break;
            }

            text.Append(scanner.Push(stream.Push(token)));
        }

        text.Append(scanner.Flush());
        return scanner.Met is null ? text.Append(stream.Flush()).ToString() : text.ToString();
    }
}
