using Camelid.ModelRuntime.Importing;

namespace Camelid.ModelRuntime.Tests.Importing.OnnxFolder;

/// <summary>The ways in which model builders write the same decoder.</summary>
internal sealed record OnnxDecoderOptions
{
    /// <summary>F32, F16 or BF16.</summary>
    internal string Format { get; init; } = SourceNumbers.Single;

    /// <summary>4 or 8 for MatMulNBits; 0 for MatMul.</summary>
    internal int Bits { get; init; }

    /// <summary>Inputs under one scale.</summary>
    internal int BlockElements { get; init; } = 32;

    /// <summary>True where blocks have zero points.</summary>
    internal bool HasZeroPoints { get; init; }

    /// <summary>True where q, k and v are one matrix.</summary>
    internal bool IsPacked { get; init; } = true;

    /// <summary>True where residual sums are nodes of their own.</summary>
    internal bool HasPlainSums { get; init; }

    /// <summary>True where queries and keys are turned by nodes of their own.</summary>
    internal bool HasRotaryNodes { get; init; }

    /// <summary>True where weights lie in a file beside the graph.</summary>
    internal bool IsExternal { get; init; } = true;

    /// <summary>True where a tied graph keeps the output projection, and turns it for the embedding.</summary>
    internal bool KeepsProjection { get; init; }

    /// <summary>Name of the activation's node.</summary>
    internal string Activation { get; init; } = "Sigmoid";

    /// <summary>Factor on the rotary angles in the tables, to spoil them.</summary>
    internal Func<int, double> AngleFactor { get; init; } = _ => 1;
}
