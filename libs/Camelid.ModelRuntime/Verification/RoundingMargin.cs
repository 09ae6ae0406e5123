using Camelid.ModelRuntime.Packages;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Verification;

namespace Camelid.ModelRuntime.Verification;

/// <summary>What a verifier of one numerics class may say about an output of another.</summary>
public static class RoundingMargin
{
    /// <summary>
    /// How far logits of two classes lie apart at most, in logits: more than what was measured between kernels
    /// (docs/numerics.md). What lies beyond is not called rounding.
    /// </summary>
    /// <param name="precision">The model's precision.</param>
    public static double Of(string precision) => precision switch
    {
        Precision.Single => 1.0 / 1024,
        Precision.Half => 0.125,
        Precision.Int8 => 0.5,
        Precision.Int4 => 0.5,
        _ => throw new ArgumentException($"no such precision: {precision}", nameof(precision)),
    };

    /// <summary>
    /// Rule V-09: judges an output of another class. Fingerprints say nothing. A served token that not even 4 logits
    /// make the choice fails; else what of the output does not depend on logits is judged; else a token that is not the
    /// choice is inconclusive, named as rounding where every one is within the margin of the model's precision.
    /// </summary>
    /// <remarks>
    /// A verdict across classes refuses or escalates. It is never evidence against a stake: only a recomputation in the
    /// worker's own class is.
    /// </remarks>
    /// <param name="evidence">What was served, and recomputed here.</param>
    /// <param name="recomputed">The recomputation, with margins.</param>
    /// <param name="precision">The model's precision.</param>
    public static RasticVerdict Judge(RasticEvidence evidence, RecomputedOutput recomputed, string precision)
    {
        RasticEvidence plain = evidence with { Fingerprints = [] };
        RasticVerdict beyond = Rastic.Judge(plain with { Choices = Excusing(plain, recomputed, ChoiceMargin.Most) });
        if (beyond.State != VerificationState.Passed)
        {
            return beyond;
        }

        RasticVerdict verdict = Rastic.Judge(plain with { Choices = Excusing(plain, recomputed, Of(precision)) });
        if (verdict.State == VerificationState.Passed)
        {
            verdict = Rastic.Judge(plain) with { Finding = RasticFinding.Rounding };
            return verdict.State == VerificationState.Passed ? RasticVerdict.Passed : Doubted(verdict);
        }

        return Doubted(verdict);
    }

    private static RasticVerdict Doubted(RasticVerdict verdict) =>
        verdict with { State = VerificationState.Inconclusive };

    /// <summary>The choices, but for served tokens whose margin is at most so many logits: those stand.</summary>
    private static uint[] Excusing(RasticEvidence evidence, RecomputedOutput recomputed, double logits) =>
        [.. evidence.Choices.Select((choice, position) =>
            recomputed.Margins[position] <= logits ? evidence.Served[position] : choice)];
}
