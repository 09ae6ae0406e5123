using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Camelid.Fuzz;

namespace Camelid.Benchmarks.Fuzz;

/// <summary>
/// <c>./camelid bench fuzz [TARGET…] [--inputs N] [--seed S] [--json]</c>: so many changed inputs, shared out over the
/// decoders and state machines. Returns 1 where one of them threw, hung or allocated without bound.
/// </summary>
internal static class FuzzBench
{
    private const long InputsDefault = 5_000_000;
    private const long InputsMax = 10_000_000_000;

    private static readonly JsonSerializerOptions Indented = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    internal static async Task<int> RunAsync(string[] args)
    {
        if (!TryParse(args, out FuzzBenchOptions options))
        {
            await Console.Error.WriteLineAsync(
                "usage: ./camelid bench fuzz [TARGET…] [--inputs N] [--seed S] [--json]; targets: "
                + string.Join(' ', FuzzTargets.All.Select(target => target.Name)));
            return 2;
        }

        await Console.Error.WriteLineAsync(
            string.Create(CultureInfo.InvariantCulture, $"seed {options.Seed}, {options.Inputs} inputs"));
        List<FuzzReport> reports = [];
        long started = Stopwatch.GetTimestamp();
        long all = options.Targets.Sum(target => target.Share);
        long given = 0;
        foreach (IFuzzTarget target in options.Targets)
        {
            // The sum of what is given out is what was asked for.
            long before = options.Inputs * given / all;
            given += target.Share;
            FuzzReport report = new FuzzRun(target, options.Seed).Run((options.Inputs * given / all) - before);
            reports.Add(report);
            await Console.Error.WriteLineAsync(Line(report));
        }

        Write(options, reports, Stopwatch.GetElapsedTime(started));
        return reports.All(report => report.Finding is null) ? 0 : 1;
    }

    private static void Write(FuzzBenchOptions options, List<FuzzReport> reports, TimeSpan took)
    {
        long inputs = reports.Sum(report => report.Inputs);
        int findings = reports.Count(report => report.Finding is not null);
        if (options.IsJson)
        {
            Console.WriteLine(JsonSerializer.Serialize(
                new
                {
                    options.Seed,
                    inputs,
                    seconds = took.TotalSeconds,
                    findings,
                    targets = reports.Select(report => new
                    {
                        report.Target, report.Inputs, report.Accepted, report.AllocatedBytesMax,
                        inputsPerSecond = report.Inputs / report.Took.TotalSeconds,
                        slowestMilliseconds = report.SlowestInput.TotalMilliseconds,
                        finding = report.Finding?.ToString(),
                    }),
                },
                Indented));
            return;
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{inputs} inputs, {reports.Count} targets, {took.TotalSeconds:F0} s, {findings} findings"));
    }

    private static string Line(FuzzReport report) => string.Create(
        CultureInfo.InvariantCulture,
        $"{report.Target,-26} {report.Inputs,9} inputs {report.Inputs / report.Took.TotalSeconds,9:F0}/s "
        + $"{report.Accepted,9} accepted {report.AllocatedBytesMax,9} bytes at most "
        + $"{report.SlowestInput.TotalMilliseconds,7:F1} ms at most  {report.Finding?.ToString() ?? "no harm"}");

    private static bool TryParse(string[] args, out FuzzBenchOptions options)
    {
        options = new FuzzBenchOptions(FuzzTargets.All, InputsDefault, Random.Shared.Next(), false);
        List<IFuzzTarget> chosen = [];
        for (int i = 0; i < args.Length; i++)
        {
            string value = i + 1 < args.Length ? args[i + 1] : "";
            switch (args[i])
            {
                case "--json":
                    options = options with { IsJson = true };
                    break;
                case "--inputs" when IsNumber(value, out long inputs) && inputs is > 0 and <= InputsMax:
                    options = options with { Inputs = inputs };
                    i++;
                    break;
                case "--seed" when IsNumber(value, out long seed) && seed is >= 0 and <= int.MaxValue:
                    options = options with { Seed = (int)seed };
                    i++;
                    break;
                case string name when FuzzTargets.All.FirstOrDefault(target => target.Name == name) is { } target:
                    chosen.Add(target);
                    break;
                default:
                    return false;
            }
        }

        options = chosen.Count == 0 ? options : options with { Targets = chosen };
        return true;
    }

    private static bool IsNumber(string text, out long number) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    private sealed record FuzzBenchOptions(IReadOnlyList<IFuzzTarget> Targets, long Inputs, int Seed, bool IsJson);
}
