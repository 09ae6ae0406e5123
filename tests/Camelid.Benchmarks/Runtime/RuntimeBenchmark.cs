using System.Globalization;
using System.Text.Json;
using Camelid.ModelRuntime.Graphs;
using Camelid.ModelRuntime.Packages;

namespace Camelid.Benchmarks.Runtime;

/// <summary><c>./camelid bench runtime</c></summary>
internal static class RuntimeBenchmark
{
    private const double Giga = 1e9;
    private static readonly JsonSerializerOptions Indented = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>Measures and prints; the exit code.</summary>
    internal static async Task<int> RunAsync(string[] args)
    {
        if (RuntimeOptions.Parse(args) is not { } options)
        {
            await Console.Error.WriteLineAsync(RuntimeOptions.Usage);
            return 2;
        }

        NativeEnvironment.Prepare();
        BenchmarkPackages packages = new(options.CacheFolder);
        string loadBefore = Load();
        List<RuntimeLine> lines = [];
        foreach (BenchmarkModel model in options.Models)
        {
            ModelPackage package = await packages.OpenAsync(model, CancellationToken.None);
            foreach (int threads in options.Threads > 0 ? [options.Threads] : model.Effort.Threads)
            {
                lines.AddRange(await MeasureAsync(
                    model, package, new Rounds(model, threads, options.Rounds), options.CountsThreadTime));
            }
        }

        if (options.IsJson)
        {
            Console.WriteLine(JsonSerializer.Serialize(
                new { options.Rounds, loadBefore, loadAfter = Load(), lines }, Indented));
        }
        else
        {
            Print(lines);
            Console.WriteLine($"median of {options.Rounds} rounds; load of the machine {loadBefore} before, {Load()} "
                + $"after ({Environment.ProcessorCount} processors)");
        }

        return 0;
    }

    private static async Task<IReadOnlyList<RuntimeLine>> MeasureAsync(
        BenchmarkModel model, ModelPackage package, Rounds rounds, bool countsThreadTime)
    {
        int threads = rounds.Threads;
        double bandwidth = MemoryBandwidth.Measure(threads);
        rounds.AddRatio(
            "memory of model and cache / GenAI", "MiB",
            await MemoryProbe.MeasureAsync("ours", package.Folder, threads),
            await MemoryProbe.MeasureAsync("theirs", package.Folder, threads));
        using LoadedPackage loaded = new(package, threads);
        loaded.Probe(slots: 1);
        using SlotDecoder ours = new(loaded);
        using GenAiDecoder theirs = new(package, threads);
        await new DecoderComparison(ours, theirs, model, rounds, new WorkClock(countsThreadTime)).RunAsync();
        if (countsThreadTime)
        {
            return rounds.Lines;
        }

        await using EngineComparison engine = new(loaded, theirs, model, rounds);
        await engine.RunAsync(verifies: threads == 1 && model.Effort.Verifies);
        rounds.Add("memory read by so many threads", "GB/s", bandwidth / Giga);
        rounds.AddRatio(
            "graph: decode, batch 1 / what reading the weights allows", DecoderComparison.Rate,
            rounds.Lines.First(line => line.Quantity == DecoderComparison.OneRow).Ours,
            bandwidth / model.MatrixBytes);
        return rounds.Lines;
    }

    private static void Print(List<RuntimeLine> lines)
    {
        int width = lines.Max(line => line.Quantity.Length);
        Console.WriteLine($"{"model",-10} threads  {"".PadRight(width)}  {"ours",9} {"other",9}  {"ratio",7}"
            + "  least … most");
        foreach (RuntimeLine line in lines)
        {
            string span = line.Least is null ? "" : $"  {Figure(line.Least)} … {Figure(line.Most)}";
            Console.WriteLine($"{line.Model,-10} {line.Threads,7}  {line.Quantity.PadRight(width)}  "
                + $"{Figure(line.Ours),9} {Figure(line.Other),9}  {Figure(line.Ratio),7}{span}  {line.Unit}");
        }
    }

    private static string Figure(double? value) => value?.ToString(
        Math.Abs(value.Value) switch { > 0 and < 0.01 => "E0", < 10 => "F2", < 100 => "F1", _ => "F0" },
        CultureInfo.InvariantCulture) ?? "";

    /// <summary>Processes that wanted to run in the last minute, where the system says so.</summary>
    private static string Load() =>
        File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Split(' ')[0] : "unknown";
}
