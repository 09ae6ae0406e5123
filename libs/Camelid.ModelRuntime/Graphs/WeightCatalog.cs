using Camelid.ModelRuntime.Onnx;
using Camelid.ModelRuntime.Packages;

namespace Camelid.ModelRuntime.Graphs;

/// <summary>What a weight is.</summary>
internal enum WeightKind
{
    /// <summary>One row of numbers: norms and biases. float32; float16 in precision fp16.</summary>
    Vector,

    /// <summary>Rows that are looked up: embedding and rotary tables.</summary>
    Table,

    /// <summary>What a row is multiplied with: [inputs, outputs], or blocks of it.</summary>
    Matrix,
}

/// <summary>A weight of a model.</summary>
/// <param name="Name">Its name in graph and package.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Rows">1 for a vector; inputs of a matrix.</param>
/// <param name="Columns">Length of a vector or of a table's row; outputs of a matrix.</param>
internal sealed record WeightSpec(string Name, WeightKind Kind, long Rows, long Columns)
{
    /// <summary>Blocks of quantised numbers over the inputs of one output.</summary>
    internal long BlocksPerOutput => (Rows + Precision.BlockSize - 1) / Precision.BlockSize;

    /// <summary>The tensors that hold the weight in a package of this precision, in the order of the file.</summary>
    internal IReadOnlyList<TensorSpec> Tensors(string precision)
    {
        if (Kind == WeightKind.Matrix && Precision.IsQuantised(precision))
        {
            long[] blocks = [Columns, BlocksPerOutput, Precision.BlockBytes(precision)];
            return [
                new TensorSpec(WeightCatalog.Blocks(Name), OnnxGraph.UInt8, blocks),
                new TensorSpec(WeightCatalog.Scales(Name), OnnxGraph.Float, [Columns * BlocksPerOutput]),
            ];
        }

        bool half = precision == Precision.Half
            || (Name == WeightCatalog.Embedding && precision != Precision.Single);
        long[] dimensions = Kind == WeightKind.Vector ? [Columns] : [Rows, Columns];
        return [new TensorSpec(Name, half ? OnnxGraph.Float16 : OnnxGraph.Float, dimensions)];
    }
}

/// <summary>A tensor as a package holds it: little-endian, row-major.</summary>
/// <param name="Name">Its name in the graph.</param>
/// <param name="ElementType">ONNX element type.</param>
/// <param name="Dimensions">Its shape.</param>
internal sealed record TensorSpec(string Name, int ElementType, IReadOnlyList<long> Dimensions)
{
    /// <summary>Bytes of the whole tensor.</summary>
    internal long Bytes =>
        Dimensions.Aggregate(1L, (product, size) => checked(product * size)) * OnnxGraph.ElementBytes(ElementType);
}

/// <summary>Every weight of a model, in the order of its file. A package holds exactly these.</summary>
internal static class WeightCatalog
{
    /// <summary>The embedding table.</summary>
    internal const string Embedding = "embedding";

    /// <summary>The output projection.</summary>
    internal const string Output = "output";

    /// <summary>The rotary tables.</summary>
    internal const string Cos = "cos", Sin = "sin";

    /// <summary>Name of a quantised matrix's blocks.</summary>
    internal static string Blocks(string matrix) => matrix + ".blocks";

    /// <summary>Name of a quantised matrix's scales.</summary>
    internal static string Scales(string matrix) => matrix + ".scales";

    /// <summary>
    /// True where the output projection is a weight of its own. A quantised model keeps one even if it is tied: the
    /// embedding is looked up, the projection multiplied, and each has its own form.
    /// </summary>
    internal static bool HasOutput(ModelArchitecture model, string precision) =>
        !model.TiedEmbedding || Precision.IsQuantised(precision);

    /// <summary>The weights of an architecture in a precision.</summary>
    internal static IReadOnlyList<WeightSpec> Of(ModelArchitecture model, string precision)
    {
        List<WeightSpec> all = [new(Embedding, WeightKind.Table, model.VocabularySize, model.HiddenSize)];
        void vector(string name, long length) => all.Add(new WeightSpec(name, WeightKind.Vector, 1, length));
        void matrix(string name, long inputs, long outputs) =>
            all.Add(new WeightSpec(name, WeightKind.Matrix, inputs, outputs));
        for (int layer = 0; layer < model.Layers; layer++)
        {
            string at = $"layer.{layer}.";
            vector(at + "attention_norm", model.HiddenSize);
            matrix(at + "qkv", model.HiddenSize, model.QueryKeyValueSize);
            if (model.AttentionBias)
            {
                vector(at + "qkv_bias", model.QueryKeyValueSize);
            }

            if (model.QueryKeyNorm)
            {
                vector(at + "query_norm", model.PaddedHeadSize);
                vector(at + "key_norm", model.PaddedHeadSize);
            }

            matrix(at + "attention_out", model.AttentionSize, model.HiddenSize);
            if (model.AttentionOutputBias)
            {
                vector(at + "attention_out_bias", model.HiddenSize);
            }

            vector(at + "feed_forward_norm", model.HiddenSize);
            matrix(at + "gate", model.HiddenSize, model.FeedForwardSize);
            matrix(at + "up", model.HiddenSize, model.FeedForwardSize);
            matrix(at + "down", model.FeedForwardSize, model.HiddenSize);
        }

        vector("final_norm", model.HiddenSize);
        if (HasOutput(model, precision))
        {
            matrix(Output, model.HiddenSize, model.VocabularySize);
        }

        long positions = model.ContextTokensMax + SlotGraph.PadPositions;
        all.Add(new WeightSpec(Cos, WeightKind.Table, positions, model.PaddedHeadSize / 2));
        all.Add(new WeightSpec(Sin, WeightKind.Table, positions, model.PaddedHeadSize / 2));
        return all;
    }
}
