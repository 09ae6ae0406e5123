namespace Camelid.ModelRuntime.Engine;

/// <summary>
/// How many tokens to guess: more after guesses that were right, fewer after wrong ones, and none for a while where
/// they keep being wrong and cost a row.
/// </summary>
internal sealed class DraftLength(int draftTokensMax)
{
    /// <summary>Fewest repeated tokens that make a guess worth a row of its own.</summary>
    internal const int MatchTokensMin = 2;

    private const int MissesMax = 3, PauseSteps = 16;
    private int length = 1;
    private int misses;
    private int pause;

    /// <summary>Tokens to guess in the next step.</summary>
    /// <param name="isFree">True where the first guess takes no row of its own.</param>
    internal int Next(bool isFree)
    {
        if (pause > 0)
        {
            pause--;
            return isFree ? Math.Min(1, draftTokensMax) : 0;
        }

        return Math.Min(length, draftTokensMax);
    }

    /// <summary>What came of a guess.</summary>
    /// <param name="drafted">Tokens guessed.</param>
    /// <param name="right">How many of them were right.</param>
    internal void Learn(int drafted, int right)
    {
        if (drafted == 0)
        {
            return;
        }

        length = right == drafted ? Math.Min(2 * length + 1, Math.Max(1, draftTokensMax)) : Math.Max(1, right);
        misses = right > 0 ? 0 : misses + 1;
        if (misses >= MissesMax)
        {
            (misses, pause) = (0, PauseSteps);
        }
    }
}
