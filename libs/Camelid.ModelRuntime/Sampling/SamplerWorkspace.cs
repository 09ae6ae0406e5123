using System.Diagnostics;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Camelid.ModelRuntime.Sampling;

/// <summary>
/// The buffers of a choice, made once for an engine: about 32 bytes for each token of the vocabulary. One thread at a
/// time; nothing is carried from one choice to the next.
/// </summary>
public sealed class SamplerWorkspace
{
    /// <summary>Largest vocabulary: with it a sum of weights stays below 2^63.</summary>
    public const int VocabularySizeMax = 1 << 22;

    internal const int BlockTokens = 64;

    private readonly float[] values;
    private readonly float[] blockMaxima;
    private int padded;

    /// <summary>Makes the buffers.</summary>
    /// <param name="vocabularySize">Tokens, 1 … <see cref="VocabularySizeMax"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The vocabulary is empty or too large.</exception>
    public SamplerWorkspace(int vocabularySize)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(vocabularySize, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(vocabularySize, VocabularySizeMax);
        VocabularySize = vocabularySize;
        int capacity = Padded(vocabularySize);
        values = new float[capacity];
        blockMaxima = new float[capacity / BlockTokens];
        Candidates = new CandidateList(capacity);
    }

    /// <summary>Tokens that there is room for.</summary>
    public int VocabularySize { get; }

    /// <summary>What filters leave, where filters ran.</summary>
    internal CandidateList Candidates { get; }

    /// <summary>[tokens, then padding] z; −∞ where a token takes no part.</summary>
    internal ReadOnlySpan<float> Values => values.AsSpan(0, padded);

    /// <summary>The greatest z of each 64 tokens.</summary>
    internal ReadOnlySpan<float> BlockMaxima => blockMaxima.AsSpan(0, padded / BlockTokens);

    /// <summary>The greatest z of all, finite.</summary>
    internal float Greatest { get; private set; }

    /// <summary>Copies the logits, to be adjusted.</summary>
    internal Span<float> Take(ReadOnlySpan<float> logits)
    {
        if (logits.Length > VocabularySize)
        {
            throw new ArgumentException(
                $"{logits.Length} logits, and the workspace has room for {VocabularySize}", nameof(logits));
        }

        padded = Padded(logits.Length);
        logits.CopyTo(values);
        values.AsSpan(logits.Length..padded).Fill(float.NegativeInfinity);
        return values.AsSpan(0, logits.Length);
    }

    /// <summary>
    /// Rule S-06: a token whose z is not finite takes no part; where none does, the choice is refused.
    /// </summary>
    internal void ExcludeNonFinite()
    {
        FindMaxima();
        if (!float.IsFinite(Greatest))
        {
            throw new ArgumentException("no logit is a finite number: the model or its input is broken");
        }
    }

    /// <summary>Rule S-07: at temperature 0 the greatest z is chosen, of equals the lowest id.</summary>
    internal uint ArgMax()
    {
        for (int block = 0; block < padded / BlockTokens; block++)
        {
            if (blockMaxima[block] == Greatest)
            {
                return (uint)(block * BlockTokens + FirstOf(Values.Slice(block * BlockTokens, BlockTokens), Greatest));
            }
        }

        throw new UnreachableException("the greatest value is in no block");
    }

    /// <summary>Leaves only the candidates in <see cref="Values"/>.</summary>
    internal void ExcludeAllButCandidates()
    {
        values.AsSpan(0, padded).Fill(float.NegativeInfinity);
        ReadOnlySpan<uint> ids = Candidates.Ids;
        ReadOnlySpan<float> kept = Candidates.Values;
        for (int i = 0; i < ids.Length; i++)
        {
            values[ids[i]] = kept[i];
        }

        FindMaxima();
    }

    private static int Padded(int tokens) => (tokens + BlockTokens - 1) / BlockTokens * BlockTokens;

    private static int FirstOf(ReadOnlySpan<float> block, float value)
    {
        for (int i = 0; i < block.Length; i++)
        {
            if (block[i] == value)
            {
                return i;
            }
        }

        throw new UnreachableException("a block lacks its maximum");
    }

    private void FindMaxima()
    {
        ref float first = ref MemoryMarshal.GetArrayDataReference(values);
        Vector<float> least = new(float.NegativeInfinity), infinity = new(float.PositiveInfinity);
        float greatest = float.NegativeInfinity;
        for (int start = 0; start < padded; start += BlockTokens)
        {
            Vector<float> most = least;
            for (int i = start; i < start + BlockTokens; i += Vector<float>.Count)
            {
                Vector<float> z = Vector.LoadUnsafe(ref first, (nuint)i);
                z = Vector.ConditionalSelect(Vector.LessThan(Vector.Abs(z), infinity), z, least);
                z.StoreUnsafe(ref first, (nuint)i);
                most = Vector.MaxNative(most, z);
            }

            float mostOfAll = most[0];
            for (int lane = 1; lane < Vector<float>.Count; lane++)
            {
                mostOfAll = mostOfAll < most[lane] ? most[lane] : mostOfAll;
            }

            blockMaxima[start / BlockTokens] = mostOfAll;
            greatest = greatest < mostOfAll ? mostOfAll : greatest;
        }

        Greatest = greatest;
    }
}
