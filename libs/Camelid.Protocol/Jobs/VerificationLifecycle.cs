namespace Camelid.Protocol.Jobs;

/// <summary>Rule J-11: what is known about a job's output. The other facet is <see cref="PaymentState"/>.</summary>
public enum VerificationState
{
    /// <summary>No state: has no successor.</summary>
    Unset = 0,

    /// <summary>Not checked yet.</summary>
    Pending = 1,

    /// <summary>Every rule of the job's level held. Terminal.</summary>
    Passed = 2,

    /// <summary>A rule was broken. Terminal.</summary>
    Failed = 3,

    /// <summary>Checked without a decision; a further check may decide.</summary>
    Inconclusive = 4,
}

/// <summary>What moves the verification on.</summary>
public enum VerificationCause
{
    /// <summary>No cause: moves nothing.</summary>
    Unset = 0,

    /// <summary>A verifier found every rule kept.</summary>
    RulesHeld = 1,

    /// <summary>A verifier found a rule broken.</summary>
    RuleBroken = 2,

    /// <summary>The tokens are lawful and a fingerprint is not, or the numerics classes differ.</summary>
    EvidenceUnclear = 3,

    /// <summary>No verifier answered in time.</summary>
    VerifierMissing = 4,
}

/// <summary>Rule J-11: the only ways from one verification state to the next.</summary>
public static class VerificationLifecycle
{
    /// <summary>True where nothing can follow.</summary>
    public static bool IsTerminal(VerificationState state) =>
        state is VerificationState.Passed or VerificationState.Failed;

    /// <summary>The next state, or null: impossible, and the caller refuses it aloud.</summary>
    public static VerificationState? Next(VerificationState state, VerificationCause cause) => (state, cause) switch
    {
        (VerificationState.Pending or VerificationState.Inconclusive, VerificationCause.RulesHeld)
            => VerificationState.Passed,
        (VerificationState.Pending or VerificationState.Inconclusive, VerificationCause.RuleBroken)
            => VerificationState.Failed,
        (VerificationState.Pending, VerificationCause.EvidenceUnclear or VerificationCause.VerifierMissing)
            => VerificationState.Inconclusive,
        _ => null,
    };

    /// <summary>The cause that a judged state is.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The state is not one that a judge gives.</exception>
    public static VerificationCause CauseOf(VerificationState judged) => judged switch
    {
        VerificationState.Passed => VerificationCause.RulesHeld,
        VerificationState.Failed => VerificationCause.RuleBroken,
        VerificationState.Inconclusive => VerificationCause.EvidenceUnclear,
        _ => throw new ArgumentOutOfRangeException(nameof(judged), judged, "no judge gives this state"),
    };
}
