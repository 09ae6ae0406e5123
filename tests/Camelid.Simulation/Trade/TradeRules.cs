namespace Camelid.Simulation.Trade;

/// <summary>Which rules operators keep: all of them, but for a control.</summary>
internal sealed record TradeRules
{
    /// <summary>Rule E-28: a worker shows k under a buried payment only.</summary>
    public bool WaitsForBurial { get; init; } = true;

    /// <summary>Rules E-24 and E-34: a client pays for what it holds and has checked only.</summary>
    public bool ChecksCommitments { get; init; } = true;

    /// <summary>Rules E-30 and E-34: one deposit and one payment for each job, also where a reorganisation took it out.
    /// </summary>
    public bool PaysOnce { get; init; } = true;

    /// <summary>Rule J-10: a signed payment keeps its job open, and opens it again where it is mined later.</summary>
    public bool FollowsPayments { get; init; } = true;
}
