using Camelid.Protocol.Jobs;

namespace Camelid.ModelRuntime.Sampling;

/// <summary>Where and after what a token is chosen.</summary>
/// <param name="SeedKey">Key of Philox, from the job's seed.</param>
/// <param name="Position">Index of the token in the output, from zero.</param>
/// <param name="History">What stands before it.</param>
public readonly record struct SamplingPosition(ulong SeedKey, uint Position, TokenHistory History);

/// <summary>
/// Chooses a token from logits. Every machine chooses the same: docs/protocol.md fixes the steps, their order and
/// their rounding (rules S-01 to S-16), noise is addressed by (seed, position, token id), and ties go to the lower id.
/// </summary>
/// <remarks>
/// Rules S-01 and S-02: a logit is a binary32 number; a decimal is its millionths divided by 1,000,000 in binary64, and
/// all arithmetic is binary64, one rounding for each operation, in the order written. What follows takes short ways,
/// none of which can be told from the plain one by its result.
/// </remarks>
public static class Sampler
{
    /// <summary>Chooses the token id, with buffers made for this one choice.</summary>
    /// <inheritdoc cref="Choose(ReadOnlySpan{float}, SamplingParameters, SamplingPosition, SamplerWorkspace)"/>
    public static uint Choose(ReadOnlySpan<float> logits, SamplingParameters parameters, SamplingPosition at) =>
        Choose(logits, parameters, at, new SamplerWorkspace(Math.Max(logits.Length, 1)));

    /// <summary>Chooses the token id. Allocates nothing.</summary>
    /// <param name="logits">One number for each token of the vocabulary.</param>
    /// <param name="parameters">How.</param>
    /// <param name="at">Where and after what.</param>
    /// <param name="workspace">Buffers for at least so many tokens; one thread at a time.</param>
    /// <exception cref="ArgumentException">No logit is a finite number, or the workspace is too small.</exception>
    public static uint Choose(
        ReadOnlySpan<float> logits, SamplingParameters parameters, SamplingPosition at, SamplerWorkspace workspace)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(workspace);
        Span<float> values = workspace.Take(logits);
        LogitAdjustments.Apply(values, parameters, at.History);
        workspace.ExcludeNonFinite();
        if (parameters.TemperatureMillionths == 0)
        {
            return workspace.ArgMax();
        }

        double temperature = Decimal(parameters.TemperatureMillionths);
        if (!CandidateFilter.IsNeeded(parameters))
        {
            return GumbelChoice.AmongAll(workspace, temperature, at);
        }

        CandidateFilter.Apply(workspace, parameters, temperature);
        return GumbelChoice.AmongCandidates(workspace, temperature, at);
    }

    /// <summary>Rule S-02: a decimal is its millionths divided by 1,000,000, once, in binary64.</summary>
    internal static double Decimal(long millionths) => millionths / 1_000_000.0;
}
