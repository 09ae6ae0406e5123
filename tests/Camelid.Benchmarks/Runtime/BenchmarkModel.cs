using Camelid.ModelRuntime.Packages;

namespace Camelid.Benchmarks.Runtime;

/// <summary>A model of random weights, in the shape of a real one.</summary>
/// <param name="Name">Its short name: how many parameters it has.</param>
/// <param name="Precision">Its number format.</param>
/// <param name="Architecture">Its shapes.</param>
/// <param name="Effort">How much of everything is run.</param>
internal sealed record BenchmarkModel(
    string Name, string Precision, ModelArchitecture Architecture, BenchmarkEffort Effort)
{
    /// <summary>Enough for the longest prompt and what follows it.</summary>
    private const int ContextTokens = 1024;

    /// <summary>Name and precision.</summary>
    internal string Label => $"{Name} {Precision}";

    /// <summary>110 million parameters.</summary>
    internal static BenchmarkModel Small(string precision) => new(
        "110m", precision, Llama(768, 12, 12, 12, 2048), new BenchmarkEffort(64, 48, 24, 256, [1, 2], true));

    /// <summary>1.1 billion parameters, grouped queries.</summary>
    internal static BenchmarkModel Large(string precision) => new(
        "1b", precision, Llama(2048, 22, 32, 4, 5632), new BenchmarkEffort(32, 16, 8, 128, [2], false));

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

/// <summary>How much is run of a model, so that a large one takes its share of the time and no more.</summary>
/// <param name="DecodePrompt">Prompt tokens of one row before decoding.</param>
/// <param name="DecodeSteps">Steps of one row.</param>
/// <param name="BatchSteps">Steps of several rows.</param>
/// <param name="RepeatedTokens">Tokens of the model's own in a prompt that its answer repeats.</param>
/// <param name="Threads">Thread counts, where none was asked for.</param>
/// <param name="Verifies">Whether verification is measured, by one thread.</param>
internal sealed record BenchmarkEffort(
    int DecodePrompt, int DecodeSteps, int BatchSteps, int RepeatedTokens, IReadOnlyList<int> Threads, bool Verifies);
