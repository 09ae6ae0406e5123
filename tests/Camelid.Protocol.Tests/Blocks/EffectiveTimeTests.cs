using System.Numerics;
using Camelid.Protocol.Blocks;

namespace Camelid.Protocol.Tests.Blocks;

/// <summary>Rule C-25: what a block's time does to effective time.</summary>
[Trait("Rule", "C-25")]
public sealed class EffectiveTimeTests
{
    private const uint Start = 1_800_000_000;
    private const int Week = 7 * 24 * 3600;

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(21_599, 21_599)]
    [InlineData(21_600, 21_600)]
    [InlineData(21_601, 21_600)]
    [InlineData(uint.MaxValue - 1_800_000_000, 21_600)]
    [InlineData(-1, 0)]
    [InlineData(-1_800_000_000, 0)]
    public void A_block_adds_what_it_is_later_than_all_before_it_and_at_most_six_hours(long gap, long counted) =>
        Assert.Equal(100 + counted, Difficulty.EffectiveSeconds(100, Start, (uint)(Start + gap)));

    [Fact]
    public void A_block_dated_back_changes_nothing_for_the_blocks_after_it()
    {
        long straight = Sum([Start, Start + 60, Start + 120, Start + 180]);
        long winding = Sum([Start, Start + 120, Start + 60, Start + 180]);
        Assert.Equal(180, straight);
        Assert.Equal(straight, winding);
    }

    /// <summary>
    /// The median is a week old, so these times are all allowed. Negative control: gaps measured from the parent, as
    /// the plain rule has them, ask for billions of times the work.
    /// </summary>
    [Fact]
    public void A_block_dated_back_after_an_idle_week_does_not_stop_the_chain()
    {
        uint[] times = [Start, Start + 60, Start + Week, Start + 61];
        long measuredFromParents = 0;
        for (int i = 1; i < times.Length; i++)
        {
            measuredFromParents += Math.Min((long)times[i] - times[i - 1], Difficulty.GapSecondsMax);
        }

        Network network = Network.Simulated(0x1d00ffff);
        BigInteger first = ProofOfWork.TargetOf(network.GenesisBits);
        Assert.True(ProofOfWork.TargetOf(Difficulty.NextBits(network, 3, Sum(times))) > first);
        Assert.True(ProofOfWork.TargetOf(Difficulty.NextBits(network, 3, measuredFromParents)) << 32 < first);
    }

    private static long Sum(uint[] times)
    {
        long effective = 0;
        uint latest = times[0];
        foreach (uint time in times.Skip(1))
        {
            effective = Difficulty.EffectiveSeconds(effective, latest, time);
            latest = Math.Max(latest, time);
        }

        return effective;
    }
}
