namespace Camelid.ModelRuntime.Importing.OnnxFolder;

/// <summary>A matrix product of a graph.</summary>
/// <param name="Input">The value that is multiplied, behind casts.</param>
/// <param name="Matrix">The matrix.</param>
/// <param name="Bias">What is added; null for nothing.</param>
internal sealed record OnnxLinear(string Input, OnnxMatrix Matrix, OnnxData? Bias);

/// <summary>An RMS norm of a graph, with the sum before it where there is one.</summary>
/// <param name="Weight">Its weight.</param>
/// <param name="Epsilon">Its epsilon.</param>
/// <param name="Sum">The value that is normalised, behind casts; empty where the graph gives it no name.</param>
/// <param name="Terms">The two values whose sum it is; empty where it is none.</param>
internal sealed record OnnxNorm(OnnxData Weight, float Epsilon, string Sum, IReadOnlyList<string> Terms);

/// <summary>The attention of a layer.</summary>
/// <param name="Query">Queries; with keys and values beneath where <paramref name="Key"/> is null.</param>
/// <param name="Key">Keys.</param>
/// <param name="Value">Values.</param>
/// <param name="QueryNorm">Norm of each query head; null for none.</param>
/// <param name="KeyNorm">Norm of each key head; null for none.</param>
internal sealed record OnnxAttention(
    OnnxLinear Query, OnnxLinear? Key, OnnxLinear? Value, OnnxNorm? QueryNorm, OnnxNorm? KeyNorm)
{
    /// <summary>Table of cosines, [positions, head size / 2].</summary>
    internal required OnnxData Cos { get; init; }

    /// <summary>Table of sines, [positions, head size / 2].</summary>
    internal required OnnxData Sin { get; init; }

    /// <summary>Tokens that a position sees; 0 all.</summary>
    internal required int SlidingWindow { get; init; }
}

/// <summary>A decoder layer.</summary>
internal sealed record OnnxLayer
{
    /// <summary>The norm before attention.</summary>
    internal required OnnxNorm InputNorm { get; init; }

    /// <summary>Attention.</summary>
    internal required OnnxAttention Attention { get; init; }

    /// <summary>The projection after attention.</summary>
    internal required OnnxLinear Output { get; init; }

    /// <summary>The norm before the feed-forward block.</summary>
    internal required OnnxNorm FeedForwardNorm { get; init; }

    /// <summary>The gate.</summary>
    internal required OnnxLinear Gate { get; init; }

    /// <summary>What the gate multiplies.</summary>
    internal required OnnxLinear Up { get; init; }

    /// <summary>The projection back.</summary>
    internal required OnnxLinear Down { get; init; }
}

/// <summary>A whole decoder.</summary>
/// <param name="Embedding">The embedding, [vocabulary, hidden].</param>
/// <param name="Layers">The layers, the first one first.</param>
/// <param name="FinalNorm">The norm after the last layer.</param>
/// <param name="Head">The output projection.</param>
internal sealed record OnnxDecoder(
    OnnxMatrix Embedding, IReadOnlyList<OnnxLayer> Layers, OnnxNorm FinalNorm, OnnxLinear Head)
{
    /// <summary>True where the output projection is the embedding.</summary>
    internal bool IsTied => ReferenceEquals(Head.Matrix.Data, Embedding.Data);
}
