using System.Security.Cryptography;
using Camelid.TestKit.Kills;

namespace Camelid.Cluster.Tests;

/// <summary>
/// Rules C-31, C-36 and W-02 on a real process and a real disk: a few kills in CI, 300 in <c>./camelid bench kills</c>.
/// </summary>
public sealed class KillTests(ITestOutputHelper output) : IDisposable
{
    private const int Kills = 20;

    private readonly string folder = Directory.CreateTempSubdirectory("camelid-kills-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task A_chain_that_is_killed_at_any_moment_starts_again_with_every_block_that_it_acknowledged()
    {
        int seed = int.TryParse(Environment.GetEnvironmentVariable("CAMELID_SEED"), out int given)
            ? given
            : RandomNumberGenerator.GetInt32(1_000_000);
        output.WriteLine($"CAMELID_SEED={seed}");
        await using KillRun run = new(folder, seed, output.WriteLine);
        KillReport report = await run.RunAsync(Kills, TestContext.Current.CancellationToken);
        Assert.Equal(Kills, report.Kills.Values.Sum());
    }

    /// <summary>The checks are not blind: a block that nobody mined is not there.</summary>
    [Fact]
    public async Task A_block_that_is_not_there_is_seen_to_be_lost()
    {
        await using ChainProcess chain = ChainProcess.Start(folder, mines: false, 0, 0);
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        await KillChecks.UntilAsync(chain, _ => true, cancellation);
        LossException failure = await Assert.ThrowsAsync<LossException>(
            () => KillChecks.HasAllAsync(chain, [new string('a', 64)], cancellation));
        Assert.Contains("is gone", failure.Message, StringComparison.Ordinal);
    }
}
