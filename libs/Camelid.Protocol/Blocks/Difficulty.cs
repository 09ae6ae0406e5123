using System.Numerics;

namespace Camelid.Protocol.Blocks;

/// <summary>
/// Rule C-24: the target of the next block: aserti3-2d over effective time, anchored at the first block.
/// </summary>
/// <remarks>
/// Each block's target depends only on its parent's height and effective time, so there is nothing to oscillate.
/// Integers only. Why effective time: docs/decisions/0007-effective-time.md.
/// </remarks>
public static class Difficulty
{
    /// <summary>Seconds by which a chain must be late for its target to double, early for it to halve.</summary>
    public const int HalfLifeSeconds = 17_280;

    /// <summary>The most that one block adds to effective time, in seconds.</summary>
    public const int GapSecondsMax = 21_600;

    private const int Radix = 16;
    private const int PolynomialShift = 48;

    /// <summary>Rule C-25: effective seconds from the first block to a block.</summary>
    /// <param name="parentEffectiveSeconds">Those of its parent; 0 for the first block.</param>
    /// <param name="latestTime">The latest time of its ancestors, Unix seconds.</param>
    /// <param name="time">Its own time. Where it is not later than those, it adds nothing.</param>
    /// <remarks>
    /// A gap is measured from the latest time, not from the parent's: after a week in which nobody mined, a block dated
    /// a week back would otherwise take more from effective time than the block before it could give, and ask the next
    /// miner for billions of times the work.
    /// </remarks>
    public static long EffectiveSeconds(long parentEffectiveSeconds, uint latestTime, uint time) =>
        parentEffectiveSeconds + Math.Clamp((long)time - latestTime, 0, GapSecondsMax);

    /// <summary>Rule C-24: the bits of the block that follows a parent.</summary>
    /// <param name="network">The network; where its difficulty is fixed, its own bits.</param>
    /// <param name="parentHeight">The parent's height.</param>
    /// <param name="parentEffectiveSeconds">The parent's effective seconds.</param>
    public static uint NextBits(Network network, int parentHeight, long parentEffectiveSeconds)
    {
        if (network.HasFixedDifficulty)
        {
            return network.GenesisBits;
        }

        // The anchor is the first block, its parent's time one spacing before it: the first block is never late.
        Int128 late = parentEffectiveSeconds - ((Int128)network.TargetSpacingSeconds * parentHeight);
        return ProofOfWork.BitsOf(NextTarget(
            ProofOfWork.TargetOf(network.GenesisBits),
            late,
            HalfLifeSeconds,
            ProofOfWork.TargetOf(network.LimitBits)));
    }

    /// <summary>aserti3-2d: anchor · 2^(late / half-life), at least 1, at most the limit.</summary>
    /// <param name="anchor">The target of a chain that is on time.</param>
    /// <param name="late">Seconds behind schedule; negative ahead of it.</param>
    /// <param name="halfLife">Seconds, positive.</param>
    /// <param name="limit">The easiest target.</param>
    internal static BigInteger NextTarget(BigInteger anchor, Int128 late, int halfLife, BigInteger limit)
    {
        Int128 exponent = (late << Radix) / halfLife;
        int shift = (int)Int128.Clamp(exponent >> Radix, -256, 256);
        BigInteger target = anchor * Factor((ulong)(exponent & 0xffff));
        target = (shift < 0 ? target >> -shift : target << shift) >> Radix;
        return target.IsZero ? BigInteger.One : BigInteger.Min(target, limit);
    }

    /// <summary>2^(fraction / 65536) · 65536, by the cubic of aserti3-2d: off by less than 0.013 %.</summary>
    private static uint Factor(ulong fraction)
    {
        UInt128 cubic = ((UInt128)195_766_423_245_049 * fraction)
            + ((UInt128)971_821_376 * fraction * fraction)
            + ((UInt128)5_127 * fraction * fraction * fraction)
            + (UInt128.One << (PolynomialShift - 1));
        return (uint)((1u << Radix) + (cubic >> PolynomialShift));
    }
}
