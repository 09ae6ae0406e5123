using Camelid.Protocol.Blocks;

namespace Camelid.Protocol.Tests.Blocks;

/// <summary>Rule C-24: the target of the next block.</summary>
public sealed class DifficultyTests
{
    private static readonly Network Easy = Network.Simulated(0x1d00ffff);

    [Fact]
    public void A_chain_on_time_keeps_its_first_target() =>
        Assert.All([0, 1, 1_000, 1_000_000], height =>
            Assert.Equal(Easy.GenesisBits, Difficulty.NextBits(Easy, height, 60L * height)));

    [Fact]
    public void A_half_life_late_doubles_the_target_and_a_half_life_early_halves_it()
    {
        Assert.Equal(
            ProofOfWork.TargetOf(Easy.GenesisBits) * 2,
            ProofOfWork.TargetOf(Difficulty.NextBits(Easy, 0, Difficulty.HalfLifeSeconds)));
        Assert.Equal(
            ProofOfWork.TargetOf(Easy.GenesisBits) / 2,
            ProofOfWork.TargetOf(Difficulty.NextBits(Easy, 0, -Difficulty.HalfLifeSeconds)));
    }

    [Fact]
    public void Regtest_keeps_its_target_whatever_the_time() =>
        Assert.Equal(Network.Regtest.GenesisBits, Difficulty.NextBits(Network.Regtest, 5, -1_000_000));

    [Theory]
    [InlineData(21_599, 21_599)]
    [InlineData(21_600, 21_600)]
    [InlineData(21_601, 21_600)]
    [InlineData(-5, -5)]
    public void A_gap_counts_for_at_most_six_hours(long gap, long counted) =>
        Assert.Equal(100 + counted, Difficulty.EffectiveSeconds(100, 1_000_000, (uint)(1_000_000 + gap)));
}
