using Camelid.Chain.Blocks;

namespace Camelid.Chain.Signing;

/// <summary>
/// The time by which claims and refunds are decided: the later of the clock and the median of block times. The median
/// alone stands still while nothing is mined, and would let a claim run into its refund.
/// </summary>
internal sealed class JobClock(ChainState state, TimeProvider time)
{
    /// <summary>Rule E-36: T_r must be this many windows away when a claim is made.</summary>
    private const uint ClaimStartWindows = 12;

    /// <summary>Rule E-36: from this many windows before T_r on, no claim is sent again.</summary>
    private const uint ClaimStopWindows = 6;

    /// <summary>Unix seconds.</summary>
    public uint Now =>
        Math.Max((uint)time.GetUtcNow().ToUnixTimeSeconds(), state.Read(reading => reading.MedianTimePast));

    /// <summary>Rule E-36: is there time for a new claim, even if blocks are slow?</summary>
    public bool MayStartClaim(uint refundTime) => IsBefore(refundTime, ClaimStartWindows);

    /// <summary>Rule E-36: may a claim that exists be sent again?</summary>
    public bool MayRepeatClaim(uint refundTime) => IsBefore(refundTime, ClaimStopWindows);

    private bool IsBefore(uint refundTime, uint windows) =>
        Now + ((long)windows * state.Network.WindowSeconds) < refundTime;
}
