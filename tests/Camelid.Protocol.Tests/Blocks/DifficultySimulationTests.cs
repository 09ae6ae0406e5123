using Camelid.Protocol.Blocks;

namespace Camelid.Protocol.Tests.Blocks;

/// <summary>
/// Rules C-24 and C-25 in time: miners come, go and pause, and blocks come each minute again. Block times are drawn
/// from a seed; floating point is the tests' own.
/// </summary>
[Trait("Rule", "C-24")]
[Trait("Rule", "C-25")]
public sealed class DifficultySimulationTests
{
    private const double HashesPerSecond = 1e9;
    private const int SettleBlocks = 2_000, WindowBlocks = 2_000, Week = 7 * 24 * 3600, BlocksMax = 20_000;

    public static TheoryData<int> Seeds => [1, 2, 3];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void From_the_first_target_blocks_settle_at_a_minute(int seed)
    {
        MinedHeaders chain = new(seed);

        // From 65,536 hashes to 6e10 are 19.8 doublings, each of them 288 blocks.
        chain.Mine((20 * 288) + SettleBlocks, HashesPerSecond);
        Assert.InRange(chain.Mine(WindowBlocks, HashesPerSecond), 54, 66);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Within_2000_blocks_of_ten_times_the_hash_rate_or_a_tenth_blocks_come_each_minute_again(int seed)
    {
        MinedHeaders chain = Settled(seed);
        Assert.InRange(chain.Mine(100, HashesPerSecond * 10), 4, 12);
        chain.Mine(SettleBlocks - 100, HashesPerSecond * 10);
        Assert.InRange(chain.Mine(WindowBlocks, HashesPerSecond * 10), 54, 66);

        Assert.True(chain.Mine(20, HashesPerSecond) > 200);
        chain.Mine(SettleBlocks - 20, HashesPerSecond);
        Assert.InRange(chain.Mine(WindowBlocks, HashesPerSecond), 54, 66);
    }

    /// <summary>Five times the hash rate comes whenever the target is easy, and leaves when it is not.</summary>
    [Theory]
    [MemberData(nameof(Seeds))]
    public void Miners_that_hop_do_not_move_the_mean(int seed)
    {
        MinedHeaders chain = Settled(seed);
        double settled = chain.WorkOfNext;
        double seconds = 0;
        for (int i = 0; i < 10_000; i++)
        {
            seconds += chain.Mine(1, chain.WorkOfNext < settled * 1.5 ? HashesPerSecond * 5 : HashesPerSecond);
        }

        Assert.InRange(seconds / 10_000, 54, 66);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void After_an_idle_week_there_is_no_burst_of_blocks(int seed)
    {
        MinedHeaders chain = Settled(seed);
        chain.Pause(Week);
        chain.Mine(1, HashesPerSecond);
        Assert.InRange(chain.MineFor(3600, HashesPerSecond), 60, 220);
        Assert.InRange(chain.MineFor(24 * 3600, HashesPerSecond), 1_440, 2_000);
    }

    /// <summary>The negative control of the test above: the same week by the clock.</summary>
    [Theory]
    [MemberData(nameof(Seeds))]
    public void Without_effective_time_an_idle_week_ends_in_ten_thousand_blocks(int seed)
    {
        MinedHeaders chain = Settled(seed);
        chain.IsByTheClock = true;
        chain.Pause(Week);
        chain.Mine(1, HashesPerSecond);
        Assert.True(chain.MineFor(3600, HashesPerSecond) > 9_000);
    }

    private static MinedHeaders Settled(int seed)
    {
        MinedHeaders chain = new(seed);
        chain.Mine((20 * 288) + SettleBlocks, HashesPerSecond);
        return chain;
    }

    /// <summary>A chain of times and targets, without blocks.</summary>
    private sealed class MinedHeaders(int seed)
    {
        private readonly Random random = new(seed);
        private int height;
        private double now = Network.Test.GenesisTime;
        private uint latest = Network.Test.GenesisTime;
        private long effective;

        /// <summary>True for the rule that is not ours: gaps count in full.</summary>
        public bool IsByTheClock { get; set; }

        /// <summary>Hashes expected for the next block.</summary>
        public double WorkOfNext =>
            (double)ProofOfWork.Work(Difficulty.NextBits(Network.Test, height, effective));

        public void Pause(int seconds) => now += seconds;

        /// <summary>Mines so many blocks; returns the mean seconds between them.</summary>
        public double Mine(int blocks, double hashesPerSecond)
        {
            double started = now;
            for (int i = 0; i < blocks; i++)
            {
                Next(hashesPerSecond);
            }

            return (now - started) / blocks;
        }

        /// <summary>Mines for so long; returns the blocks that it found, at most <see cref="BlocksMax"/>.</summary>
        public int MineFor(int seconds, double hashesPerSecond)
        {
            double end = now + seconds;
            int blocks = 0;
            while (now < end && blocks < BlocksMax)
            {
                Next(hashesPerSecond);
                blocks++;
            }

            return blocks;
        }

        private void Next(double hashesPerSecond)
        {
            now += -Math.Log(1 - random.NextDouble()) * WorkOfNext / hashesPerSecond;
            uint time = (uint)now;
            effective = IsByTheClock
                ? effective + time - latest
                : Difficulty.EffectiveSeconds(effective, latest, time);
            latest = Math.Max(latest, time);
            height++;
        }
    }
}
