using System.Diagnostics;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Verification;

namespace Camelid.Verifier.Verdicts;

/// <summary>The words for verdicts in messages and rows.</summary>
internal static class VerdictNames
{
    public static string Of(VerificationState state) => state switch
    {
        VerificationState.Passed => "passed",
        VerificationState.Failed => "failed",
        VerificationState.Inconclusive => "inconclusive",
        _ => throw new UnreachableException($"{state} is no verdict"),
    };

    public static string Of(RasticFinding finding) => finding switch
    {
        RasticFinding.None => "",
        RasticFinding.Continuity => "continuity",
        RasticFinding.Integrity => "integrity",
        RasticFinding.Truncation => "truncation",
        RasticFinding.Fingerprint => "fingerprint",
        RasticFinding.FinishReason => "finish-reason",
        RasticFinding.Rounding => "rounding",
        _ => throw new UnreachableException($"{finding} is no finding"),
    };

    public static string Of(VerificationLevel level) => level switch
    {
        VerificationLevel.Spot => "spot",
        VerificationLevel.Sampled => "sampled",
        VerificationLevel.Full => "full",
        _ => throw new UnreachableException($"{level} is no level"),
    };
}
