using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Camelid.TestKit.Kills;

namespace Camelid.Benchmarks;

/// <summary>
/// <c>./camelid bench kills [COUNT] [SEED]</c>: a chain that is killed again and again, 300 times unless told.
/// </summary>
internal static class KillBench
{
    private const int CountDefault = 300;
    private const int CountMax = 100_000;

    /// <summary>Returns 0, 1 where something was lost, 2 where the arguments are not understood.</summary>
    internal static async Task<int> RunAsync(string[] args)
    {
        int count = CountDefault;
        int seed = RandomNumberGenerator.GetInt32(1_000_000);
        if (args.Length > 2 || (args.Length > 0 && !int.TryParse(args[0], CultureInfo.InvariantCulture, out count))
            || count is < 1 or > CountMax
            || (args.Length > 1 && !int.TryParse(args[1], CultureInfo.InvariantCulture, out seed)))
        {
            await Console.Error.WriteLineAsync($"usage: ./camelid bench kills [COUNT (1 … {CountMax})] [SEED]");
            return 2;
        }

        string folder = Directory.CreateTempSubdirectory("camelid-kills-").FullName;
        Stopwatch time = Stopwatch.StartNew();
        Console.WriteLine($"seed {seed}");
        try
        {
            await using KillRun run = new(folder, seed, Console.WriteLine);
            KillReport report = await run.RunAsync(count, CancellationToken.None);
            string each = string.Join(", ", report.Kills.Select(pair => $"{pair.Key} {pair.Value}"));
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{report.Kills.Values.Sum()} kills ({each}), files torn after {report.Torn}; "
                + $"{report.Acknowledged} blocks acknowledged, none lost; height {report.Height}; "
                + $"{time.Elapsed.TotalMinutes:0.0} minutes"));
        }
        catch (LossException failure)
        {
            await Console.Error.WriteLineAsync($"seed {seed}: {failure.Message}\nthe folder stays: {folder}");
            return 1;
        }

        Directory.Delete(folder, recursive: true);
        return 0;
    }
}
