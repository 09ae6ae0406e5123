using System.Numerics;
using Camelid.Protocol.Blocks;

namespace Camelid.Protocol.Tests.Blocks;

/// <summary>Rule C-24: the target of the next block.</summary>
[Trait("Rule", "C-24")]
public sealed class DifficultyTests
{
    private const int CashHalfLifeSeconds = 172_800, CashSpacingSeconds = 600, ReferenceBits = 256;

    private static readonly Network Easy = Network.Simulated(0x1d00ffff);
    private static readonly BigInteger CashLimit = ProofOfWork.TargetOf(0x1d00ffff);

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
            ProofOfWork.TargetOf(Difficulty.NextBits(Easy, Difficulty.HalfLifeSeconds / 60, 0)));
    }

    [Fact]
    public void Regtest_keeps_its_target_whatever_the_time() =>
        Assert.Equal(Network.Regtest.GenesisBits, Difficulty.NextBits(Network.Regtest, 5, 1_000_000));

    /// <summary>
    /// Rows of aserti3-2d's published vectors (Bitcoin Cash, half-life 172,800 s, spacing 600 s, anchored at height 1
    /// whose parent has time 0): runs 1, 3, 5 and 8.
    /// </summary>
    [Theory]
    [InlineData(0x1d00ffffu, 2, 1_200, 0x1d00ffffu)]
    [InlineData(0x1d00ffffu, 11, 6_600, 0x1d00ffffu)]
    [InlineData(0x01010000u, 2, 1_200, 0x01010000u)]
    [InlineData(0x01010000u, 11, 6_600, 0x01010000u)]
    [InlineData(0x1d00ffffu, 2, 0, 0x1d00fec5u)]
    [InlineData(0x1d00ffffu, 290, 0, 0x1c7f62c0u)]
    [InlineData(0x1d00ffffu, 2_594, 0, 0x1b7f62c0u)]
    [InlineData(0x1d00ffffu, 59_906, 0, 0x0300fec5u)]
    [InlineData(0x1d00ffffu, 60_194, 0, 0x027f6200u)]
    [InlineData(0x1d00ffffu, 62_210, 0, 0x0200fe00u)]
    [InlineData(0x1d00ffffu, 62_498, 0, 0x017f0000u)]
    [InlineData(0x1d00ffffu, 63_938, 0, 0x01030000u)]
    [InlineData(0x1d00ffffu, 64_226, 0, 0x01010000u)]
    [InlineData(0x1d00ffffu, 64_514, 0, 0x01010000u)]
    [InlineData(0x1802aee8u, 3, 1_310, 0x1802ad91u)]
    [InlineData(0x1802aee8u, 10, 7_099, 0x1802b1f2u)]
    [InlineData(0x1802aee8u, 98, 317_896, 0x180795e1u)]
    [InlineData(0x1802aee8u, 187, 1_078_358, 0x19008158u)]
    [InlineData(0x1802aee8u, 282, 2_567_210, 0x1a009dbfu)]
    [InlineData(0x1802aee8u, 352, 3_950_808, 0x1b0085eau)]
    [InlineData(0x1802aee8u, 481, 6_842_136, 0x1d00a31au)]
    [InlineData(0x1802aee8u, 484, 6_930_238, 0x1d00e688u)]
    [InlineData(0x1802aee8u, 485, 6_993_399, 0x1d00ffffu)]
    public void The_published_vectors_hold(uint anchorBits, int height, long time, uint expected)
    {
        Int128 late = time - ((long)CashSpacingSeconds * height);
        Assert.Equal(expected, ProofOfWork.BitsOf(Difficulty.NextTarget(
            ProofOfWork.TargetOf(anchorBits), late, CashHalfLifeSeconds, CashLimit)));
    }

    /// <summary>Against powers of two made of exact square roots, for every fraction that there is.</summary>
    [Fact]
    public void The_cubic_is_off_by_less_than_13_in_100000_and_never_falls()
    {
        BigInteger[] roots = RootsOfTwo();
        BigInteger before = BigInteger.Zero;
        for (int fraction = 0; fraction < 1 << 16; fraction++)
        {
            BigInteger exact = BigInteger.One << ReferenceBits;
            for (int bit = 0; bit < 16; bit++)
            {
                exact = (fraction & (1 << bit)) == 0 ? exact : (exact * roots[15 - bit]) >> ReferenceBits;
            }

            BigInteger target = Target(fraction, 1 << 16);
            BigInteger reference = (BigInteger.One << 100) * exact >> ReferenceBits;
            Assert.True(
                BigInteger.Abs(target - reference) * 100_000 < reference * 13, $"2^({fraction}/65536) is {target}");
            Assert.True(target >= before, $"the target falls at {fraction}");
            before = target;
        }

        Assert.Equal(BigInteger.One << 101, Target(1 << 16, 1 << 16));
    }

    [Fact]
    public void A_later_chain_never_has_a_smaller_target_and_a_higher_one_never_a_greater()
    {
        Random random = new(24);
        for (int i = 0; i < 20_000; i++)
        {
            int height = random.Next(10_000_000);
            long effective = random.NextInt64(600_000_000);
            BigInteger target = NextTarget(height, effective);
            Assert.True(NextTarget(height, effective + random.Next(100_000)) >= target, $"{height} {effective}");
            Assert.True(NextTarget(height + random.Next(1_000), effective) <= target, $"{height} {effective}");
        }
    }

    /// <summary>A block adds 0 to 21,600 effective seconds and one to the height.</summary>
    [Fact]
    public void A_block_makes_the_next_at_most_2_4_times_easier_and_at_most_a_quarter_of_a_percent_harder()
    {
        Random random = new(25);
        for (int i = 0; i < 20_000; i++)
        {
            int height = random.Next(10_000);
            long effective = (60L * height) + random.Next(-100_000, 100_000);
            BigInteger target = NextTarget(height, effective);
            BigInteger easiest = NextTarget(height + 1, effective + Difficulty.GapSecondsMax);
            BigInteger hardest = NextTarget(height + 1, effective);
            Assert.True(easiest * 100 <= target * 240, $"{height} {effective}");
            Assert.True(hardest * 10_000 >= target * 9_973, $"{height} {effective}");
        }
    }

    [Theory]
    [InlineData("main", 0, long.MaxValue, 0x1e00ffffu)]
    [InlineData("main", 0, 138_240, 0x1e00ffffu)]
    [InlineData("main", 0, 138_239, 0x1e00fffcu)]
    [InlineData("main", 0, 0, 0x1d00ffffu)]
    [InlineData("main", int.MaxValue, 0, 0x01010000u)]
    [InlineData("main", int.MaxValue, 60L * int.MaxValue, 0x1d00ffffu)]
    [InlineData("test", 0, 21_600, 0x1f00ffffu)]
    [InlineData("test", 0, 0, 0x1f00ffffu)]
    public void A_target_stays_between_one_and_the_limit(string name, int height, long effective, uint expected)
    {
        Assert.True(Network.TryParse(name, out Network? network));
        Assert.Equal(expected, Difficulty.NextBits(network, height, effective));
    }

    private static BigInteger NextTarget(int height, long effective) =>
        ProofOfWork.TargetOf(Difficulty.NextBits(Easy, height, effective));

    private static BigInteger Target(Int128 late, int halfLife) =>
        Difficulty.NextTarget(BigInteger.One << 100, late, halfLife, BigInteger.One << 255);

    /// <summary>2^(1/2), 2^(1/4) … 2^(1/65536), each times 2^256 and rounded down.</summary>
    private static BigInteger[] RootsOfTwo()
    {
        BigInteger[] roots = new BigInteger[16];
        BigInteger square = BigInteger.One << (ReferenceBits + 1);
        for (int i = 0; i < roots.Length; i++)
        {
            square = roots[i] = SquareRoot(square << ReferenceBits);
        }

        return roots;
    }

    private static BigInteger SquareRoot(BigInteger value)
    {
        BigInteger root = BigInteger.One << (int)((value.GetBitLength() + 1) / 2);
        for (BigInteger next = (root + (value / root)) >> 1; next < root; next = (root + (value / root)) >> 1)
        {
            root = next;
        }

        return root;
    }
}
