using System.Diagnostics;
using System.Globalization;
using Camelid.Simulation.Nodes;
using Camelid.Simulation.Scenarios;

namespace Camelid.Benchmarks;

/// <summary>
/// <c>./camelid bench simulation [--seeds N] [--seed S] [--scenario NAME]</c>: whole networks in virtual time, one run
/// for each seed and scenario, as many at once as there are processors. A failure names what replays it.
/// </summary>
internal sealed class SimulationBenchmark
{
    private const int SeedsDefault = 2_000, SeedsMax = 10_000_000, FailuresShown = 20, SlowestShown = 5;
    private static readonly TimeSpan ReportEvery = TimeSpan.FromSeconds(10);

    private readonly Lock gate = new();
    private readonly Stopwatch clock = Stopwatch.StartNew();
    private readonly Scenario[] scenarios;
    private readonly int first;
    private readonly int seeds;
    private readonly List<string> failures = [];
    private readonly PriorityQueue<string, TimeSpan> slowest = new();
    private readonly TimeSpan[] spent;
    private int done;

    private SimulationBenchmark(Scenario[] scenarios, int first, int seeds)
    {
        (this.scenarios, this.first, this.seeds) = (scenarios, first, seeds);
        spent = new TimeSpan[scenarios.Length];
    }

    private int Total => seeds * scenarios.Length;

    /// <summary>Returns 0, 1 where a run failed, 2 where the arguments are not understood.</summary>
    internal static Task<int> RunAsync(string[] args)
    {
        (int seeds, int seed, Scenario[] told) = (SeedsDefault, Random.Shared.Next(1 << 30), [.. Scenario.All]);
        for (int i = 0; i < args.Length; i += 2)
        {
            string? value = args.ElementAtOrDefault(i + 1);
            bool isNumber = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int number);
            switch (args[i])
            {
                case "--seeds" when isNumber && number is > 0 and <= SeedsMax: seeds = number; break;
                case "--seed" when isNumber: seed = number; break;
                case "--scenario" when Scenario.Find(value) is { } scenario: told = [scenario]; break;
                default:
                    Console.Error.WriteLine(
                        "usage: ./camelid bench simulation [--seeds N] [--seed S] [--scenario NAME]\nscenarios: "
                        + string.Join(", ", Scenario.All.Append(Scenario.Crowd).Select(each => each.Name)));
                    return Task.FromResult(2);
            }
        }

        return Task.FromResult(new SimulationBenchmark(told, seed, seeds).Run() ? 0 : 1);
    }

    private bool Run()
    {
        Console.WriteLine($"{seeds} seeds from {first}, scenarios {string.Join(", ", scenarios.Select(s => s.Name))}");
        using (new Timer(_ => Console.Error.WriteLine(Progress()), null, ReportEvery, ReportEvery))
        {
            ParallelOptions options = new() { MaxDegreeOfParallelism = Environment.ProcessorCount };
            Parallel.For(0, Total, options, RunOne);
        }

        Console.WriteLine(Progress());
        for (int i = 0; i < scenarios.Length; i++)
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{scenarios[i].Name}: {spent[i].TotalSeconds / seeds:F3} s a seed"));
            if (scenarios[i].Totals is { Length: > 0 } totals)
            {
                Console.WriteLine($"{scenarios[i].Name}: {totals}");
            }
        }

        while (slowest.TryDequeue(out string? name, out TimeSpan took))
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"slow: {name}, {took.TotalSeconds:F2} s"));
        }

        failures.Take(FailuresShown).ToList().ForEach(Console.WriteLine);
        return failures.Count == 0;
    }

    private void RunOne(int run)
    {
        int which = run % scenarios.Length;
        int seed = first + (run / scenarios.Length);
        Stopwatch watch = Stopwatch.StartNew();
        string? failure = null;
        try
        {
            ScenarioReport report = scenarios[which].Run(seed);
            if (Total <= FailuresShown)
            {
                Console.WriteLine($"{report.Name} seed {seed}: height {report.Height}; {report.Facts}");
            }
        }
        catch (SimulationFailedException exception)
        {
            failure = exception.Message;
            Console.WriteLine($"FAILED {failure}");
        }

        lock (gate)
        {
            done++;
            spent[which] += watch.Elapsed;
            slowest.Enqueue($"{scenarios[which].Name} seed {seed}", watch.Elapsed);
            if (slowest.Count > SlowestShown)
            {
                slowest.Dequeue();
            }

            if (failure is not null)
            {
                failures.Add(failure);
            }
        }
    }

    private string Progress()
    {
        lock (gate)
        {
            double seconds = clock.Elapsed.TotalSeconds;
            return string.Create(
                CultureInfo.InvariantCulture,
                $"{done} of {Total} runs, {failures.Count} failed, {seconds:F0} s, {done / seconds:F1} runs/s");
        }
    }
}
