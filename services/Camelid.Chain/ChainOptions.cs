using Camelid.Protocol;

namespace Camelid.Chain;

/// <summary>Configuration section <c>Chain</c>.</summary>
internal sealed record ChainOptions
{
    /// <summary>Name of the section.</summary>
    public const string Section = "Chain";

    /// <summary>True on the node that mines; on regtest that is the only one with coins to begin with.</summary>
    public bool Mine { get; init; } = true;

    /// <summary>False leaves the client without deposits: each paid request is answered 402.</summary>
    public bool FundClient { get; init; } = true;

    /// <summary>Deposits kept in the client's pool: as many jobs may be open at once.</summary>
    public int DepositCount { get; init; } = 32;

    /// <summary>Coin in a new deposit, in grains; half of it may pay for one job.</summary>
    public long DepositGrains { get; init; } = Amount.GrainsPerCoin;

    /// <summary>Coin in each stake, in grains.</summary>
    public long StakeGrains { get; init; } = 2 * Amount.GrainsPerCoin;

    /// <summary>
    /// Pause after each block, in milliseconds: 0 settles fastest; more lets a demonstration see each state of a
    /// payment.
    /// </summary>
    public int BlockPauseMilliseconds { get; init; }

    /// <summary>Fee of a transaction that funds roles, in grains.</summary>
    public long FundingFeeGrains { get; init; } = 10_000;
}
