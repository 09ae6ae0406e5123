using System.Diagnostics;

namespace Camelid.Benchmarks;

/// <summary>One line of the table.</summary>
/// <param name="Name">What was measured.</param>
/// <param name="Value">The median of all rounds.</param>
/// <param name="Least">The least of them.</param>
/// <param name="Most">The most of them.</param>
/// <param name="Unit"><c>times</c> for a ratio.</param>
internal sealed record Measurement(string Name, double Value, double Least, double Most, string Unit)
{
    /// <summary>Rounds of everything that is measured.</summary>
    public const int Rounds = 5;

    /// <summary>
    /// Two things side by side: each round runs both, one after the other, so that what slows the machine down slows
    /// both. One round before them is not counted.
    /// </summary>
    /// <param name="name">What the first divided by the second is.</param>
    /// <param name="over">Runs the first; returns seconds.</param>
    /// <param name="under">Runs the second; returns seconds.</param>
    public static async Task<Measurement> RatioAsync(string name, Func<Task<double>> over, Func<Task<double>> under)
    {
        double[] ratios = new double[Rounds];
        for (int round = -1; round < Rounds; round++)
        {
            double first = await over();
            double ratio = first / await under();
            if (round >= 0)
            {
                ratios[round] = ratio;
            }
        }

        return Of(name, ratios, "times");
    }

    /// <summary>Median, least and most.</summary>
    public static Measurement Of(string name, double[] rounds, string unit)
    {
        double[] sorted = [.. rounds.Order()];
        return new Measurement(name, sorted[sorted.Length / 2], sorted[0], sorted[^1], unit);
    }

    /// <summary>Seconds that an action takes.</summary>
    public static Task<double> SecondsAsync(Action action)
    {
        long started = Stopwatch.GetTimestamp();
        action();
        return Task.FromResult(Stopwatch.GetElapsedTime(started).TotalSeconds);
    }

    /// <summary>Seconds of processors that this process uses meanwhile: other work does not count.</summary>
    public static Task<double> ProcessorSecondsAsync(Action action)
    {
        TimeSpan before = Environment.CpuUsage.TotalTime;
        action();
        return Task.FromResult((Environment.CpuUsage.TotalTime - before).TotalSeconds);
    }

    /// <summary>Seconds that an action takes.</summary>
    public static async Task<double> SecondsAsync(Func<Task> action)
    {
        long started = Stopwatch.GetTimestamp();
        await action();
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }
}
