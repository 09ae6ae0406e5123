using Camelid.ModelRuntime.Onnx;
using Camelid.ModelRuntime.Packages;

namespace Camelid.ModelRuntime.Graphs;

/// <summary>
/// The canonical computation of a Llama model: the tokens of all slots lie side by side in one [1, n] row for the
/// matrix products; each slot has its own attention, padded with one zero row, so that a slot never runs the
/// one-token path, whose bits differ. One call mixes prefill chunks, decoding and idle slots, bitwise equal to a
/// single prefill of each sequence.
/// </summary>
/// <remarks>
/// Inputs: <c>input_ids</c> [1, n]; <c>split</c> [slots], tokens of each slot; <c>rows</c> [r], which tokens want
/// logits; for each slot <c>seqlens_k.s</c> [1], <c>total_sequence_length.s</c> [], and its keys and values [1, kv
/// heads, capacity, head size]. Output: <c>logits</c> [r, vocabulary].
/// </remarks>
internal sealed class SlotGraph
{
    /// <summary>Positions beyond the context that the pad rows of a full slot reach.</summary>
    internal const int PadPositions = 2;

    private readonly OnnxGraph graph = new("llama");
    private readonly ModelArchitecture model;
    private readonly IReadOnlyDictionary<string, ExternalTensor> weights;
    private readonly int slots;

    private SlotGraph(ModelArchitecture model, IReadOnlyDictionary<string, ExternalTensor> weights, int slots) =>
        (this.model, this.weights, this.slots) = (model, weights, slots);

    /// <summary>Name of a slot's keys or values going in.</summary>
    internal static string Past(int layer, int slot, bool values) =>
        $"past.{layer}.{(values ? "value" : "key")}.{slot}";

    /// <summary>Name of a slot's keys or values coming out.</summary>
    internal static string Present(int layer, int slot, bool values) =>
        $"present.{layer}.{(values ? "value" : "key")}.{slot}";

    /// <summary>Writes the graph for a number of slots.</summary>
    /// <exception cref="ModelPackageException">A weight is missing.</exception>
    internal static byte[] Build(
        ModelArchitecture model, IReadOnlyDictionary<string, ExternalTensor> weights, int slots)
    {
        SlotGraph builder = new(model, weights, slots);
        builder.DeclareInputs();
        builder.Layers();
        return builder.graph.ToBytes();
    }

    private void DeclareInputs()
    {
        graph.Input("input_ids", OnnxGraph.Int64, 1, "n");
        graph.Input("split", OnnxGraph.Int64, slots);
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
        string pad = graph.Floats(new float[model.QueryKeyValueSize], 1, 1, model.QueryKeyValueSize);
        Constants constants = new(
            pad, graph.Int64s(0), graph.Int64s(-1), graph.Int64s(1), Weight("cos"), Weight("sin"));
        string embedding = Weight("embedding");
        string residual = graph.Add("Gather", [embedding, "input_ids"]);
        string normal = graph.Add(
            "SimplifiedLayerNormalization", [residual, Weight("layer.0.attention_norm")],
            OnnxGraph.Of("axis", -1), OnnxGraph.Of("epsilon", model.NormEpsilon), OnnxGraph.Of("stash_type", 1));
        for (int layer = 0; layer < model.Layers; layer++)
        {
            string packed = graph.Add("MatMul", [normal, Weight($"layer.{layer}.qkv")]);
            string mixed = Attention(packed, layer, constants);
            string attention = graph.Add("MatMul", [mixed, Weight($"layer.{layer}.attention_out")]);
            (normal, residual) = SkipNorm(residual, attention, Weight($"layer.{layer}.feed_forward_norm"));
            string gate = graph.Add("MatMul", [normal, Weight($"layer.{layer}.gate")]);
            string up = graph.Add("MatMul", [normal, Weight($"layer.{layer}.up")]);
            string open = graph.Add("Mul", [gate, graph.Add("Sigmoid", [gate])]);
            string down = graph.Add("MatMul", [graph.Add("Mul", [open, up]), Weight($"layer.{layer}.down")]);
            string next = layer + 1 < model.Layers ? $"layer.{layer + 1}.attention_norm" : "final_norm";
            (normal, residual) = SkipNorm(residual, down, Weight(next));
        }

        string flat = graph.Add("Reshape", [normal, graph.Int64s(-1, model.HiddenSize)]);
        string chosen = graph.Add("Gather", [flat, "rows"], OnnxGraph.Of("axis", 0));
        string output = model.TiedEmbedding
            ? graph.Add("Transpose", [embedding], OnnxGraph.Of("perm", [1, 0]))
            : Weight("output");
        graph.AddNode("MatMul", [chosen, output], ["logits"]);
    }

    private string Attention(string packed, int layer, Constants constants)
    {
        string[] parts = graph.AddMany("Split", [packed, "split"], slots, OnnxGraph.Of("axis", 1));
        string[] mixed = new string[slots];
        for (int slot = 0; slot < slots; slot++)
        {
            string padded = graph.Add("Concat", [parts[slot], constants.Pad], OnnxGraph.Of("axis", 1));
            string[] caches = new string[4];
            for (int i = 0; i < 4; i++)
            {
                bool values = i % 2 == 1;
                caches[i] = i < 2 ? Past(layer, slot, values) : Present(layer, slot, values);
                object[] shape = [1, model.KeyValueHeads, i < 2 ? "capacity" : "capacity_out", model.HeadSize];
                if (i < 2)
                {
                    graph.Input(caches[i], OnnxGraph.Float, shape);
                }
                else
                {
                    graph.Output(caches[i], OnnxGraph.Float, shape);
                }
            }

            string attended = $"attended.{layer}.{slot}";
            graph.AddNode(
                "com.microsoft:GroupQueryAttention",
                [padded, "", "", caches[0], caches[1], $"seqlens_k.{slot}", $"total_sequence_length.{slot}",
                    constants.Cos, constants.Sin],
                [attended, caches[2], caches[3]],
                OnnxGraph.Of("num_heads", model.Heads), OnnxGraph.Of("kv_num_heads", model.KeyValueHeads),
                OnnxGraph.Of("do_rotary", 1), OnnxGraph.Of("rotary_interleaved", 0));
            mixed[slot] = graph.Add("Slice", [attended, constants.Zero, constants.MinusOne, constants.One]);
        }

        return graph.Add("Concat", mixed, OnnxGraph.Of("axis", 1));
    }

    private (string Normal, string Residual) SkipNorm(string residual, string change, string weight)
    {
        string[] outputs = [$"{change}.normal", $"{change}.sum"];
        graph.AddNode(
            "com.microsoft:SkipSimplifiedLayerNormalization", [residual, change, weight],
            [outputs[0], "", "", outputs[1]], OnnxGraph.Of("epsilon", model.NormEpsilon));
        return (outputs[0], outputs[1]);
    }

    private readonly HashSet<string> declared = [];

    private string Weight(string name)
    {
        if (!weights.TryGetValue(name, out ExternalTensor? weight))
        {
            throw new ModelPackageException($"the model's graph has no weight {name}; the package is not complete");
        }

        return declared.Add(name) ? graph.Weight(weight) : name;
    }

    /// <summary>Slice takes axis 1: from Zero to MinusOne, along One.</summary>
    private sealed record Constants(string Pad, string Zero, string MinusOne, string One, string Cos, string Sin);
}
