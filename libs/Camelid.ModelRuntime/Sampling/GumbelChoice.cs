using System.Numerics;
using System.Runtime.InteropServices;

namespace Camelid.ModelRuntime.Sampling;

/// <summary>
/// Rule S-14: the token of the greatest x − ln(−ln u), of equals the lowest id, with u = (bits + ½)·2^−32: a draw from
/// the softmax of x.
/// </summary>
/// <remarks>
/// −ln u ≥ 1 − u, so that −ln(−ln u) ≤ −ln(1 − u), of which the leading bits of u tell enough: a token whose x plus
/// this bound stays below the best score so far need not be evaluated. The bounds are binary32 with a slack far above
/// their rounding; what is evaluated is evaluated exactly as the rule says.
/// </remarks>
internal static class GumbelChoice
{
    private const double BitsScale = 1.0 / 4294967296.0;

    /// <summary>More candidates than this are cheaper to look at side by side.</summary>
    private const int ScalarCandidatesMax = 256;

    /// <summary>−ln 2^−33, the greatest noise, is 22.87.</summary>
    private const float NoiseMost = 22.9f, Slack = 0.01f;

    /// <summary>A difference of binary32 values times the inverse temperature errs by less than this factor.</summary>
    private const float Shrink = 1 - 1f / (1 << 20);

    /// <summary>
    /// ln(1 − u) is at least ln 2 · (B·2^−23 − 158) where B are the bits of (2^32 − 1 − bits)/2 as a binary32 number:
    /// exponent and mantissa, read as one number, never exceed the logarithm.
    /// </summary>
    private const float Ln2 = 0.6931472f, BoundOffset = 158 * Ln2, BoundScale = Ln2 / (1 << 23);

    /// <summary>Chooses among all tokens that take part.</summary>
    internal static uint AmongAll(SamplerWorkspace workspace, double temperature, SamplingPosition at)
    {
        Contest contest = new(workspace.Greatest, temperature);
        // The likeliest first: it raises the bar.
        uint likeliest = workspace.ArgMax();
        contest.Enter(likeliest, workspace.Greatest, Philox4x32.Bits(at.SeedKey, at.Position, likeliest));
        ReadOnlySpan<float> maxima = workspace.BlockMaxima;
        Span<uint> bits = stackalloc uint[SamplerWorkspace.BlockTokens];
        for (int block = 0; block < maxima.Length; block++)
        {
            if (!(contest.Distance(maxima[block]) <= NoiseMost + contest.Reach))
            {
                continue;
            }

            int start = block * SamplerWorkspace.BlockTokens;
            PhiloxBlock.Fill(at.SeedKey, at.Position, (uint)start, bits);
            EnterBlock(ref contest, workspace.Values.Slice(start, bits.Length), bits, (uint)start);
        }

        return contest.Choice;
    }

    /// <summary>Chooses among the workspace's candidates.</summary>
    internal static uint AmongCandidates(SamplerWorkspace workspace, double temperature, SamplingPosition at)
    {
        ReadOnlySpan<uint> ids = workspace.Candidates.Ids;
        if (ids.Length > ScalarCandidatesMax)
        {
            workspace.ExcludeAllButCandidates();
            return AmongAll(workspace, temperature, at);
        }

        Contest contest = new(workspace.Greatest, temperature);
        for (int i = 0; i < ids.Length; i++)
        {
            contest.Enter(
                ids[i], workspace.Candidates.Values[i], Philox4x32.Bits(at.SeedKey, at.Position, ids[i]));
        }

        return contest.Choice;
    }

    private static void EnterBlock(
        ref Contest contest, ReadOnlySpan<float> values, ReadOnlySpan<uint> bits, uint firstToken)
    {
        ref float value = ref MemoryMarshal.GetReference(values);
        ref uint word = ref MemoryMarshal.GetReference(bits);
        Vector<float> greatest = new(contest.Greatest), scale = new(contest.DistanceScale);
        for (int i = 0; i < values.Length; i += Vector<float>.Count)
        {
            Vector<float> distance = (greatest - Vector.LoadUnsafe(ref value, (nuint)i)) * scale;
            Vector<int> rest = Vector.AsVectorInt32(~Vector.LoadUnsafe(ref word, (nuint)i) >>> 1);
            Vector<float> logarithm = Vector.ConvertToSingle(Vector.AsVectorInt32(Vector.ConvertToSingle(rest)));
            Vector<float> bound = new Vector<float>(BoundOffset + contest.Reach)
                - logarithm * new Vector<float>(BoundScale);
            if (!Vector.LessThanOrEqualAny(distance, bound))
            {
                continue;
            }

            Vector<int> open = Vector.LessThanOrEqual(distance, bound);
            for (int lane = 0; lane < Vector<int>.Count; lane++)
            {
                if (open[lane] != 0)
                {
                    contest.Enter(firstToken + (uint)(i + lane), values[i + lane], bits[i + lane]);
                }
            }
        }
    }

    /// <summary>The best score so far, and what another must do to beat it.</summary>
    private struct Contest(float greatest, double temperature)
    {
        private double best = double.NegativeInfinity;

        internal float Greatest { get; } = greatest;

        internal float DistanceScale { get; } = (float)(1 / temperature) * Shrink;

        /// <summary>A token can win only if its distance is at most its noise plus this.</summary>
        internal float Reach { get; private set; } = float.PositiveInfinity;

        internal uint Choice { get; private set; }

        /// <summary>At most −x.</summary>
        internal readonly float Distance(float value) => (Greatest - value) * DistanceScale;

        /// <summary>Rule S-08: x = (z − the greatest z) / T in binary64, two roundings.</summary>
        internal void Enter(uint id, float value, uint bits)
        {
            double x = ((double)value - Greatest) / temperature;
            double u = (bits + 0.5) * BitsScale;
            double score = x - FixedMath.Log(-FixedMath.Log(u));
            if (score > best || (score == best && id < Choice))
            {
                (best, Choice) = (score, id);
                Reach = (float)-score + Slack;
            }
        }
    }
}
