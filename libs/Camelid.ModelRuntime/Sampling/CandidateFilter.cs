using Camelid.Protocol.Jobs;

namespace Camelid.ModelRuntime.Sampling;

/// <summary>Top-k, top-p and min-p, in this order, by partial selection.</summary>
/// <remarks>
/// What the first filter cannot keep is let fall before it by a bound that is safe against rounding: a prefix of the
/// order is found right among any tokens that hold the whole prefix.
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
            KeepTopK(candidates, parameters.TopK, workspace.Greatest);
        }

        bool nucleus = parameters.TopPMillionths != SamplingParameters.One;
        if (!nucleus && parameters.MinPMillionths == 0)
        {
            return;
        }

        long sum = candidates.Weigh(workspace.Greatest, temperature);
        if (nucleus)
        {
            KeepNucleus(candidates, sum, parameters.TopPMillionths, workspace.Greatest);
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
                workspace.BlockMaxima, (int)Math.Min(parameters.TopK, int.MaxValue), workspace.Greatest);
            return Math.Max(least, float.MinValue);
        }

        double x = parameters.TopPMillionths != SamplingParameters.One
            ? CandidateList.WeightlessBelow
            : FixedMath.Log(Sampler.Decimal(parameters.MinPMillionths));
        return Math.Max((float)(workspace.Greatest + (x - Slack) * temperature), float.MinValue);
    }

    /// <summary>Rule S-09: the first k in the order of z descending, id ascending.</summary>
    private static void KeepTopK(CandidateList candidates, uint k, float greatest)
    {
        if (k < candidates.Ids.Length)
        {
            candidates.WeighEqually();
            candidates.KeepPrefix(k, greatest);
        }
    }

    /// <summary>
    /// Rule S-11: with S the sum of the weights, a token stays where 1,000,000 × the weights before it is less than
    /// p × S, p in millionths: integers, exact in any order of summing.
    /// </summary>
    private static void KeepNucleus(CandidateList candidates, long sum, uint p, float greatest)
    {
        long limit = (long)(((UInt128)p * (ulong)sum + SamplingParameters.One - 1) / SamplingParameters.One);
        candidates.KeepPrefix(limit, greatest);
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
