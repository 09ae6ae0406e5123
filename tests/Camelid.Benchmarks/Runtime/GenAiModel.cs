using System.Text.Json;
using Camelid.ModelRuntime.Onnx;
using Camelid.ModelRuntime.Packages;
using Google.Protobuf;
using Onnx;

namespace Camelid.Benchmarks.Runtime;

/// <summary>
/// Writes the decoder that GenAI's own model builder would write for a Llama on the CPU, beside a package and over
/// the package's own weights: one [batch, tokens] graph, packed attention, logits of the last position only.
/// </summary>
internal sealed class GenAiModel
{
    private const string GraphFile = "genai.onnx", ConfigFile = "genai_config.json";
    private const int Float16 = 10;
    private readonly OnnxGraph graph = new("genai");
    private readonly ModelArchitecture model;
    private readonly Dictionary<string, TensorProto> weights;
    private readonly int bits;

    private GenAiModel(ModelPackage package)
    {
        model = package.Manifest.Architecture;
        bits = package.Manifest.Precision switch { "int8" => 8, "int4" => 4, _ => 0 };
        ModelProto source = ModelProto.Parser.ParseFrom(
            File.ReadAllBytes(Path.Combine(package.Folder, ModelPackage.GraphFile)));
        weights = source.Graph.Initializer
            .Where(tensor => tensor.DataLocation == TensorProto.Types.DataLocation.External)
            .ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
    }

    /// <summary>Writes graph and configuration into the package's folder.</summary>
    internal static void Write(ModelPackage package)
    {
        GenAiModel writer = new(package);
        writer.Layers();
        ModelProto graph = ModelProto.Parser.ParseFrom(writer.graph.ToBytes());
        graph.Graph.Initializer.AddRange(writer.weights.Values);
        File.WriteAllBytes(Path.Combine(package.Folder, GraphFile), graph.ToByteArray());
        File.WriteAllBytes(Path.Combine(package.Folder, ConfigFile), writer.Config());
    }

    private void Layers()
    {
        graph.Input("input_ids", OnnxGraph.Int64, "batch", "tokens");
        graph.Input("attention_mask", OnnxGraph.Int64, "batch", "total");
        graph.Output("logits", OnnxGraph.Float, "batch", 1, model.VocabularySize);
        string[] lengths = Lengths();
        string residual = graph.Add("Gather", ["embedding", "input_ids"]);
        if (weights["embedding"].DataType == Float16)
        {
            residual = graph.Add("Cast", [residual], OnnxGraph.Of("to", (long)OnnxGraph.Float));
        }

        string normal = graph.Add(
            "SimplifiedLayerNormalization", [residual, "layer.0.attention_norm"],
            OnnxGraph.Of("axis", -1), OnnxGraph.Of("epsilon", model.NormEpsilon), OnnxGraph.Of("stash_type", 1));
        for (int layer = 0; layer < model.Layers; layer++)
        {
            string name = $"layer.{layer}";
            string packed = Product(normal, $"{name}.qkv", model.HiddenSize, model.QueryKeyValueSize);
            string mixed = Attention(packed, layer, lengths);
            string attention = Product(
                mixed, $"{name}.attention_out", model.Heads * model.HeadSize, model.HiddenSize);
            (normal, residual) = SkipNorm(residual, attention, $"{name}.feed_forward_norm");
            string gate = Product(normal, $"{name}.gate", model.HiddenSize, model.FeedForwardSize);
            string up = Product(normal, $"{name}.up", model.HiddenSize, model.FeedForwardSize);
            string open = graph.Add("Mul", [gate, graph.Add("Sigmoid", [gate])]);
            string down = Product(
                graph.Add("Mul", [open, up]), $"{name}.down", model.FeedForwardSize, model.HiddenSize);
            string next = layer + 1 < model.Layers ? $"layer.{layer + 1}.attention_norm" : "final_norm";
            (normal, residual) = SkipNorm(residual, down, next);
        }

        string last = graph.Add("Gather", [normal, graph.Int64s(-1)], OnnxGraph.Of("axis", 1));
        Product(last, "output", model.HiddenSize, model.VocabularySize, "logits");
    }

    /// <summary>Past and total lengths from the mask, as the model builder computes them.</summary>
    private string[] Lengths()
    {
        string sum = graph.Add(
            "ReduceSum", ["attention_mask", graph.Int64s(1)], OnnxGraph.Of("keepdims", 0L));
        string past = graph.Add("Sub", [sum, graph.Int64s(1)]);
        string all = graph.Add("Gather", [graph.Add("Shape", ["attention_mask"]), graph.Int64s(1)]);
        return
        [
            graph.Add("Cast", [past], OnnxGraph.Of("to", (long)OnnxGraph.Int32)),
            graph.Add("Cast", [all], OnnxGraph.Of("to", (long)OnnxGraph.Int32)),
        ];
    }

    private string Attention(string packed, int layer, string[] lengths)
    {
        string[] caches = new string[4];
        for (int i = 0; i < 4; i++)
        {
            string part = i % 2 == 0 ? "key" : "value";
            caches[i] = i < 2 ? $"past_key_values.{layer}.{part}" : $"present.{layer}.{part}";
            object[] shape = ["batch", model.KeyValueHeads, i < 2 ? "past" : "total", model.HeadSize];
            if (i < 2)
            {
                graph.Input(caches[i], OnnxGraph.Float, shape);
            }
            else
            {
                graph.Output(caches[i], OnnxGraph.Float, shape);
            }
        }

        string attended = $"attended.{layer}";
        graph.AddNode(
            "com.microsoft:GroupQueryAttention",
            [packed, "", "", caches[0], caches[1], lengths[0], lengths[1], "cos", "sin"],
            [attended, caches[2], caches[3]],
            OnnxGraph.Of("num_heads", model.Heads), OnnxGraph.Of("kv_num_heads", model.KeyValueHeads),
            OnnxGraph.Of("do_rotary", 1), OnnxGraph.Of("rotary_interleaved", 0));
        return attended;
    }

    private string Product(string rows, string weight, int inputs, int outputs, string? result = null)
    {
        result ??= $"{weight}.product";
        if (bits == 0)
        {
            graph.AddNode("MatMul", [rows, weight], [result]);
            return result;
        }

        graph.AddNode(
            "com.microsoft:MatMulNBits", [rows, $"{weight}.blocks", $"{weight}.scales"], [result],
            OnnxGraph.Of("K", inputs), OnnxGraph.Of("N", outputs), OnnxGraph.Of("bits", bits),
            OnnxGraph.Of("block_size", 32L), OnnxGraph.Of("accuracy_level", 4L));
        return result;
    }

    private (string Normal, string Residual) SkipNorm(string residual, string change, string weight)
    {
        string[] outputs = [$"{change}.normal", $"{change}.sum"];
        graph.AddNode(
            "com.microsoft:SkipSimplifiedLayerNormalization", [residual, change, weight],
            [outputs[0], "", "", outputs[1]], OnnxGraph.Of("epsilon", model.NormEpsilon));
        return (outputs[0], outputs[1]);
    }

    private byte[] Config() => JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, object>
    {
        ["model"] = new Dictionary<string, object>
        {
            ["type"] = "llama",
            ["vocab_size"] = model.VocabularySize,
            ["context_length"] = model.ContextTokensMax,
            ["bos_token_id"] = 1,
            ["eos_token_id"] = model.VocabularySize - 1,
            ["pad_token_id"] = model.VocabularySize - 1,
            ["decoder"] = new Dictionary<string, object>
            {
                ["session_options"] = new Dictionary<string, object> { ["provider_options"] = Array.Empty<object>() },
                ["filename"] = GraphFile,
                ["head_size"] = model.HeadSize,
                ["hidden_size"] = model.HiddenSize,
                ["num_attention_heads"] = model.Heads,
                ["num_hidden_layers"] = model.Layers,
                ["num_key_value_heads"] = model.KeyValueHeads,
                ["inputs"] = new Dictionary<string, object>
                {
                    ["input_ids"] = "input_ids",
                    ["attention_mask"] = "attention_mask",
                    ["past_key_names"] = "past_key_values.%d.key",
                    ["past_value_names"] = "past_key_values.%d.value",
                },
                ["outputs"] = new Dictionary<string, object>
                {
                    ["logits"] = "logits",
                    ["present_key_names"] = "present.%d.key",
                    ["present_value_names"] = "present.%d.value",
                },
            },
        },
        ["search"] = new Dictionary<string, object>
        {
            ["do_sample"] = false,
            ["max_length"] = model.ContextTokensMax,
            ["past_present_share_buffer"] = true,
        },
    });
}
