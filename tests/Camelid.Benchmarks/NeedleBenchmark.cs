using System.Diagnostics;
using System.Globalization;
using Camelid.ModelRuntime.Graphs;
using Camelid.ModelRuntime.Packages;
using Camelid.ModelRuntime.Tests.Needle;

namespace Camelid.Benchmarks;

/// <summary>
/// <c>./camelid bench needle [--mixes N] [--seed S]</c>: random mixes of requests, each compared bit for bit with the
/// request alone and with the verifier's one pass, in fp32, int8 and int4.
/// </summary>
internal static class NeedleBenchmark
{
    private const int MixesDefault = 1_000, MixesMax = 10_000_000, ReportSeconds = 2;
    private static readonly string[] Precisions = [Precision.Single, Precision.Int8, Precision.Int4];

    /// <summary>Returns 0, 1 at the first difference, 2 where the arguments are not understood.</summary>
    internal static async Task<int> RunAsync(string[] args)
    {
        (int mixes, long seed) = (MixesDefault, Random.Shared.NextInt64());
        for (int i = 0; i < args.Length; i += 2)
        {
            string? value = args.ElementAtOrDefault(i + 1);
            bool isNumber = long.TryParse(value, CultureInfo.InvariantCulture, out long number);
            if (!isNumber || number < 0 || args[i] is not ("--mixes" or "--seed")
                || (args[i] == "--mixes" && number > MixesMax))
            {
                Console.Error.WriteLine("usage: ./camelid bench needle [--mixes N] [--seed S]");
                return 2;
            }

            (mixes, seed) = args[i] == "--mixes" ? ((int)number, seed) : (mixes, number);
        }

        NativeEnvironment.Prepare();
        DirectoryInfo folder = Directory.CreateTempSubdirectory("camelid-needle-");
        try
        {
            return await RunAsync(folder.FullName, mixes, (ulong)seed);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<int> RunAsync(string folder, int mixes, ulong seed)
    {
        Console.WriteLine($"{mixes} mixes from seed {seed}");
        Stopwatch clock = Stopwatch.StartNew();
        for (int i = 0; i < Precisions.Length; i++)
        {
            int first = mixes * i / Precisions.Length;
            int last = mixes * (i + 1) / Precisions.Length;
            await using NeedleModel model =
                await NeedleModel.CreateAsync(Path.Combine(folder, Precisions[i]), Precisions[i]);
            if (!await RunAsync(model, Precisions[i], seed + (ulong)first, last - first))
            {
                return 1;
            }
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"all bits equal, {clock.Elapsed.TotalSeconds:F0} s"));
        return 0;
    }

    private static async Task<bool> RunAsync(NeedleModel model, string precision, ulong first, int count)
    {
        Stopwatch reported = Stopwatch.StartNew();
        int requests = 0;
        for (int i = 0; i < count; i++)
        {
            NeedleRun run = new(model, new NeedleMix(first + (ulong)i, NeedleModel.VocabularySize));
            if (await run.FindDifferenceAsync(CancellationToken.None) is { } difference)
            {
                Console.WriteLine($"{precision}: {difference}");
                return false;
            }

            requests += run.Compared;
            if (reported.Elapsed.TotalSeconds > ReportSeconds)
            {
                reported.Restart();
                Console.Error.WriteLine($"{precision}: {i + 1} of {count} mixes, {requests} requests");
            }
        }

        Console.WriteLine($"{precision}: {count} mixes, {requests} requests: every bit as alone and as the verifier's");
        return true;
    }
}
