namespace Camelid.Benchmarks.Runtime;

/// <summary>One line of the table: a quantity of ours, of ONNX Runtime GenAI, and their ratio.</summary>
internal sealed record RuntimeLine
{
    /// <summary>Model and precision.</summary>
    public required string Model { get; init; }

    /// <summary>Threads of one operator.</summary>
    public required int Threads { get; init; }

    /// <summary>What is measured.</summary>
    public required string Quantity { get; init; }

    /// <summary>Unit of <see cref="Ours"/> and <see cref="Theirs"/>; <c>times</c> where there is only a ratio.</summary>
    public required string Unit { get; init; }

    /// <summary>Our median.</summary>
    public double? Ours { get; init; }

    /// <summary>GenAI's median; null where ours stands alone.</summary>
    public double? Theirs { get; init; }

    /// <summary>The median of the rounds' ratios, more is better for us unless the quantity says otherwise.</summary>
    public double? Ratio { get; init; }

    /// <summary>The least ratio.</summary>
    public double? Least { get; init; }

    /// <summary>The greatest ratio.</summary>
    public double? Most { get; init; }

    /// <summary>Median of rounds.</summary>
    internal static double Median(IEnumerable<double> rounds)
    {
        double[] sorted = [.. rounds.Order()];
        return sorted[sorted.Length / 2];
    }
}
