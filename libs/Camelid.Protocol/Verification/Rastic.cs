using Camelid.Protocol.Jobs;

namespace Camelid.Protocol.Verification;

/// <summary>
/// Random Autoregressive Subsampling for Token Integrity Checking (whitepaper 2.5), with its formulas repaired: the
/// served token is looked at, the prompt is not, and an end must be the sampler's choice.
/// </summary>
public static class Rastic
{
    /// <summary>Rules V-01 to V-05, in this order; the first broken one is named.</summary>
    /// <exception cref="ArgumentException">Lists of the evidence have different lengths.</exception>
    public static RasticVerdict Judge(RasticEvidence evidence)
    {
        CheckShape(evidence);
        return CheckChoices(evidence) ?? CheckTruncation(evidence) ?? CheckFinishReason(evidence)
            ?? CheckFingerprints(evidence) ?? RasticVerdict.Passed;
    }

    /// <summary>
    /// Rules V-01 and V-02: at each checked position the served token is the sampler's choice. A served end token that
    /// is not the choice breaks V-03, unless the output would have ended there anyway.
    /// </summary>
    private static RasticVerdict? CheckChoices(RasticEvidence evidence)
    {
        int last = evidence.Served.Length - 1;
        foreach (int position in evidence.Positions ?? [.. Enumerable.Range(0, evidence.Served.Length)])
        {
            if (evidence.Served[position] == evidence.Choices[position])
            {
                continue;
            }

            bool falseEnd = position == last && evidence.EndTokens.Contains(evidence.Served[last])
                && !EndsWithoutEndToken(evidence);
            RasticFinding finding = falseEnd ? RasticFinding.Truncation
                : position == 0 ? RasticFinding.Continuity : RasticFinding.Integrity;
            return Failed(finding, position, evidence.Choices[position]);
        }

        return null;
    }

    /// <summary>
    /// Rule V-03: the output ends at the first end token or stop string, at a signed cancellation, or at T, and nowhere
    /// else. The paper asks only the one half; going on after an end would sell tokens that nobody ordered.
    /// </summary>
    private static RasticVerdict? CheckTruncation(RasticEvidence evidence)
    {
        int count = evidence.Served.Length;
        if (count > evidence.MaxTokens)
        {
            return Failed(RasticFinding.Truncation, (int)evidence.MaxTokens, null);
        }

        int end = Array.FindIndex(evidence.Served, evidence.EndTokens.Contains);
        int stop = evidence.StopStringPosition;
        int first = end < 0 ? stop : stop < 0 ? end : Math.Min(end, stop);
        if (first >= 0 && first < count - 1)
        {
            return Failed(RasticFinding.Truncation, first + 1, null);
        }

        bool ends = first >= 0 || EndsWithoutEndToken(evidence);
        return ends ? null : Failed(RasticFinding.Truncation, count, null);
    }

    /// <summary>Rule V-05: the reason named is one that holds.</summary>
    private static RasticVerdict? CheckFinishReason(RasticEvidence evidence)
    {
        int count = evidence.Served.Length;
        bool holds = evidence.FinishReason switch
        {
            FinishReason.Stop => count > 0
                && (evidence.StopStringPosition == count - 1 || evidence.EndTokens.Contains(evidence.Served[^1])),
            FinishReason.Length => count == evidence.MaxTokens,
            FinishReason.Cancelled => evidence.CancelSigned,
            _ => false,
        };
        return holds ? null : Failed(RasticFinding.FinishReason, Math.Max(0, count - 1), null);
    }

    /// <summary>
    /// Rule V-04: in one numerics class logits are bitwise equal; a difference alone proves no wrong token.
    /// </summary>
    private static RasticVerdict? CheckFingerprints(RasticEvidence evidence)
    {
        if (evidence.Fingerprints.Length == 0)
        {
            return null;
        }

        foreach (int position in evidence.Positions ?? [.. Enumerable.Range(0, evidence.Served.Length)])
        {
            if (evidence.ServedFingerprints[position] != evidence.Fingerprints[position])
            {
                return new RasticVerdict(
                    VerificationState.Inconclusive, RasticFinding.Fingerprint, position, null);
            }
        }

        return null;
    }

    private static bool EndsWithoutEndToken(RasticEvidence evidence)
    {
        int count = evidence.Served.Length;
        return evidence.CancelSigned || count == evidence.MaxTokens
            || (count > 0 && evidence.StopStringPosition == count - 1);
    }

    private static void CheckShape(RasticEvidence evidence)
    {
        int count = evidence.Served.Length;
        bool sameLengths = evidence.Choices.Length == count
            && (evidence.Fingerprints.Length == 0
                || (evidence.Fingerprints.Length == count && evidence.ServedFingerprints.Length == count));
        bool positionsInside = evidence.Positions?.All(position => position >= 0 && position < count) ?? true;
        if (!sameLengths || !positionsInside || evidence.StopStringPosition >= count)
        {
            throw new ArgumentException(
                $"evidence for {count} tokens has lists or positions of another length", nameof(evidence));
        }
    }

    private static RasticVerdict Failed(RasticFinding finding, int position, uint? expected) =>
        new(VerificationState.Failed, finding, position, expected);
}
