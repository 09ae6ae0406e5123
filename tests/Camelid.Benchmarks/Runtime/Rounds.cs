using System.Globalization;

namespace Camelid.Benchmarks.Runtime;

/// <summary>
/// Measures quantities of one model at one number of threads. Each round runs both sides one directly after the other,
/// so that what slows the machine slows both; which of them begins changes from round to round, and one round before
/// all others does not count.
/// </summary>
internal sealed class Rounds(BenchmarkModel model, int threads, int count)
{
    private readonly List<RuntimeLine> lines = [];

    /// <summary>Threads of one operator.</summary>
    internal int Threads => threads;

    /// <summary>What was measured so far.</summary>
    internal IReadOnlyList<RuntimeLine> Lines => lines;

    /// <summary>Two sides in turn.</summary>
    /// <param name="quantity">What.</param>
    /// <param name="unit">Of both sides.</param>
    /// <param name="ours">Our value.</param>
    /// <param name="theirs">The other side's value.</param>
    internal async Task CompareAsync(string quantity, string unit, Func<Task<double>> ours, Func<Task<double>> theirs)
    {
        double[] mine = new double[count];
        double[] other = new double[count];
        for (int round = -1; round < count; round++)
        {
            bool oursFirst = round % 2 == 0;
            double early = await (oursFirst ? ours : theirs)();
            double late = await (oursFirst ? theirs : ours)();
            if (round >= 0)
            {
                (mine[round], other[round]) = oursFirst ? (early, late) : (late, early);
            }
        }

        double[] ratios = [.. mine.Zip(other, (first, second) => first / second)];
        Add(new RuntimeLine
        {
            Model = model.Label, Threads = threads, Quantity = quantity, Unit = unit,
            Ours = Median(mine), Other = Median(other), Ratio = Median(ratios),
            Least = ratios.Min(), Most = ratios.Max(),
        });
    }

    /// <summary>Two sides in turn that are measured without waiting.</summary>
    internal Task CompareAsync(string quantity, string unit, Func<double> ours, Func<double> theirs) =>
        CompareAsync(quantity, unit, () => Task.FromResult(ours()), () => Task.FromResult(theirs()));

    /// <summary>A value that stands alone.</summary>
    internal void Add(string quantity, string unit, double value) => Add(new RuntimeLine
    {
        Model = model.Label, Threads = threads, Quantity = quantity, Unit = unit, Ours = value,
    });

    /// <summary>A ratio of two values that are known, such as medians of other lines.</summary>
    internal void AddRatio(string quantity, string unit, double ours, double other) => Add(new RuntimeLine
    {
        Model = model.Label, Threads = threads, Quantity = quantity, Unit = unit, Ours = ours, Other = other,
        Ratio = ours / other,
    });

    private void Add(RuntimeLine line)
    {
        lines.Add(line);
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"measured: {line.Model}, {threads} threads, {line.Quantity}: {line.Ratio ?? line.Ours:F3}"));
    }

    private static double Median(double[] rounds)
    {
        double[] sorted = [.. rounds.Order()];
        return sorted[sorted.Length / 2];
    }
}
