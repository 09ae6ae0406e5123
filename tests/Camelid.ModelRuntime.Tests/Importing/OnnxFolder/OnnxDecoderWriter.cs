using Camelid.ModelRuntime.Graphs;
using Camelid.ModelRuntime.Importing;
using Camelid.ModelRuntime.Onnx;
using Camelid.ModelRuntime.Packages;
using Camelid.ModelRuntime.Training;
using Google.Protobuf;
using Onnx;

namespace Camelid.ModelRuntime.Tests.Importing.OnnxFolder;

/// <summary>
/// Writes a random model as ONNX Runtime GenAI's model builder would: the graph, its external data, and what a reader
/// should find there.
/// </summary>
internal sealed class OnnxDecoderWriter
{
    private readonly RandomModel model;
    private readonly OnnxDecoderOptions options;
    private readonly GraphProto graph = new() { Name = "main_graph" };
    private readonly List<byte> external = [];
    private readonly SplitMix64 random = new(99);

    private OnnxDecoderWriter(RandomModel model, OnnxDecoderOptions options) =>
        (this.model, this.options) = (model, options);

    /// <summary>What a reader should find, by Hugging Face name.</summary>
    internal Dictionary<string, float[]> Expected { get; } = new(StringComparer.Ordinal);

    /// <summary>The graph.</summary>
    internal GraphProto Graph => graph;

    /// <summary>The bytes of <c>model.onnx.data</c>.</summary>
    internal byte[] External => [.. external];

    private ModelArchitecture Shape => model.Architecture;

    internal static OnnxDecoderWriter Of(RandomModel model, OnnxDecoderOptions options)
    {
        OnnxDecoderWriter writer = new(model, options);
        writer.Write();
        return writer;
    }

    private void Write()
    {
        const string embedding = "model.embed_tokens.weight";
        string turned = Node("Transpose", "turn", [embedding]);
        (string table, string projection) = options.KeepsProjection ? (turned, embedding) : (embedding, turned);
        Dense(embedding, Values(embedding), Shape.VocabularySize, Shape.HiddenSize);
        if (options.KeepsProjection)
        {
            Initializer(embedding, Element(), Pack(Turned(Values(embedding), Shape.HiddenSize)),
                [Shape.HiddenSize, Shape.VocabularySize]);
            graph.Initializer.RemoveAt(0);
        }

        (string cos, string sin) = Tables();
        bool shared = Shape.TiedEmbedding && options.Bits > 0;
        string residual = shared ? SharedEmbedding() : Node("Gather", "embed", [table, "input_ids"]);
        string pending = "";
        for (int i = 0; i < Shape.Layers; i++)
        {
            string at = $"model.layers.{i}.";
            (string normed, residual) = Norm(at + "input_layernorm.weight", residual, pending);
            string attention = Attention(at, normed, cos, sin);
            pending = Linear(at + "self_attn.o_proj", at + "attn.o_proj", attention);
            (normed, residual) = Norm(at + "post_attention_layernorm.weight", residual, pending);
            string gate = Linear(at + "mlp.gate_proj", at + "mlp.gate_proj", normed);
            string up = Linear(at + "mlp.up_proj", at + "mlp.up_proj", normed);
            string sigmoid = Node(options.Activation, at + "act", [gate]);
            string unit = Node("Mul", at + "unit", [Node("Mul", at + "silu", [gate, sigmoid]), up]);
            pending = Linear(at + "mlp.down_proj", at + "mlp.down_proj", unit);
        }

        (string final, _) = Norm("model.norm.weight", residual, pending);
        string logits = "";
        if (shared)
        {
            Expected[embedding] = Product("lm_head", final, Values(embedding), out logits);
        }
        else
        {
            logits = Shape.TiedEmbedding
                ? Node("MatMul", "head", [final, projection])
                : Linear("lm_head", "lm_head", final);
        }

        Rename(logits, "logits");
    }

    /// <summary>The blocks of the output projection, looked up.</summary>
    private string SharedEmbedding()
    {
        string tensor = $"lm_head.MatMul.weight_Q{options.Bits}";
        string blocks = Node("Reshape", "flat", [tensor, "shape"]);
        List<string> inputs = [blocks, "input_ids", tensor + "_scales"];
        if (options.HasZeroPoints)
        {
            inputs.Add(tensor + "_zero_points");
        }

        string output = Node("GatherBlockQuantized", "embed", inputs);
        graph.Node[^1].Attribute.AddRange([
            OnnxGraph.Of("bits", (long)options.Bits), OnnxGraph.Of("block_size", (long)options.BlockElements),
            OnnxGraph.Of("gather_axis", 0L), OnnxGraph.Of("quantize_axis", 1L)]);
        return output;
    }

    private (string Normed, string Residual) Norm(string weight, string residual, string pending)
    {
        Dense(weight, Values(weight), Values(weight).Length);
        if (pending.Length == 0)
        {
            return (Add("SimplifiedLayerNormalization", weight + ".node", [residual, weight], 1)[0], residual);
        }

        if (options.HasPlainSums)
        {
            string sum = Node("Add", weight + ".sum", [pending, residual]);
            return (Add("SimplifiedLayerNormalization", weight + ".node", [sum, weight], 1)[0], sum);
        }

        string[] outputs = Add("SkipSimplifiedLayerNormalization", weight + ".node", [residual, pending, weight], 4);
        return (outputs[0], outputs[3]);
    }

    private string Attention(string at, string normed, string cos, string sin)
    {
        string query, key = "", value = "";
        if (options.IsPacked)
        {
            query = PackedLinear(at, normed);
        }
        else
        {
            query = Head(at, "q", Linear(at + "self_attn.q_proj", at + "attn.q_proj", normed), cos, sin);
            key = Head(at, "k", Linear(at + "self_attn.k_proj", at + "attn.k_proj", normed), cos, sin);
            value = Linear(at + "self_attn.v_proj", at + "attn.v_proj", normed);
        }

        List<string> inputs =
            [query, key, value, at + "past.key", at + "past.value", "seqlens_k", "total_sequence_length"];
        if (!options.HasRotaryNodes)
        {
            // Builders name all twelve inputs, position ids, attention bias and sinks as empty ones.
            inputs.AddRange([cos, sin, "", "", ""]);
        }

        NodeProto node = new() { OpType = "GroupQueryAttention", Domain = "com.microsoft", Name = at + "attn" };
        node.Input.AddRange(inputs);
        node.Output.AddRange([at + "attn/out", at + "present.key", at + "present.value"]);
        node.Attribute.Add(OnnxGraph.Of("num_heads", (long)Shape.Heads));
        node.Attribute.Add(OnnxGraph.Of("kv_num_heads", (long)Shape.KeyValueHeads));
        node.Attribute.Add(OnnxGraph.Of("scale", (float)(1 / Math.Sqrt(Shape.HeadSize))));
        node.Attribute.Add(OnnxGraph.Of("do_rotary", options.HasRotaryNodes ? 0L : 1L));
        if (Shape.SlidingWindow > 0)
        {
            node.Attribute.Add(OnnxGraph.Of("local_window_size", (long)Shape.SlidingWindow));
        }

        graph.Node.Add(node);
        return node.Output[0];
    }

    private string Head(string at, string name, string value, string cos, string sin)
    {
        if (Shape.QueryKeyNorm)
        {
            string weight = $"{at}self_attn.{name}_norm.weight";
            Dense(weight, Values(weight), Shape.HeadSize);
            value = Node("Reshape", weight + ".in", [value, "shape"]);
            value = Add("SimplifiedLayerNormalization", weight + ".node", [value, weight], 1)[0];
            value = Node("Reshape", weight + ".out", [value, "shape"]);
        }

        return options.HasRotaryNodes
            ? Node("RotaryEmbedding", $"{at}{name}.rotary", [value, "position_ids", cos, sin])
            : value;
    }

    private string PackedLinear(string at, string input)
    {
        string[] names = [.. "qkv".Select(letter => $"{at}self_attn.{letter}_proj")];
        float[] weight = [.. names.SelectMany(name => Values(name + ".weight"))];
        float[] packed = Product(at + "attn.qkv_proj", input, weight, out string output);
        for (int i = 0, done = 0; i < 3; i++)
        {
            int length = Values(names[i] + ".weight").Length;
            Expected[names[i] + ".weight"] = packed[done..(done + length)];
            done += length;
        }

        if (!Shape.AttentionBias)
        {
            return output;
        }

        float[] bias = [.. names.SelectMany(name => Values(name + ".bias"))];
        Array.ForEach(names, name => Expected[name + ".bias"] = Values(name + ".bias"));
        Initializer(at + "attn.qkv_proj.Add.bias", Element(), Pack(bias), [bias.Length]);
        return Node("Add", at + "qkv.add", [output, at + "attn.qkv_proj.Add.bias"]);
    }

    private string Linear(string name, string inGraph, string input)
    {
        Expected[name + ".weight"] = Product(inGraph, input, Values(name + ".weight"), out string output);
        if (!model.Tensors.TryGetValue(name + ".bias", out float[]? bias))
        {
            return output;
        }

        Dense(name + ".bias", bias, bias.Length);
        return Node("Add", inGraph + ".Add", [output, name + ".bias"]);
    }

    /// <summary>Adds a product with a matrix [outputs, inputs] and returns what its numbers become.</summary>
    private float[] Product(string name, string input, float[] weight, out string output)
    {
        int columns = name.EndsWith("o_proj", StringComparison.Ordinal) ? Shape.Heads * Shape.HeadSize
            : name.EndsWith("down_proj", StringComparison.Ordinal) ? Shape.FeedForwardSize : Shape.HiddenSize;
        int rows = weight.Length / columns;
        if (options.Bits == 0)
        {
            Initializer(name + ".MatMul.weight", Element(), Pack(Turned(weight, columns)), [columns, rows]);
            output = Node("MatMul", name + ".MatMul", [input, name + ".MatMul.weight"]);
            return Rounded(weight);
        }

        OnnxBlocks blocks = OnnxBlocks.Random(random, rows, columns, options);
        string tensor = $"{name}.MatMul.weight_Q{options.Bits}";
        int blockBytes = options.BlockElements * options.Bits / 8;
        Initializer(tensor, OnnxGraph.UInt8, blocks.Levels, [rows, blocks.RowBlocks, blockBytes]);
        Initializer(tensor + "_scales", Element(), Pack(blocks.Scales), [blocks.Scales.Length]);
        List<string> inputs = [input, tensor, tensor + "_scales"];
        if (options.HasZeroPoints)
        {
            Initializer(tensor + "_zero_points", OnnxGraph.UInt8, blocks.ZeroPoints, [blocks.ZeroPoints.Length]);
            inputs.Add(tensor + "_zero_points");
        }

        output = Node("MatMulNBits", name + ".MatMul_Q", inputs);
        graph.Node[^1].Attribute.AddRange([
            OnnxGraph.Of("N", (long)rows), OnnxGraph.Of("K", (long)columns), OnnxGraph.Of("bits", (long)options.Bits),
            OnnxGraph.Of("block_size", (long)options.BlockElements), OnnxGraph.Of("accuracy_level", 4L)]);
        return blocks.Values;
    }

    private static float[] Turned(float[] values, int columns)
    {
        float[] turned = new float[values.Length];
        for (int i = 0; i < values.Length; i++)
        {
            turned[i % columns * (values.Length / columns) + i / columns] = values[i];
        }

        return turned;
    }

    private (string Cos, string Sin) Tables()
    {
        int half = Shape.HeadSize / 2;
        double[] frequencies = RotaryTables.Frequencies(Shape);
        double amplitude = Shape.RotaryScaling is { Kind: RotaryScaling.Yarn } yarn ? yarn.AttentionFactor : 1;
        double angle(int i) => i / half * frequencies[i % half] * options.AngleFactor(i % half);
        IEnumerable<int> all = Enumerable.Range(0, Shape.ContextTokensMax * half);
        float[] cos = [.. all.Select(i => (float)(amplitude * Math.Cos(angle(i))))];
        float[] sin = [.. all.Select(i => (float)(amplitude * Math.Sin(angle(i))))];
        Initializer("cos_cache", Element(), Pack(cos), [Shape.ContextTokensMax, half]);
        Initializer("sin_cache", Element(), Pack(sin), [Shape.ContextTokensMax, half]);
        return ("cos_cache", "sin_cache");
    }

    private float[] Values(string name) => model.Tensors[name];

    private void Dense(string name, float[] values, params long[] dimensions)
    {
        Expected[name] = Rounded(values);
        Initializer(name, Element(), Pack(values), dimensions);
    }

    private int Element() => options.Format switch
    {
        SourceNumbers.Single => OnnxGraph.Float,
        SourceNumbers.Half => OnnxGraph.Float16,
        _ => 16,
    };

    private float[] Rounded(float[] values)
    {
        float[] rounded = new float[values.Length];
        SourceNumbers.ToSingles(options.Format, Pack(values), rounded);
        return rounded;
    }

    private byte[] Pack(float[] values) => options.Format switch
    {
        SourceNumbers.Single => [.. values.SelectMany(BitConverter.GetBytes)],
        SourceNumbers.Half => [.. values.SelectMany(value => BitConverter.GetBytes((Half)value))],
        _ => [.. values.SelectMany(value => BitConverter.GetBytes(value)[2..])],
    };

    private void Initializer(string name, int type, byte[] bytes, long[] dimensions)
    {
        TensorProto tensor = new() { Name = name, DataType = type };
        tensor.Dims.AddRange(dimensions);
        if (options.IsExternal)
        {
            tensor.DataLocation = TensorProto.Types.DataLocation.External;
            foreach ((string key, string value) in ((string, string)[])
                [("location", "model.onnx.data"), ("offset", $"{external.Count}"), ("length", $"{bytes.Length}")])
            {
                tensor.ExternalData.Add(new StringStringEntryProto { Key = key, Value = value });
            }

            external.AddRange(bytes);
        }
        else
        {
            tensor.RawData = ByteString.CopyFrom(bytes);
        }

        graph.Initializer.Add(tensor);
    }

    private string Node(string type, string name, IReadOnlyList<string> inputs) => Add(type, name, inputs, 1)[0];

    private string[] Add(string type, string name, IReadOnlyList<string> inputs, int outputs)
    {
        NodeProto node = new() { OpType = type, Name = name };
        node.Input.AddRange(inputs);
        node.Output.AddRange(Enumerable.Range(0, outputs).Select(i => i is 1 or 2 ? "" : $"{name}/output_{i}"));
        if (type.EndsWith("LayerNormalization", StringComparison.Ordinal))
        {
            node.Attribute.Add(OnnxGraph.Of("epsilon", Shape.NormEpsilon));
        }

        graph.Node.Add(node);
        return [.. node.Output];
    }

    private void Rename(string from, string to)
    {
        NodeProto node = graph.Node.Single(node => node.Output.Contains(from));
        node.Output[node.Output.IndexOf(from)] = to;
    }
}
