namespace Camelid.Protocol.Jobs;

/// <summary>Rule V-07: how many output positions a verifier recomputes.</summary>
public enum VerificationLevel
{
    /// <summary>No level: refused everywhere.</summary>
    Unset = 0,

    /// <summary>The paper's three: the first, the last, and one drawn between them.</summary>
    Spot = 1,

    /// <summary>The first, the last, and as many drawn ones as the job says.</summary>
    Sampled = 2,

    /// <summary>
    /// Every position: the default, since one teacher-forced pass costs no more than the deepest draw.
    /// </summary>
    Full = 3,
}
