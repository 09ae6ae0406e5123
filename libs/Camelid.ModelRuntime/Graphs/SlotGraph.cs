using Camelid.ModelRuntime.Onnx;
using Camelid.ModelRuntime.Packages;

namespace Camelid.ModelRuntime.Graphs;

/// <summary>
/// The canonical computation of a decoder: the tokens of all slots lie side by side in one [1, n] row for the matrix
/// products; each slot has its own attention, padded with one more row, so that a slot never runs the one-token path,
/// whose bits differ. One call mixes prefill chunks, decoding and idle slots, bitwise equal to a single prefill of
/// each sequence. The graph of one slot has no padding: its caller gives at least two tokens.
/// </summary>
/// <remarks>
/// Inputs: <c>input_ids</c> [1, n]; <c>rows</c> [r], which tokens want logits; where slots are padded <c>padded</c>
/// [n + slots], the token in each row of attention, and <c>kept</c> [n], the row of each token; <c>split</c> [slots],
/// rows of each slot, where there are several; for each slot <c>seqlens_k.s</c> [1], <c>total_sequence_length.s</c>
/// [], and its keys and values [1, kv heads, capacity, padded head size]. Output: <c>logits</c> [r, vocabulary],
/// float32.
/// </remarks>
internal sealed class SlotGraph
{
    /// <summary>
    /// One slot, padded as if there were several: for calls of a single token, whose matrix products then have one row.
    /// </summary>
    internal const int OneToken = 0;

    /// <summary>Positions beyond the context that the rows beside a full slot's tokens reach.</summary>
    internal const int PadPositions = 2;

    /// <summary>
    /// MatMulNBits computes with 8-bit inputs at this level; at level 0 its bits depend on how many rows there are.
    /// </summary>
    private const int AccuracyLevel = 4;

    private readonly OnnxGraph graph = new("decoder");
    private readonly ModelArchitecture model;
    private readonly string precision;
    private readonly IReadOnlyDictionary<string, ExternalTensor> tensors;
    private readonly int slots;
    private readonly bool isPadded;
    private readonly HashSet<string> declared = [];

    private SlotGraph(
        ModelArchitecture model, string precision, IReadOnlyDictionary<string, ExternalTensor> tensors, int slots) =>
        (this.model, this.precision, this.tensors, this.slots, isPadded) =
            (model, precision, tensors, Math.Max(slots, 1), slots != 1);

    /// <summary>ONNX element type of activations, keys and values.</summary>
    internal static int ElementTypeOf(string precision) =>
        precision == Precision.Half ? OnnxGraph.Float16 : OnnxGraph.Float;

    /// <summary>Name of a slot's keys or values going in.</summary>
    internal static string Past(int layer, int slot, bool values) =>
        $"past.{layer}.{(values ? "value" : "key")}.{slot}";

    /// <summary>Name of a slot's keys or values coming out.</summary>
    internal static string Present(int layer, int slot, bool values) =>
        $"present.{layer}.{(values ? "value" : "key")}.{slot}";

    /// <summary>Writes the graph for a number of slots, or for one slot and one token.</summary>
    /// <param name="model">The shapes.</param>
    /// <param name="precision">The weights' precision.</param>
    /// <param name="tensors">Where the weights lie.</param>
    /// <param name="slots">Slots; <see cref="OneToken"/> for one slot that is padded.</param>
    /// <exception cref="ModelPackageException">A weight is missing.</exception>
    internal static byte[] Build(
        ModelArchitecture model, string precision, IReadOnlyDictionary<string, ExternalTensor> tensors, int slots)
    {
        SlotGraph builder = new(model, precision, tensors, slots);
        builder.DeclareInputs();
        builder.Layers();
        return builder.graph.ToBytes();
    }

    private int ElementType => ElementTypeOf(precision);

    private void DeclareInputs()
    {
        graph.Input("input_ids", OnnxGraph.Int64, 1, "n");
        if (isPadded)
        {
            graph.Input("padded", OnnxGraph.Int64, "n_padded");
            graph.Input("kept", OnnxGraph.Int64, "n");
        }

        if (slots > 1)
        {
            graph.Input("split", OnnxGraph.Int64, slots);
        }

        graph.Input("rows", OnnxGraph.Int64, "r");
        graph.Output("logits", OnnxGraph.Float, "r", model.VocabularySize);
        for (int slot = 0; slot < slots; slot++)
        {
            graph.Input($"seqlens_k.{slot}", OnnxGraph.Int32, 1);
            graph.Input($"total_sequence_length.{slot}", OnnxGraph.Int32);
        }
    }

    private void Layers()
    {
        Tensor(WeightCatalog.Cos);
        Tensor(WeightCatalog.Sin);
        string embedding = Tensor(WeightCatalog.Embedding);
        string residual = Convert(
            graph.Add("Gather", [embedding, "input_ids"]), tensors[embedding].ElementType, ElementType);
        string normal = RmsNorm(residual, Tensor("layer.0.attention_norm"), model.NormEpsilon);
        for (int layer = 0; layer < model.Layers; layer++)
        {
            string at = $"layer.{layer}.";
            string packed = Biased(
                MatMul(normal, at + "qkv", model.QueryKeyValueSize), model.AttentionBias, at + "qkv_bias");
            string mixed = Attention(model.QueryKeyNorm ? NormHeads(packed, at) : packed, layer);
            if (layer == model.Layers - 1)
            {
                // Behind the last attention only those rows count whose logits are wanted.
                mixed = graph.Add("Gather", [mixed, "rows"], OnnxGraph.Of("axis", 1));
                residual = graph.Add("Gather", [residual, "rows"], OnnxGraph.Of("axis", 1));
            }

            string attention = Biased(
                MatMul(mixed, at + "attention_out", model.HiddenSize),
                model.AttentionOutputBias, at + "attention_out_bias");
            (normal, residual) = SkipNorm(residual, attention, Tensor(at + "feed_forward_norm"));
            string gate = MatMul(normal, at + "gate", model.FeedForwardSize);
            string up = MatMul(normal, at + "up", model.FeedForwardSize);
            string open = graph.Add("Mul", [gate, graph.Add("Sigmoid", [gate])]);
            string down = MatMul(graph.Add("Mul", [open, up]), at + "down", model.HiddenSize);
            string next = layer + 1 < model.Layers ? $"layer.{layer + 1}.attention_norm" : "final_norm";
            (normal, residual) = SkipNorm(residual, down, Tensor(next));
        }

        Logits(graph.Add("Reshape", [normal, graph.Int64s(-1, model.HiddenSize)]), embedding);
    }

    /// <summary>The last product. Gemm takes a tied embedding as it lies, so that sessions share one copy.</summary>
    private void Logits(string chosen, string embedding)
    {
        string logits = ElementType == OnnxGraph.Float ? "logits" : "logits.half";
        if (WeightCatalog.HasOutput(model, precision))
        {
            AddMatMul(chosen, WeightCatalog.Output, model.VocabularySize, logits);
        }
        else
        {
            graph.AddNode("Gemm", [chosen, embedding], [logits], OnnxGraph.Of("transB", 1));
        }

        if (ElementType != OnnxGraph.Float)
        {
            graph.AddNode("Cast", [logits], ["logits"], OnnxGraph.Of("to", OnnxGraph.Float));
        }
    }

    private string Attention(string packed, int layer)
    {
        if (!isPadded)
        {
            return Attend(packed, layer, 0);
        }

        string padded = graph.Add("Gather", [packed, "padded"], OnnxGraph.Of("axis", 1));
        string[] parts = slots == 1
            ? [padded]
            : graph.AddMany("Split", [padded, "split"], slots, OnnxGraph.Of("axis", 1));
        string[] mixed = [.. parts.Select((part, slot) => Attend(part, layer, slot))];
        string all = slots == 1 ? mixed[0] : graph.Add("Concat", mixed, OnnxGraph.Of("axis", 1));
        return graph.Add("Gather", [all, "kept"], OnnxGraph.Of("axis", 1));
    }

    private string Attend(string packed, int layer, int slot)
    {
        string[] caches = new string[4];
        for (int i = 0; i < 4; i++)
        {
            bool values = i % 2 == 1;
            caches[i] = i < 2 ? Past(layer, slot, values) : Present(layer, slot, values);
            object[] shape = [1, model.KeyValueHeads, $"capacity.{slot}", model.PaddedHeadSize];
            if (i < 2)
            {
                graph.Input(caches[i], ElementType, shape);
            }
            else
            {
                graph.Output(caches[i], ElementType, shape);
            }
        }

        string attended = $"attended.{layer}.{slot}";
        graph.AddNode(
            "com.microsoft:GroupQueryAttention",
            [packed, "", "", caches[0], caches[1], $"seqlens_k.{slot}", $"total_sequence_length.{slot}",
                WeightCatalog.Cos, WeightCatalog.Sin],
            [attended, caches[2], caches[3]],
            OnnxGraph.Of("num_heads", model.Heads), OnnxGraph.Of("kv_num_heads", model.KeyValueHeads),
            OnnxGraph.Of("do_rotary", 1), OnnxGraph.Of("rotary_interleaved", 0),
            OnnxGraph.Of("scale", (float)(1 / Math.Sqrt(model.HeadSize))),
            OnnxGraph.Of("local_window_size", model.SlidingWindow > 0 ? model.SlidingWindow : -1));
        return attended;
    }

    /// <summary>Qwen3: every query and key head gets its RMS norm before it is rotated.</summary>
    private string NormHeads(string packed, string at)
    {
        long head = model.PaddedHeadSize;
        long queries = model.Heads * head;
        long shared = model.KeyValueHeads * head;
        string[] parts = graph.AddMany(
            "Split", [packed, graph.Int64s(queries, shared, shared)], 3, OnnxGraph.Of("axis", 2));
        // A padded head's mean square is over more numbers than the model's: epsilon and weights make up for it.
        float epsilon = model.NormEpsilon * model.HeadSize / head;
        string normed(string part, long width, string weight)
        {
            string heads = graph.Add("Reshape", [part, graph.Int64s(0, -1, width / head, head)]);
            string normal = RmsNorm(heads, Tensor(at + weight), epsilon);
            return graph.Add("Reshape", [normal, graph.Int64s(0, -1, width)]);
        }

        return graph.Add(
            "Concat", [normed(parts[0], queries, "query_norm"), normed(parts[1], shared, "key_norm"), parts[2]],
            OnnxGraph.Of("axis", 2));
    }

    private string RmsNorm(string x, string weight, float epsilon) => graph.Add(
        "SimplifiedLayerNormalization", [x, weight],
        OnnxGraph.Of("axis", -1), OnnxGraph.Of("epsilon", epsilon), OnnxGraph.Of("stash_type", 1));

    private (string Normal, string Residual) SkipNorm(string residual, string change, string weight)
    {
        string[] outputs = [$"{change}.normal", $"{change}.sum"];
        graph.AddNode(
            "com.microsoft:SkipSimplifiedLayerNormalization", [residual, change, weight],
            [outputs[0], "", "", outputs[1]], OnnxGraph.Of("epsilon", model.NormEpsilon));
        return (outputs[0], outputs[1]);
    }

    private string MatMul(string x, string weight, long outputs)
    {
        string product = weight + ".product";
        AddMatMul(x, weight, outputs, product);
        return product;
    }

    private void AddMatMul(string x, string weight, long outputs, string product)
    {
        if (!Precision.IsQuantised(precision))
        {
            graph.AddNode("MatMul", [x, Tensor(weight)], [product]);
            return;
        }

        string blocks = Tensor(WeightCatalog.Blocks(weight));
        graph.AddNode(
            "com.microsoft:MatMulNBits",
            [x, blocks, Tensor(WeightCatalog.Scales(weight))],
            [product],
            OnnxGraph.Of("K", InputsOf(weight)), OnnxGraph.Of("N", outputs),
            OnnxGraph.Of("bits", precision == Precision.Int8 ? 8 : 4),
            OnnxGraph.Of("block_size", Precision.BlockSize), OnnxGraph.Of("accuracy_level", AccuracyLevel));
    }

    private long InputsOf(string weight) => weight switch
    {
        _ when weight.EndsWith(".attention_out", StringComparison.Ordinal) => model.AttentionSize,
        _ when weight.EndsWith(".down", StringComparison.Ordinal) => model.FeedForwardSize,
        _ => model.HiddenSize,
    };

    private string Biased(string x, bool hasBias, string bias) =>
        hasBias ? graph.Add("Add", [x, Tensor(bias)]) : x;

    private string Convert(string x, int from, int to) =>
        from == to ? x : graph.Add("Cast", [x], OnnxGraph.Of("to", to));

    private string Tensor(string name)
    {
        if (!tensors.TryGetValue(name, out ExternalTensor? tensor))
        {
            throw new ModelPackageException($"the model's graph has no weight {name}; the package is not complete");
        }

        return declared.Add(name) ? graph.Weight(tensor) : name;
    }
}
