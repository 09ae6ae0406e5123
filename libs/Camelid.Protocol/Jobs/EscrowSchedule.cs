namespace Camelid.Protocol.Jobs;

/// <summary>
/// Rule E-27: every time of a job's escrow, unix seconds, from its created time, deadline and the window W.
/// </summary>
public sealed record EscrowSchedule
{
    /// <summary>Rule E-41: how many times the slash a stake holds that clients trust.</summary>
    public const int StakePerSlash = 10;

    /// <summary>Rule E-28: the most blocks that any claim needs its payment to be deep.</summary>
    public const uint ClaimDepthMax = 6;

    private const uint DepositWindows = 12;
    private const uint RefundWindows = 36;
    private const uint ExpiryWindows = 6;
    private const uint StakeWindows = 36;
    private const uint ClaimStartWindows = 12;
    private const uint ClaimStopWindows = 6;
    private const uint BlocksDeep = 2;
    private const long LargeShare = 10;

    private EscrowSchedule(uint windowSeconds) => WindowSeconds = windowSeconds;

    /// <summary>The window W in seconds: 600 on main and test, 10 on regtest.</summary>
    public uint WindowSeconds { get; }

    /// <summary>Lock time of the payment J1: created + W. Another is refused.</summary>
    public required uint PaymentLockTime { get; init; }

    /// <summary>Lock time of the offer J0: deadline + W, later than the payment's.</summary>
    public required uint OfferLockTime { get; init; }

    /// <summary>The least expiry T_d of the deposit: J0.lockTime + 12 W.</summary>
    public required uint DepositExpiryMin { get; init; }

    /// <summary>The least refund time T_r: J1.lockTime + 36 W, and never before the offer could be mined.</summary>
    public required uint RefundTime { get; init; }

    /// <summary>The least expiry of the testament: T_r + 6 W.</summary>
    public required uint TestamentExpiry { get; init; }

    /// <summary>The least release time T_s of the worker's stake: expiry + 36 W.</summary>
    public required uint StakeReleaseMin { get; init; }

    /// <summary>The schedule of a job.</summary>
    /// <param name="parameters">The job, in form.</param>
    /// <param name="windowSeconds">W, 1 … 3,600 s.</param>
    public static EscrowSchedule Of(JobParameters parameters, uint windowSeconds)
    {
        ArgumentOutOfRangeException.ThrowIfZero(windowSeconds);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(windowSeconds, 3600u);
        uint payment = parameters.Created + windowSeconds;
        uint offer = parameters.Deadline + windowSeconds;
        uint refund = Math.Max(payment, parameters.Deadline) + (RefundWindows * windowSeconds);
        uint expiry = refund + (ExpiryWindows * windowSeconds);
        return new EscrowSchedule(windowSeconds)
        {
            PaymentLockTime = payment,
            OfferLockTime = offer,
            DepositExpiryMin = offer + (DepositWindows * windowSeconds),
            RefundTime = refund,
            TestamentExpiry = expiry,
            StakeReleaseMin = expiry + (StakeWindows * windowSeconds),
        };
    }

    /// <summary>
    /// Rule E-28: how many blocks deep a payment lies before its claim may show k: 2, or 6 where the reward is above a
    /// tenth of the subsidy, since then a miner could gain by taking the payment out again.
    /// </summary>
    public static uint ClaimDepth(Amount reward, Amount subsidy) =>
        (Int128)reward.Grains * LargeShare > subsidy.Grains ? ClaimDepthMax : BlocksDeep;

    /// <summary>
    /// Rule E-28: true where the worker may publish its claim now: the payment is deep enough and the refund time at
    /// least 12 W away. Earlier, k would be known and the payment could vanish.
    /// </summary>
    /// <param name="paymentDepth">Blocks from the payment's block to the tip, both counted; 0 is unconfirmed.</param>
    /// <param name="depthNeeded">From <see cref="ClaimDepth"/>.</param>
    /// <param name="refundTime">T_r of the payment.</param>
    /// <param name="medianTimePast">Of the tip, which CLTV compares.</param>
    public bool MayStartClaim(uint paymentDepth, uint depthNeeded, uint refundTime, uint medianTimePast) =>
        paymentDepth >= depthNeeded && (long)refundTime - medianTimePast >= (long)ClaimStartWindows * WindowSeconds;

    /// <summary>
    /// Rule E-28: false from T_r − 6 W on: no claim is sent or sent again, a refund could overtake it.
    /// </summary>
    public bool MayRepeatClaim(uint refundTime, uint medianTimePast) =>
        (long)refundTime - medianTimePast > (long)ClaimStopWindows * WindowSeconds;

    /// <summary>
    /// Rule E-29: the least stake, 2 × (reward + bond) in grains; clients ask for ten times the slash as well.
    /// </summary>
    public static Int128 SlashGrainsMin(Amount reward, Amount bond) => 2 * ((Int128)reward.Grains + bond.Grains);
}
