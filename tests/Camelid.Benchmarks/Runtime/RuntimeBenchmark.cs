using System.Globalization;
using System.Text.Json;
using Camelid.ModelRuntime.Graphs;
using Camelid.ModelRuntime.Packages;

namespace Camelid.Benchmarks.Runtime;

/// <summary><c>./camelid bench runtime</c></summary>
internal static class RuntimeBenchmark
{
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
        List<RuntimeLine> lines = [];
        foreach (BenchmarkModel model in options.Models)
        {
            ModelPackage package = await packages.OpenAsync(model, CancellationToken.None);
            foreach (int threads in options.Threads)
            {
                lines.AddRange(new DecoderComparison(package, model, threads, options.Rounds).Run());
            }
        }

        if (options.IsJson)
        {
            Console.WriteLine(JsonSerializer.Serialize(new { options.Rounds, lines }, Indented));
        }
        else
        {
            Print(lines);
        }

        return 0;
    }

    private static void Print(List<RuntimeLine> lines)
    {
        int width = lines.Max(line => line.Quantity.Length);
        Console.WriteLine($"model      threads  {"".PadRight(width)}      ours     GenAI     ratio   (least, most)");
        foreach (RuntimeLine line in lines)
        {
            string span = line.Least is null ? "" : $"  ({Figure(line.Least)}, {Figure(line.Most)})";
            Console.WriteLine($"{line.Model,-10} {line.Threads,7}  {line.Quantity.PadRight(width)}  {Figure(line.Ours),8}"
                + $"  {Figure(line.Theirs),8}  {Figure(line.Ratio),8}{span} {line.Unit}");
        }
    }

    private static string Figure(double? value) => value?.ToString(
        Math.Abs(value.Value) < 100 ? "F2" : "F0", CultureInfo.InvariantCulture) ?? "";
}
