namespace Camelid.Benchmarks.Runtime;

/// <summary>One line of the table.</summary>
internal sealed record RuntimeLine
{
    /// <summary>Model and precision.</summary>
    public required string Model { get; init; }

    /// <summary>Threads of one operator.</summary>
    public required int Threads { get; init; }

    /// <summary>What is measured.</summary>
    public required string Quantity { get; init; }

    /// <summary>Unit of <see cref="Ours"/> and <see cref="Other"/>.</summary>
    public required string Unit { get; init; }

    /// <summary>Our median.</summary>
    public required double Ours { get; init; }

    /// <summary>The median of what it is compared with: GenAI, or what the quantity names; null for none.</summary>
    public double? Other { get; init; }

    /// <summary>Ours over the other: the median of the rounds' ratios, or the ratio of two medians.</summary>
    public double? Ratio { get; init; }

    /// <summary>The least of the rounds' ratios.</summary>
    public double? Least { get; init; }

    /// <summary>The greatest of the rounds' ratios.</summary>
    public double? Most { get; init; }
}
