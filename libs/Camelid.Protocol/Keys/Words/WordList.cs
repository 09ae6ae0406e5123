namespace Camelid.Protocol.Keys;

/// <summary>The English word list of BIP39: 2,048 words, sorted, each known by its first four letters.</summary>
public static class WordList
{
    /// <summary>Words in the list.</summary>
    public const int Count = 2048;

    /// <summary>Most words that <see cref="Nearest"/> gives.</summary>
    public const int NearestMax = 3;

    private const string Resource = "Camelid.Protocol.Keys.Words.english.txt";

    /// <summary>More letters wrong than this, and a word is not a slip of another.</summary>
    private const int DistanceMax = 2;

    private static readonly string[] Words = EmbeddedText.Lines(Resource);

    /// <summary>The words in their order.</summary>
    public static IReadOnlyList<string> All => Words;

    /// <summary>The place of a word, or -1.</summary>
    public static int IndexOf(string word)
    {
        int index = Array.BinarySearch(Words, word, StringComparer.Ordinal);
        return index < 0 ? -1 : index;
    }

    /// <summary>
    /// The words that were most probably meant: least letters to change first, those that begin alike before others.
    /// </summary>
    public static IReadOnlyList<string> Nearest(string word)
    {
        ArgumentNullException.ThrowIfNull(word);
        string cut = word.Length > Mnemonic.WordLettersMax ? word[..Mnemonic.WordLettersMax] : word;
        return [.. Words.Select(candidate => (candidate, distance: Distance(cut, candidate)))
            .Where(pair => pair.distance <= DistanceMax || IsBeginning(cut, pair.candidate))
            .OrderBy(pair => pair.distance).ThenByDescending(pair => AlikeLetters(cut, pair.candidate))
            .Select(pair => pair.candidate).Take(NearestMax)];
    }

    private static bool IsBeginning(string word, string candidate) =>
        word.Length >= 3 && candidate.StartsWith(word, StringComparison.Ordinal);

    private static int AlikeLetters(string word, string candidate) =>
        word.AsSpan().CommonPrefixLength(candidate);

    /// <summary>Letters to insert, remove, replace or swap with their neighbour.</summary>
    private static int Distance(string left, string right)
    {
        int[,] cost = new int[left.Length + 1, right.Length + 1];
        for (int i = 0; i <= left.Length; i++)
        {
            for (int j = 0; j <= right.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    cost[i, j] = i + j;
                    continue;
                }

                int replaced = cost[i - 1, j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1);
                cost[i, j] = Math.Min(replaced, Math.Min(cost[i - 1, j], cost[i, j - 1]) + 1);
                if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1])
                {
                    cost[i, j] = Math.Min(cost[i, j], cost[i - 2, j - 2] + 1);
                }
            }
        }

        return cost[left.Length, right.Length];
    }
}
