namespace Camelid.Chain.Tests.Storage;

/// <summary>
/// Rules C-36 and C-37: whatever moment a process ends at, the chain opens again, shows no wrong balance, and has every
/// block that was acknowledged. <c>CAMELID_CRASHES</c> asks for more ends than CI has time for,
/// <c>CAMELID_SEED</c> for a run that was seen before.
/// </summary>
public sealed class CrashTests
{
    private const int EndsPerDisk = 25;
    private const int EndsInCi = 1_000;

    private static readonly int Ends =
        int.TryParse(Environment.GetEnvironmentVariable("CAMELID_CRASHES"), out int asked) ? asked : EndsInCi;

    [Fact]
    public void Every_acknowledged_block_outlives_any_end() => Assert.Equal(0, Run(0, isStrict: true, Ends));

    [Fact]
    public void A_disk_that_lies_about_flushes_loses_blocks_and_never_the_right_balance() =>
        Assert.Equal(0, Run(0.3, isStrict: false, Ends / 2));

    [Fact]
    public void The_test_sees_a_lost_block_where_flushes_are_lies() =>
        Assert.NotEqual(0, Run(1, isStrict: true, EndsPerDisk * 8));

    /// <summary>Disks on which something was lost.</summary>
    private static int Run(double lyingFlush, bool isStrict, int ends)
    {
        int seed = int.TryParse(Environment.GetEnvironmentVariable("CAMELID_SEED"), out int given)
            ? given
            : Environment.TickCount & 0xff_ffff;
        TestForest forest = new(seed, 90);
        int lost = 0;
        for (int number = 0; number < ends / EndsPerDisk; number++)
        {
            CrashRun run = new(forest, seed + number) { LyingFlush = lyingFlush, IsStrict = isStrict };
            try
            {
                for (int end = 0; end < EndsPerDisk; end++)
                {
                    run.Step();
                }
            }
            catch (Xunit.Sdk.XunitException failure) when (lyingFlush >= 1)
            {
                lost += failure.Message.Length > 0 ? 1 : 0;
            }
            catch (Exception failure) when (lyingFlush < 1)
            {
                throw new InvalidOperationException($"forest {seed}, disk {seed + number}, end {run.Crashes}", failure);
            }
        }

        return lost;
    }
}
