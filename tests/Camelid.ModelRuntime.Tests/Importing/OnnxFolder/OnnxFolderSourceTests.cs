using Camelid.ModelRuntime.Importing;
using Camelid.ModelRuntime.Importing.OnnxFolder;
using Camelid.ModelRuntime.Packages;
using Onnx;

namespace Camelid.ModelRuntime.Tests.Importing.OnnxFolder;

/// <summary>Weights and shapes are taken out of ready ONNX decoders, however they are written.</summary>
public sealed class OnnxFolderSourceTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("camelid-onnx").FullName;

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(folder, recursive: true);

    /// <summary>Number formats, packing, fusion: each gives the same tensors.</summary>
    public static TheoryData<string> Forms => [.. FormByName.Keys];

    private static Dictionary<string, OnnxDecoderOptions> FormByName { get; } = new(StringComparer.Ordinal)
    {
        ["plain"] = new(),
        ["inside the graph"] = new() { IsExternal = false },
        ["separate"] = new() { IsPacked = false },
        ["separate, rotary nodes"] = new() { IsPacked = false, HasRotaryNodes = true },
        ["plain sums"] = new() { HasPlainSums = true },
        ["F16"] = new() { Format = SourceNumbers.Half },
        ["BF16"] = new() { Format = SourceNumbers.BFloat, IsPacked = false },
        ["4 bits"] = new() { Bits = 4 },
        ["4 bits, block 128, F16"] = new() { Bits = 4, BlockElements = 128, Format = SourceNumbers.Half },
        ["4 bits, block 16, separate"] = new() { Bits = 4, BlockElements = 16, IsPacked = false },
        ["4 bits, zero points"] = new() { Bits = 4, HasZeroPoints = true },
        ["8 bits"] = new() { Bits = 8 },
        ["tied"] = new(),
        ["tied, 4 bits"] = new() { Bits = 4 },
        ["tied, 8 bits, zero points"] = new() { Bits = 8, HasZeroPoints = true },
        ["tied, projection kept"] = new() { KeepsProjection = true },
        ["8 bits, zero points"] = new() { Bits = 8, BlockElements = 64, HasZeroPoints = true },
    };

    /// <summary>Every tensor equals what was written.</summary>
    [Theory]
    [MemberData(nameof(Forms))]
    public void Every_form_gives_the_weights_that_were_written(string form)
    {
        bool tied = form.StartsWith("tied", StringComparison.Ordinal);
        RandomModel model = new(RandomModel.Llama with { FeedForwardSize = 72, TiedEmbedding = tied }, 5);
        Dictionary<string, float[]> expected = OnnxFolderFiles.Write(folder, model, FormByName[form]);
        using OnnxFolderSource source = OnnxFolderSource.Open(folder);
        Assert.Equal(model.Architecture, source.Model.Architecture);
        ExpectedTensors.Check(source);
        foreach (ExpectedTensor tensor in ExpectedTensors.Of(model.Architecture))
        {
            SourceTensor found = source.Find(tensor.Name)!;
            float[] values = new float[found.Rows * found.Columns];
            int first = (int)found.Rows / 2;
            source.ReadRows(found, 0, first, values);
            source.ReadRows(found, first, (int)found.Rows - first, values.AsSpan(first * (int)found.Columns));
            Assert.True(expected[tensor.Name].AsSpan().SequenceEqual(values), tensor.Name);
        }
    }

    /// <summary>Symmetric blocks, wide ones too, are taken over; others are requantised, said aloud.</summary>
    [Theory]
    [InlineData("4 bits", Precision.Int4, true)]
    [InlineData("4 bits, block 128, F16", Precision.Int4, true)]
    [InlineData("8 bits", Precision.Int8, true)]
    [InlineData("4 bits, zero points", Precision.Int4, false)]
    [InlineData("4 bits, block 16, separate", Precision.Int4, false)]
    [InlineData("F16", Precision.Single, false)]
    public void Blocks_that_fit_lose_nothing(string form, string precision, bool fits)
    {
        RandomModel model = new(RandomModel.Llama with { FeedForwardSize = 72, TiedEmbedding = false }, 6);
        Dictionary<string, float[]> expected = OnnxFolderFiles.Write(folder, model, FormByName[form]);
        using OnnxFolderSource source = OnnxFolderSource.Open(folder);
        Assert.Equal(precision, source.Model.DefaultPrecision);
        Assert.Equal(Precision.IsQuantised(precision) && !fits, source.Model.Notes.Count > 0);
        foreach (string name in (string[])["self_attn.k_proj.weight", "mlp.down_proj.weight"])
        {
            SourceTensor tensor = source.Find(ExpectedTensors.At(1, name))!;
            int rowBlocks = ((int)tensor.Columns + 31) / 32;
            byte[] blocks = new byte[tensor.Rows * rowBlocks * 32];
            float[] scales = new float[tensor.Rows * rowBlocks];
            string asked = Precision.IsQuantised(precision) ? precision : Precision.Int8;
            int bytes = Precision.BlockBytes(asked);
            Assert.Equal(fits, source.TryReadBlocks(
                tensor, asked, new SourceRows(0, (int)tensor.Rows), blocks.AsSpan(0, scales.Length * bytes), scales));
            float[] wanted = expected[tensor.Name];
            for (int i = 0; fits && i < wanted.Length; i++)
            {
                int at = i / (int)tensor.Columns * rowBlocks * 32 + i % (int)tensor.Columns;
                int level = bytes == 32 ? blocks[at] - 128 : ((blocks[at / 2] >> (at % 2 * 4)) & 15) - 8;
                Assert.Equal(wanted[i], level * scales[at / 32]);
            }
        }
    }

    /// <summary>Families with biases, norms of heads and windows.</summary>
    [Theory]
    [InlineData("qwen2", true)]
    [InlineData("qwen2", false)]
    [InlineData("qwen3", false)]
    [InlineData("mistral", true)]
    public void Other_families_are_recognised(string family, bool packed)
    {
        RandomModel model = new(
            RandomModel.Llama with
            {
                Family = family,
                AttentionBias = family == "qwen2",
                QueryKeyNorm = family == "qwen3",
                SlidingWindow = family == "mistral" ? 24 : 0,
            },
            7);
        Dictionary<string, float[]> expected = OnnxFolderFiles.Write(folder, model, new() { IsPacked = packed });
        using OnnxFolderSource source = OnnxFolderSource.Open(folder);
        Assert.Equal(model.Architecture, source.Model.Architecture);
        ExpectedTensors.Check(source);
        foreach (ExpectedTensor tensor in ExpectedTensors.Of(model.Architecture).Where(tensor => tensor.Rows == 1))
        {
            float[] values = new float[tensor.Columns];
            source.ReadRows(source.Find(tensor.Name)!, 0, 1, values);
            Assert.Equal(expected[tensor.Name], values);
        }
    }

    /// <summary>The tables give back what they were made with, in every number format.</summary>
    [Theory]
    [InlineData("F32", 10_000, "")]
    [InlineData("F32", 1_000_000, "")]
    [InlineData("F16", 500_000, "")]
    [InlineData("F32", 73_500, "")]
    [InlineData("F32", 10_000, RotaryScaling.Linear)]
    [InlineData("F32", 500_000, RotaryScaling.Llama3)]
    [InlineData("F32", 1_000_000, RotaryScaling.Yarn)]
    public void Rotary_base_and_scaling_are_recovered(string format, float rotaryBase, string kind)
    {
        RotaryScaling? scaling = kind switch
        {
            RotaryScaling.Linear => new RotaryScaling { Kind = kind, Factor = 2.5f },
            RotaryScaling.Llama3 => new RotaryScaling
            {
                Kind = kind, Factor = 8, OriginalContextTokens = 1024, LowFrequencyFactor = 1, HighFrequencyFactor = 4,
            },
            RotaryScaling.Yarn => new RotaryScaling
            {
                Kind = kind, Factor = 4, OriginalContextTokens = 1024, BetaFast = 32, BetaSlow = 1,
                AttentionFactor = 1.1386294f,
            },
            _ => null,
        };
        RandomModel model = new(
            RandomModel.Llama with { ContextTokensMax = 4096, RotaryBase = rotaryBase, RotaryScaling = scaling }, 8);
        OnnxFolderFiles.Write(folder, model, new() { Format = format });
        using OnnxFolderSource source = OnnxFolderSource.Open(folder);
        Assert.Equal(rotaryBase, source.Model.Architecture.RotaryBase);
        RotaryScaling? found = source.Model.Architecture.RotaryScaling;
        Assert.Equal(scaling is null, found is null);
        if (scaling is not null && found is not null)
        {
            Assert.Equal(scaling.AttentionFactor, found.AttentionFactor, 1e-5f);
            Assert.Equal(scaling with { AttentionFactor = found.AttentionFactor }, found);
        }
    }

    /// <summary>Tables of an unknown formula are refused: answers would become wrong with length.</summary>
    [Fact]
    public void Unknown_rotary_tables_are_refused()
    {
        RandomModel model = new(RandomModel.Llama, 9);
        OnnxFolderFiles.Write(folder, model, new() { AngleFactor = i => i == 3 ? 1.2 : 1 });
        Refused("cos_cache", "formula");
    }

    /// <summary>A graph that computes anything else is refused, and what was found is named.</summary>
    [Fact]
    public void Graphs_that_compute_something_else_are_refused()
    {
        void refused(Action<GraphProto> change, params string[] parts)
        {
            OnnxFolderFiles.Write(folder, new RandomModel(RandomModel.Llama, 9), new(), change);
            Refused(parts);
        }

        NodeProto node(GraphProto graph, string name) => graph.Node.Single(node => node.Name == name);
        void set(NodeProto node, string name, long value) => node.Attribute.Single(item => item.Name == name).I = value;
        refused(graph => node(graph, "model.layers.1.act").OpType = "Tanh", "silu");
        refused(graph => node(graph, "model.layers.0.attn").OpType = "MultiHeadAttention", "MultiHeadAttention");
        refused(graph => set(node(graph, "model.layers.1.attn"), "num_heads", 4), "num_heads");
        refused(graph => set(node(graph, "model.layers.1.attn"), "do_rotary", 0), "model.layers.1.attn");
        refused(graph => node(graph, "embed").OpType = "EmbedLayerNormalization", "EmbedLayerNormalization", "embed");
        refused(graph => node(graph, "model.layers.1.input_layernorm.weight.node").Input[0] = "model.layers.0.attn/out",
            "model.layers.0");
        refused(graph => node(graph, "model.norm.weight.node").OpType = "SkipLayerNormalization", "final norm");
        refused(graph => node(graph, "model.norm.weight.node").Attribute[0].F = 0.5f, "epsilon");
        refused(graph => graph.Initializer.RemoveAt(graph.Initializer.Count - 1), "model.norm.weight");
        refused(graph => graph.Initializer.Add(graph.Initializer[0]), "twice");
        refused(graph => graph.Node.Add(graph.Node[3]), "twice");
        refused(graph => graph.Initializer[4].ExternalData[0].Value = "../model.onnx.data", "file beside");
        refused(graph => graph.Initializer[4].ExternalData[1].Value = "99999999", graphTensor(4), "ends at byte");
        refused(graph => graph.Initializer[4].ExternalData[2].Value = "8", graphTensor(4), "8 bytes");
        refused(graph => graph.Initializer[4].Dims[0] = 0, graphTensor(4), "shape");
        refused(graph => graph.Node.Clear(), "logits");

        string graphTensor(int index) =>
            OnnxDecoderWriter.Of(new RandomModel(RandomModel.Llama, 9), new()).Graph.Initializer[index].Name;
    }

    private void Refused(params string[] parts)
    {
        ModelImportException refusal = Assert.Throws<ModelImportException>(() => OnnxFolderSource.Open(folder));
        Assert.All(
            parts.Prepend("model.onnx"), part => Assert.Contains(part, refusal.Message, StringComparison.Ordinal));
    }
}
