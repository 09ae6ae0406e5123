using Camelid.ModelRuntime.Packages;

namespace Camelid.Benchmarks.Runtime;

/// <summary>A model of random weights, in the shape of a real one.</summary>
/// <param name="Name">Its short name: how many parameters it has.</param>
/// <param name="Precision">Its number format.</param>
/// <param name="Architecture">Its shapes.</param>
internal sealed record BenchmarkModel(string Name, string Precision, ModelArchitecture Architecture)
{
    /// <summary>Enough for the longest prompt and what follows it.</summary>
    private const int ContextTokens = 1024;

    /// <summary>Name and precision.</summary>
    internal string Label => $"{Name} {Precision}";

    /// <summary>110 million parameters.</summary>
    internal static BenchmarkModel Small(string precision) => new("110m", precision, Llama(768, 12, 12, 12, 2048));

    /// <summary>1.1 billion parameters, grouped queries.</summary>
    internal static BenchmarkModel Large(string precision) => new("1b", precision, Llama(2048, 22, 32, 4, 5632));

    /// <summary>Bytes of all matrices that one token is multiplied with.</summary>
    internal long MatrixBytes => ModelRuntime.Graphs.WeightCatalog.Of(Architecture, Precision)
        .Where(weight => weight.Kind == ModelRuntime.Graphs.WeightKind.Matrix)
        .Sum(weight => weight.Tensors(Precision).Sum(tensor => tensor.Bytes));

    private static ModelArchitecture Llama(int hidden, int layers, int heads, int keyValueHeads, int feedForward) =>
        new()
        {
            Family = "llama",
            HiddenSize = hidden,
            Layers = layers,
            Heads = heads,
            KeyValueHeads = keyValueHeads,
            HeadSize = hidden / heads,
            FeedForwardSize = feedForward,
            VocabularySize = 32_000,
            ContextTokensMax = ContextTokens,
            NormEpsilon = 1e-5f,
            RotaryBase = 10_000,
            TiedEmbedding = false,
        };
}
