using Camelid.Protocol.Jobs;

namespace Camelid.ModelRuntime.Sampling;

/// <summary>Top-k, top-p and min-p, in this order, by partial selection.</summary>
/// <remarks>
/// Each step may first let fall what it cannot keep by a bound that is safe against rounding: a prefix of the order
/// is found right among any tokens that hold the whole prefix.
/// </remarks>
internal static class CandidateFilter
{
    /// <summary>How far below its exact place a bound in x is drawn; rounding is smaller by many orders.</summary>
    private const double Slack = 0.01;

    /// <summary>False where all tokens stay.</summary>
    internal static bool IsNeeded(SamplingParameters parameters) => parameters.TopK != 0
        || parameters.TopPMillionths != SamplingParameters.One || parameters.MinPMillionths != 0;

    /// <summary>Puts the tokens that stay into the workspace's candidates.</summary>
    internal static void Apply(SamplerWorkspace workspace, SamplingParameters parameters, double temperature)
    {
        CandidateList candidates = workspace.Candidates;
        candidates.Gather(workspace, LeastCandidate(workspace, parameters, temperature));
        if (parameters.TopK != 0)
        {
            KeepTopK(candidates, parameters.TopK);
        }

        bool nucleus = parameters.TopPMillionths != SamplingParameters.One;
        if (!nucleus && parameters.MinPMillionths == 0)
        {
            return;
        }

        long sum = candidates.Weigh(workspace.Greatest, temperature);
        if (nucleus)
        {
            KeepNucleus(candidates, sum, parameters.TopPMillionths);
        }

        KeepLikely(candidates, parameters.MinPMillionths);
    }

    /// <summary>A value that every token reaches that can matter to the first filter.</summary>
    private static float LeastCandidate(SamplerWorkspace workspace, SamplingParameters parameters, double temperature)
    {
        if (parameters.TopK != 0)
        {
            // k blocks have a token of at least this value, so the k best tokens have it.
            float least = workspace.Candidates.LeastOfGreatest(
                workspace.BlockMaxima, (int)Math.Min(parameters.TopK, int.MaxValue));
            return Math.Max(least, float.MinValue);
        }

        double x = parameters.TopPMillionths != SamplingParameters.One
            ? CandidateList.WeightlessBelow
            : FixedMath.Log(Sampler.Decimal(parameters.MinPMillionths));
        return Math.Max((float)(workspace.Greatest + (x - Slack) * temperature), float.MinValue);
    }

    /// <summary>Rule S-09: the first k in the order of z descending, id ascending.</summary>
    private static void KeepTopK(CandidateList candidates, uint k)
    {
        if (k < candidates.Ids.Length)
        {
            candidates.KeepPrefix(k, byWeight: false);
        }
    }

    /// <summary>
    /// Rule S-11: with S the sum of the weights, a token stays where 1,000,000 × the weights before it is less than
    /// p × S, p in millionths: integers, exact in any order of summing.
    /// </summary>
    private static void KeepNucleus(CandidateList candidates, long sum, uint p)
    {
        long limit = (long)(((UInt128)p * (ulong)sum + SamplingParameters.One - 1) / SamplingParameters.One);
        // What lies after a token of the order weighs at most one unit more than it (the exponential may err in its
        // last bit). So a token stays only if so many of its weight could make up what the limit leaves out.
        candidates.KeepHeavy((sum - limit) / candidates.Ids.Length);
        candidates.KeepPrefix(limit, byWeight: true);
    }

    /// <summary>Rule S-12: of these a token stays where 1,000,000 × its weight is at least m × 2^40.</summary>
    private static void KeepLikely(CandidateList candidates, uint m)
    {
        if (m != 0)
        {
            long units = (long)CandidateList.WeightUnits;
            candidates.KeepHeavy((m * units + SamplingParameters.One - 1) / SamplingParameters.One);
        }
    }
}
