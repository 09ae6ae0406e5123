namespace Camelid.ModelRuntime.Tokenization;

/// <summary>
/// Merges neighbouring tokens of a word: always the pair of lowest rank, the leftmost of them. A heap keeps it
/// n·log(n) in the length of the word, so that a megabyte without a space is no attack.
/// </summary>
internal sealed class PairMerger
{
    private readonly Dictionary<ulong, (uint Rank, uint Merged)> ranks;

    /// <param name="merges">Pairs in the order of their ranks.</param>
    /// <param name="forbidden">Tokens that no merge may give: special ones.</param>
    internal PairMerger(IReadOnlyList<(uint Left, uint Right, uint Merged)> merges, IReadOnlySet<uint> forbidden)
    {
        ranks = new Dictionary<ulong, (uint Rank, uint Merged)>(merges.Count);
        for (int rank = 0; rank < merges.Count; rank++)
        {
            (uint left, uint right, uint merged) = merges[rank];
            if (!forbidden.Contains(merged))
            {
                // A pair that stands twice keeps its last rank, as in the reference implementation.
                ranks[Key(left, right)] = ((uint)rank, merged);
            }
        }
    }

    /// <summary>Merges the symbols of a word and appends what is left.</summary>
    internal void Merge(List<uint> symbols, List<uint> output)
    {
        if (symbols.Count == 1)
        {
            output.Add(symbols[0]);
            return;
        }

        int count = symbols.Count;
        int[] next = new int[count], previous = new int[count];
        bool[] gone = new bool[count];
        PriorityQueue<Candidate, ulong> heap = new();
        for (int i = 0; i < count; i++)
        {
            (next[i], previous[i]) = (i + 1, i - 1);
            Propose(symbols, i, i + 1, heap);
        }

        while (heap.TryDequeue(out Candidate best, out _))
        {
            int right = gone[best.Left] ? count : next[best.Left];
            if (right >= count || symbols[best.Left] != best.LeftToken || symbols[right] != best.RightToken)
            {
                continue;
            }

            symbols[best.Left] = best.Merged;
            gone[right] = true;
            next[best.Left] = next[right];
            if (next[right] < count)
            {
                previous[next[right]] = best.Left;
            }

            Propose(symbols, best.Left, next[best.Left], heap);
            if (previous[best.Left] >= 0)
            {
                Propose(symbols, previous[best.Left], best.Left, heap);
            }
        }

        for (int i = 0; i < count; i = next[i])
        {
            output.Add(symbols[i]);
        }
    }

    private void Propose(List<uint> symbols, int left, int right, PriorityQueue<Candidate, ulong> heap)
    {
        if (right < symbols.Count
            && ranks.TryGetValue(Key(symbols[left], symbols[right]), out (uint Rank, uint Merged) found))
        {
            Candidate candidate = new(left, symbols[left], symbols[right], found.Merged);
            heap.Enqueue(candidate, ((ulong)found.Rank << 32) | (uint)left);
        }
    }

    private static ulong Key(uint left, uint right) => ((ulong)left << 32) | right;

    private readonly record struct Candidate(int Left, uint LeftToken, uint RightToken, uint Merged);
}
