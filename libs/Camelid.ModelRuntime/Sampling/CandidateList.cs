using System.Diagnostics;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Camelid.ModelRuntime.Sampling;

/// <summary>Tokens that are still in the choice, by ascending id, with their values and weights.</summary>
internal sealed class CandidateList(int capacity)
{
    /// <summary>Rule S-10: a weight is counted in units of 2^−40.</summary>
    internal const double WeightUnits = 1L << 40;

    /// <summary>e^−28 is less than 2^−40: from here on a weight is zero.</summary>
    internal const double WeightlessBelow = -28;

    private readonly uint[] ids = new uint[capacity];
    private readonly float[] values = new float[capacity];
    private readonly long[] weights = new long[capacity];
    private readonly PrefixCut cut = new(capacity);
    private int count;

    internal ReadOnlySpan<uint> Ids => ids.AsSpan(0, count);

    internal ReadOnlySpan<float> Values => values.AsSpan(0, count);

    internal ReadOnlySpan<long> Weights => weights.AsSpan(0, count);

    /// <summary>Takes in the tokens of at least a value.</summary>
    internal void Gather(SamplerWorkspace workspace, float least)
    {
        ReadOnlySpan<float> from = workspace.Values;
        ReadOnlySpan<float> maxima = workspace.BlockMaxima;
        Span<uint> keptIds = ids;
        Span<float> keptValues = values;
        int kept = 0;
        for (int block = 0; block < maxima.Length; block++)
        {
            if (maxima[block] < least)
            {
                continue;
            }

            int start = block * SamplerWorkspace.BlockTokens;
            ReadOnlySpan<float> tokens = from.Slice(start, SamplerWorkspace.BlockTokens);
            for (int i = 0; i < tokens.Length; i++)
            {
                // Written always and counted sometimes: a branch here would be guessed wrong half of the time.
                (keptIds[kept], keptValues[kept]) = ((uint)(start + i), tokens[i]);
                kept += tokens[i] >= least ? 1 : 0;
            }
        }

        count = kept;
    }

    /// <summary>Rule S-10: the weight of each is ⌊e^x·2^40⌋ with x of rule S-08. Returns their exact sum.</summary>
    internal long Weigh(float greatest, double temperature)
    {
        ref float first = ref MemoryMarshal.GetArrayDataReference(values);
        ref long weight = ref MemoryMarshal.GetArrayDataReference(weights);
        Vector<double> subtrahend = new((double)greatest), divisor = new(temperature);
        Vector<long> sums = Vector<long>.Zero;
        int done = 0;
        for (; done <= count - Vector<float>.Count; done += Vector<float>.Count)
        {
            Vector.Widen(Vector.LoadUnsafe(ref first, (nuint)done), out Vector<double> low, out Vector<double> high);
            Vector<long> lowWeights = WeightsOf((low - subtrahend) / divisor);
            Vector<long> highWeights = WeightsOf((high - subtrahend) / divisor);
            lowWeights.StoreUnsafe(ref weight, (nuint)done);
            highWeights.StoreUnsafe(ref weight, (nuint)(done + Vector<long>.Count));
            sums += lowWeights + highWeights;
        }

        long sum = Vector.Sum(sums);
        for (; done < count; done++)
        {
            weights[done] = (long)(FixedMath.Exp(((double)values[done] - greatest) / temperature) * WeightUnits);
            sum += weights[done];
        }

        return sum;
    }

    /// <summary>Counts each as one, where <see cref="KeepPrefix"/> is to count tokens.</summary>
    internal void WeighEqually() => weights.AsSpan(0, count).Fill(1);

    /// <summary>Keeps those of at least a weight.</summary>
    internal void KeepHeavy(long least)
    {
        Span<uint> someIds = ids;
        Span<float> someValues = values;
        Span<long> someWeights = weights;
        int kept = 0;
        for (int i = 0; i < count; i++)
        {
            long weight = someWeights[i];
            (someIds[kept], someValues[kept], someWeights[kept]) = (someIds[i], someValues[i], weight);
            kept += weight >= least ? 1 : 0;
        }

        count = kept;
    }

    /// <summary>
    /// In the order of value descending, id ascending: keeps a token where the weights before it are less than a limit.
    /// </summary>
    /// <param name="limit">At least 1, and at most all weights together.</param>
    /// <param name="greatest">The greatest value.</param>
    internal void KeepPrefix(long limit, float greatest)
    {
        (float least, long before) = cut.Find(Values, Weights, limit, greatest);
        Span<uint> someIds = ids;
        Span<float> someValues = values;
        Span<long> someWeights = weights;
        int kept = 0;
        for (int i = 0; i < count; i++)
        {
            (float value, long weight) = (someValues[i], someWeights[i]);
            (someIds[kept], someValues[kept], someWeights[kept]) = (someIds[i], value, weight);
            kept += value > least ? 1 : 0;
            if (value == least && before < limit)
            {
                before += weight;
                kept++;
            }
        }

        count = kept > 0 ? kept : throw new UnreachableException("a filter left nothing");
    }

    /// <summary>A value that the k greatest of some values, no more than there is room for, all reach.</summary>
    internal float LeastOfGreatest(ReadOnlySpan<float> some, int k, float greatest)
    {
        if (k > some.Length)
        {
            return float.NegativeInfinity;
        }

        Span<long> ones = weights.AsSpan(0, some.Length);
        ones.Fill(1);
        return cut.Find(some, ones, k, greatest).Value;
    }

    private static Vector<long> WeightsOf(Vector<double> x) => FixedMath.Floor(
        FixedMath.Exp(Vector.MaxNative(x, new Vector<double>(WeightlessBelow))) * new Vector<double>(WeightUnits));
}
