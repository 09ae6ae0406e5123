using Camelid.Protocol.Jobs;

namespace Camelid.Protocol.Verification;

/// <summary>
/// What RASTiC judges: an output as served, and the same positions recomputed over the served tokens.
/// </summary>
public sealed record RasticEvidence
{
    /// <summary>The served output y (B).</summary>
    public required uint[] Served { get; init; }

    /// <summary>
    /// The seeded sampler's choice at each position after prompt ‖ y[0..t) (B); only checked positions are read.
    /// </summary>
    public required uint[] Choices { get; init; }

    /// <summary>The model's end tokens and the job's stop tokens together.</summary>
    public required IReadOnlyCollection<uint> EndTokens { get; init; }

    /// <summary>The job's largest number of output tokens T.</summary>
    public required uint MaxTokens { get; init; }

    /// <summary>Why the worker says that the output ends.</summary>
    public required FinishReason FinishReason { get; init; }

    /// <summary>The first output position at which a stop string is complete, or −1.</summary>
    public int StopStringPosition { get; init; } = -1;

    /// <summary>True where the client signed a cancellation at exactly this length.</summary>
    public bool CancelSigned { get; init; }

    /// <summary>The served fingerprints (B).</summary>
    public uint[] ServedFingerprints { get; init; } = [];

    /// <summary>
    /// The recomputed fingerprints (B), or empty where the verifier is of another numerics class: then they say
    /// nothing.
    /// </summary>
    public uint[] Fingerprints { get; init; } = [];

    /// <summary>The positions to check, ascending, from <see cref="PositionDraw"/>; null checks all.</summary>
    public IReadOnlyList<int>? Positions { get; init; }
}

/// <summary>Which rule an output broke.</summary>
public enum RasticFinding
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Rule V-01: the first token is not the sampler's choice after the prompt.</summary>
    Continuity = 1,

    /// <summary>Rule V-02: a later token is not the sampler's choice.</summary>
    Integrity = 2,

    /// <summary>Rule V-03: the output does not end where it must, or ends where it must not.</summary>
    Truncation = 3,

    /// <summary>Rule V-04: lawful tokens, but other logits. Escalates, never slashes.</summary>
    Fingerprint = 4,

    /// <summary>Rule V-05: the output ends lawfully, but not for the reason named.</summary>
    FinishReason = 5,

    /// <summary>
    /// Rule V-09: in another numerics class a token is not the choice, and rounding explains it. Escalates, never
    /// slashes.
    /// </summary>
    Rounding = 6,
}

/// <summary>The judgement.</summary>
/// <param name="State">Passed, Failed or Inconclusive.</param>
/// <param name="Finding">The rule broken.</param>
/// <param name="Position">The first bad output position, or −1.</param>
/// <param name="Expected">The token that belongs there, where the finding is about a token; else null.</param>
public readonly record struct RasticVerdict(
    VerificationState State, RasticFinding Finding, int Position, uint? Expected)
{
    /// <summary>Every rule held.</summary>
    public static RasticVerdict Passed => new(VerificationState.Passed, RasticFinding.None, -1, null);
}
