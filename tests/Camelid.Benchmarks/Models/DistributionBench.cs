using System.Globalization;
using Camelid.ModelRegistry.Distribution.Pulls;
using Camelid.ModelRegistry.Tests.Distribution;
using Camelid.ModelRuntime.Packages;
using Camelid.Protocol.Models.Chunks;

namespace Camelid.Benchmarks.Models;

/// <summary>
/// <c>./camelid bench models [--megabytes N] [--json]</c>: a package of random bytes (200 MB) comes from three nodes,
/// one of which serves 5 % wrong chunks and one of which dies, beside plain copies of the same bytes in the same run.
/// </summary>
internal static class DistributionBench
{
    private const int MegabytesDefault = 200, WrongPercent = 5, DiesAfterChunks = 40;

    /// <summary>Rounds before those that count: until then much of the time is the compiler's.</summary>
    private const int WarmRounds = 5;

    private const double RatioMin = 0.7, Mega = 1e6;

    /// <summary>Returns 0; 1 where a bound is not kept; 2 where the arguments are not understood.</summary>
    internal static async Task<int> RunAsync(string[] args)
    {
        bool isJson = args.Contains("--json");
        string[] rest = [.. args.Where(argument => argument != "--json")];
        int megabytes = MegabytesDefault;
        if (rest.Length > 0 && !(rest is ["--megabytes", string text]
            && int.TryParse(text, CultureInfo.InvariantCulture, out megabytes) && megabytes is > 0 and <= 10_000))
        {
            await Console.Error.WriteLineAsync("usage: ./camelid bench models [--megabytes N] [--json]");
            return 2;
        }

        List<Measurement> all = [];
        List<string> faults = await MeasureAsync(megabytes, all);
        MeasurementTable.Write(all, isJson);
        faults.ForEach(fault => Console.Error.WriteLine($"not kept: {fault}"));
        return faults.Count == 0 ? 0 : 1;
    }

    private static async Task<List<string>> MeasureAsync(int megabytes, List<Measurement> all)
    {
        List<string> faults = [];
        List<Round> rounds = [];
        int seed = Environment.TickCount & 0xffff;
        await Console.Error.WriteLineAsync($"seed {seed}");
        await using Swarm files = new();
        ModelPackage honest = await RandomPackage.WriteAsync(
            Path.Combine(files.Folder, "honest"), megabytes * (long)Mega, seed);
        ModelPackage liar = await RandomPackage.CopyAsync(honest, Path.Combine(files.Folder, "liar"));
        ModelPackage mortal = await RandomPackage.CopyAsync(honest, Path.Combine(files.Folder, "mortal"));
        int spoiling = seed;
        for (int round = -WarmRounds; round < Measurement.Rounds;)
        {
            // A byte is turned, and turned back by the same seed.
            spoiling++;
            RandomPackage.Spoil(liar, WrongPercent, spoiling);
            Round measured = await RunRoundAsync([honest, liar, mortal], faults);
            RandomPackage.Spoil(liar, WrongPercent, spoiling);
            await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
                $"round {round}: pull {measured.Pull:F2} s, flushed {measured.PullFlushed:F2} s, in place "
                + $"{measured.InPlace:F2} s; copy {measured.Copy:F2} s, flushed {measured.CopyFlushed:F2} s; "
                + $"bare TCP {measured.RawFlushed:F2} s; liars named {measured.Liars}"));
            if (measured.Liars == 0)
            {
                // None of its wrong chunks was asked for: it did not lie in this round, which is not the scenario.
                continue;
            }

            if (round >= 0)
            {
                rounds.Add(measured);
            }

            round++;
        }

        double bytes = honest.Manifest.Files.Sum(file => file.Bytes) / Mega;
        void Add(string name, Func<Round, double> of, string unit) =>
            all.Add(Measurement.Of(name, [.. rounds.Select(of)], unit));
        Add("pull, every chunk proven and on the disk", round => bytes / round.PullFlushed, "MB/s");
        Add("plain copy over encrypted streams, on the disk", round => bytes / round.CopyFlushed, "MB/s");
        Add("plain copy over bare TCP, on the disk", round => bytes / round.RawFlushed, "MB/s");
        Add("throughput of the pull / plain encrypted copy", round => round.CopyFlushed / round.PullFlushed, "times");
        Add("… / plain copy over bare TCP", round => round.RawFlushed / round.PullFlushed, "times");
        Add("… written, not yet on the disk, both / encrypted copy", round => round.Copy / round.Pull, "times");
        Add("… read back, hashed again and in place / encrypted copy", round => round.CopyFlushed / round.InPlace,
            "times");
        Add("processor seconds of the encrypted copy / of the pull, both ends", round =>
            round.CopyProcessor / round.PullProcessor, "times");
        Add("how often the chunk came that came most often", round => round.FetchesMost, "times");
        Add("bytes fetched / bytes of the model", round => round.FetchedBytes / (bytes * Mega), "times");
        Add("liars named", round => round.Liars, "of 1");
        if (all[3].Value < RatioMin)
        {
            faults.Add($"the ratio is {all[3].Value:F2}, below {RatioMin}");
        }

        return faults;
    }

    private static async Task<Round> RunRoundAsync(ModelPackage[] packages, List<string> faults)
    {
        await using Swarm swarm = new();
        swarm.Serve(packages[0]);
        swarm.Serve(packages[1]);
        swarm.Serve(packages[2], diesAfter: DiesAfterChunks);
        Round round = new();
        PlainCopy copy = new(packages[0], Path.Combine(swarm.Folder, "copy"), swarm.Terms);
        PlainCopy raw = new(packages[0], Path.Combine(swarm.Folder, "raw"), terms: null);
        TimeSpan used = Environment.CpuUsage.TotalTime;
        round = round with { Copy = await Measurement.SecondsAsync(copy.RunAsync) };
        round = round with { CopyProcessor = (Environment.CpuUsage.TotalTime - used).TotalSeconds };
        round = round with { CopyFlushed = round.Copy + await Measurement.SecondsAsync(copy.Flush) };

        ModelFetch fetch = swarm.Fetch();
        Directory.CreateDirectory(swarm.Models);
        PartialPackage? partial = null;
        used = Environment.CpuUsage.TotalTime;
        round = round with
        {
            Pull = await Measurement.SecondsAsync(async () =>
            {
                ModelHead head = await fetch.FindHeadAsync(packages[0].Root, default);
                partial = await PartialPackage.OpenAsync(swarm.Models, head, default);
                await fetch.FetchAsync(partial, () => { }, default);
            }),
        };
        round = round with { PullProcessor = (Environment.CpuUsage.TotalTime - used).TotalSeconds };
        round = round with { PullFlushed = round.Pull + await Measurement.SecondsAsync(partial!.FlushAsync) };
        ModelPackage? pulled = null;
        round = round with
        {
            InPlace = round.PullFlushed + await Measurement.SecondsAsync(async () =>
                pulled = await partial.InstallAsync(new ModelInstallation(swarm.Models), default)),
        };
        FetchReport report = fetch.Report()!;
        round = round with
        {
            RawFlushed = await Measurement.SecondsAsync(raw.RunAsync) + await Measurement.SecondsAsync(raw.Flush),
            Liars = fetch.Roster.Liars.Count(holder => holder.Address == swarm.Addresses[1]),
            FetchesMost = report.FetchesMost,
            FetchedBytes = report.Holders.Sum(holder => holder.BytesCount),
        };
        Check(pulled?.Root == packages[0].Root, "the root of the model", faults);
        bool isInnocent = report.Holders[1].ChunksCount > 0 && report.Holders[1].Fault == HolderFault.None;
        Check(round.Liars == fetch.Roster.Liars.Count && (round.Liars == 1 || isInnocent),
            "the liar, and nobody else, is named", faults);
        Check(report.FetchesMost <= 2, "no chunk comes more than twice", faults);
        return round;
    }

    private static void Check(bool isGood, string what, List<string> faults)
    {
        if (!isGood)
        {
            faults.Add(what);
        }
    }

    private sealed record Round
    {
        public double Pull { get; init; }

        public double PullFlushed { get; init; }

        public double InPlace { get; init; }

        public double Copy { get; init; }

        public double CopyProcessor { get; init; }

        public double PullProcessor { get; init; }

        public double CopyFlushed { get; init; }

        public double RawFlushed { get; init; }

        public int Liars { get; init; }

        public int FetchesMost { get; init; }

        public long FetchedBytes { get; init; }
    }
}
