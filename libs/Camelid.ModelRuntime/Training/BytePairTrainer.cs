using System.Text;
using System.Text.RegularExpressions;

namespace Camelid.ModelRuntime.Training;

/// <summary>
/// Learns a byte-level byte-pair vocabulary: words are split as GPT-2 splits them, and the most frequent neighbouring
/// pair becomes a token, until the vocabulary is full. Ties go to the pair of lower ids, so that the result is one.
/// </summary>
public static partial class BytePairTrainer
{
    /// <summary>
    /// Learns <paramref name="vocabularySize"/> − <paramref name="specialTokens"/>.Count − 256 merges.
    /// </summary>
    /// <param name="texts">What to count words in.</param>
    /// <param name="specialTokens">They take the first ids; the 256 bytes follow, then the merges in order.</param>
    /// <param name="vocabularySize">Tokens in all.</param>
    public static BytePairVocabulary Train(
        IEnumerable<string> texts, IReadOnlyList<string> specialTokens, int vocabularySize)
    {
        Dictionary<string, int> counts = new(StringComparer.Ordinal);
        foreach (Match word in texts.SelectMany(text => WordPattern().Matches(text)))
        {
            counts[word.Value] = counts.GetValueOrDefault(word.Value) + 1;
        }

        uint byteBase = (uint)specialTokens.Count;
        List<(List<uint> Ids, int Count)> words = [.. counts.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(
            pair => (Encoding.UTF8.GetBytes(pair.Key).Select(value => byteBase + value).ToList(), pair.Value))];
        List<(uint Left, uint Right)> merges = [];
        Dictionary<uint, string> spelling = [];
        for (uint value = 0; value < 256; value++)
        {
            spelling[byteBase + value] = ((char)value).ToString();
        }

        while (byteBase + 256 + merges.Count < vocabularySize && Best(words, spelling) is (uint, uint) best)
        {
            uint id = byteBase + 256 + (uint)merges.Count;
            merges.Add(best);
            spelling[id] = spelling[best.Left] + spelling[best.Right];
            foreach ((List<uint> ids, int _) in words)
            {
                Merge(ids, best, id);
            }
        }

        return new BytePairVocabulary(specialTokens, merges);
    }

    /// <summary>
    /// The most frequent pair whose spelling is not a token yet: a vocabulary file has one id for a spelling.
    /// </summary>
    private static (uint Left, uint Right)? Best(
        List<(List<uint> Ids, int Count)> words, Dictionary<uint, string> spelling)
    {
        HashSet<string> taken = [.. spelling.Values];
        Dictionary<(uint, uint), long> pairs = [];
        foreach ((List<uint> ids, int count) in words)
        {
            for (int i = 1; i < ids.Count; i++)
            {
                pairs[(ids[i - 1], ids[i])] = pairs.GetValueOrDefault((ids[i - 1], ids[i])) + count;
            }
        }

        return pairs
            .OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key)
            .Where(pair => !taken.Contains(spelling[pair.Key.Item1] + spelling[pair.Key.Item2]))
            .Select(pair => ((uint, uint)?)pair.Key)
            .FirstOrDefault();
    }

    internal static void Merge(List<uint> ids, (uint Left, uint Right) pair, uint id)
    {
        for (int i = 0; i + 1 < ids.Count; i++)
        {
            if (ids[i] == pair.Left && ids[i + 1] == pair.Right)
            {
                ids[i] = id;
                ids.RemoveAt(i + 1);
            }
        }
    }

    /// <summary>GPT-2's split of text into words, a leading space included.</summary>
    [GeneratedRegex(@"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")]
    internal static partial Regex WordPattern();
}
