namespace Camelid.ModelRuntime.Engine;

/// <summary>
/// Guesses how a sequence goes on: as it did the last time its present end occurred. Answers that quote, list or edit
/// their prompt repeat themselves often; a wrong guess costs nothing but its row.
/// </summary>
internal static class PromptLookup
{
    private const int MatchTokensMax = 4, LookBackTokensMax = 8192;

    /// <summary>
    /// Writes a guess behind a sequence and returns its length, 0 where nothing like its end occurred.
    /// </summary>
    /// <param name="sequence">The sequence, and room behind it for the guess.</param>
    /// <param name="length">Tokens of the sequence.</param>
    /// <param name="draftMax">Most tokens to guess.</param>
    /// <param name="matchMin">Fewest last tokens that must have occurred before.</param>
    internal static int Draft(Span<uint> sequence, int length, int draftMax, int matchMin)
    {
        int bestMatch = 0;
        int bestEnd = 0;
        ReadOnlySpan<uint> known = sequence[..length];
        uint last = known[^1];
        int first = Math.Max(0, length - LookBackTokensMax);
        for (int end = length - 1; end > first && bestMatch < MatchTokensMax;)
        {
            int at = first + known[first..end].LastIndexOf(last);
            if (at < first)
            {
                break;
            }

            int match = 1;
            while (match < MatchTokensMax && at - match >= 0 && known[at - match] == known[length - 1 - match])
            {
                match++;
            }

            if (match > bestMatch)
            {
                (bestMatch, bestEnd) = (match, at + 1);
            }

            end = at;
        }

        if (bestMatch < matchMin)
        {
            return 0;
        }

        int count = Math.Min(draftMax, sequence.Length - length);
        for (int i = 0; i < count; i++)
        {
            // Reads what it wrote where the sequence repeats itself with a period shorter than the guess.
            sequence[length + i] = sequence[bestEnd + i];
        }

        return count;
    }
}
