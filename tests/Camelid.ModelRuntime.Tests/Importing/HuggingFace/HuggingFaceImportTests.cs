using Camelid.ModelRuntime.Importing;
using Camelid.ModelRuntime.Packages;

namespace Camelid.ModelRuntime.Tests.Importing.HuggingFace;

/// <summary>Every number of a package against the plain rule that says where it comes from.</summary>
public sealed class HuggingFaceImportTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("camelid-hf-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    public static TheoryData<string, string, int> Shapes() => new()
    {
        { "llama", "F32", 1 }, { "llama", "F16", 2 }, { "llama", "BF16", 3 }, { "qwen2", "F32", 1 },
        { "qwen3", "F32", 1 }, { "mistral", "BF16", 1 }, { "llama-8", "F32", 1 }, { "qwen2-24", "F32", 2 },
        { "qwen3-40", "BF16", 1 }, { "llama-biased", "F32", 1 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task Single_precision_holds_the_sources_numbers_in_the_packages_order(
        string shape, string type, int shards)
    {
        (RandomModel model, ImportedPackage package) = await ImportAsync(shape, type, shards, "fp32");
        ModelArchitecture at = model.Architecture;
        Assert.Equal(Source(model, "model.embed_tokens.weight", type), package.Numbers("embedding"));
        for (int layer = 0; layer < at.Layers; layer++)
        {
            string from = $"model.layers.{layer}.", to = $"layer.{layer}.";
            Assert.Equal(Turned(QueryKeyValue(model, layer, type), at.HiddenSize), package.Numbers(to + "qkv"));
            Assert.Equal(Turned(AttentionOut(model, layer, type), at.AttentionSize),
                package.Numbers(to + "attention_out"));
            Assert.Equal(Turned(Source(model, from + "mlp.down_proj.weight", type), at.FeedForwardSize),
                package.Numbers(to + "down"));
            Assert.Equal(Turned(Source(model, from + "mlp.gate_proj.weight", type), at.HiddenSize),
                package.Numbers(to + "gate"));
            Assert.Equal(Source(model, from + "post_attention_layernorm.weight", type),
                package.Numbers(to + "feed_forward_norm"));
            Assert.Equal(Biases(model, layer, type), package.Tensors.ContainsKey(to + "qkv_bias")
                ? package.Numbers(to + "qkv_bias") : []);
        }

        Assert.Equal(Source(model, "model.norm.weight", type), package.Numbers("final_norm"));
        Assert.Equal(!at.TiedEmbedding, package.Tensors.ContainsKey("output"));
    }

    [Theory]
    [InlineData("int8", "llama")]
    [InlineData("int4", "llama")]
    [InlineData("int8", "qwen3-40")]
    [InlineData("int4", "llama-8")]
    public async Task Quantised_matrices_are_within_half_a_step_and_padding_is_zero(string precision, string shape)
    {
        (RandomModel model, ImportedPackage package) = await ImportAsync(shape, "F32", 1, precision);
        ModelArchitecture at = model.Architecture;
        float half = precision == "int8" ? 128 : 8;
        Assert.Equal(
            [.. model.Tensors["model.embed_tokens.weight"].Select(value => (float)(Half)value)],
            package.Numbers("embedding"));
        AssertNear(model.Tensors["model.embed_tokens.weight"], at.HiddenSize, package, "output", half);
        AssertNear(QueryKeyValue(model, 1, "F32"), at.HiddenSize, package, "layer.1.qkv", half);
        AssertNear(AttentionOut(model, 0, "F32"), at.AttentionSize, package, "layer.0.attention_out", half);
        AssertNear(
            model.Tensors["model.layers.0.mlp.down_proj.weight"], at.FeedForwardSize, package, "layer.0.down", half);
    }

    [Fact]
    public async Task Half_precision_rounds_to_nearest()
    {
        (RandomModel model, ImportedPackage package) = await ImportAsync("llama-8", "F32", 1, "fp16");
        Assert.Equal(
            [.. Turned(QueryKeyValue(model, 0, "F32"), model.Architecture.HiddenSize)
                .Select(value => (float)(Half)value)],
            package.Numbers("layer.0.qkv"));
        Assert.Equal(model.Architecture.ContextTokensMax + 2, package.Tensors["cos"].Dimensions[0]);
    }

    [Theory]
    [InlineData("fp16", "model.layers.1.mlp.up_proj.weight")]
    [InlineData("int8", "model.embed_tokens.weight")]
    public async Task A_number_that_half_precision_cannot_say_is_refused_by_the_name_of_its_tensor(
        string precision, string tensor)
    {
        RandomModel model = new(RandomModel.Llama, 3);
        model.Set(tensor, 7, 70_000);
        await AssertRefusedAsync(model, precision, $"model.safetensors: tensor {tensor} holds 70000");
    }

    [Theory]
    [InlineData(float.NaN, "model.layers.0.self_attn.k_proj.weight")]
    [InlineData(float.NegativeInfinity, "model.layers.1.input_layernorm.weight")]
    public async Task A_number_that_is_none_is_refused_by_the_name_of_its_tensor(float value, string tensor)
    {
        RandomModel model = new(RandomModel.Llama, 3);
        model.Set(tensor, 5, value);
        await AssertRefusedAsync(model, "int4", $"tensor {tensor} holds an infinite number");
    }

    [Fact]
    public async Task Narrow_strips_and_the_whole_matrix_give_the_same_package()
    {
        HuggingFaceFolder.Write(new RandomModel(Shape("qwen2-24"), 9), Path.Combine(folder, "m"));
        ModelImportOptions options = Options("fp32");
        ModelPackage whole = await ImportedPackage.ImportAsync(options, Cancellation);
        ModelPackage strips = await ModelImporter.ImportAsync(
            options with { ModelsFolder = Path.Combine(folder, "strips") },
            new ImportLimits { StripNumbers = 300 }, null, Cancellation);
        Assert.Equal(whole.Root, strips.Root);
    }

    private static ModelArchitecture Shape(string name) => name switch
    {
        "qwen2" => RandomModel.Llama with { Family = "qwen2", AttentionBias = true, TiedEmbedding = false },
        "qwen3" => RandomModel.Llama with { Family = "qwen3", QueryKeyNorm = true },
        "mistral" => RandomModel.Llama with { Family = "mistral", Heads = 4, KeyValueHeads = 2 },
        "llama-8" => RandomModel.Llama with { HeadSize = 8, Heads = 4, KeyValueHeads = 2 },
        "qwen2-24" => RandomModel.Llama with { Family = "qwen2", AttentionBias = true, HeadSize = 24 },
        "qwen3-40" => RandomModel.Llama with { Family = "qwen3", QueryKeyNorm = true, HeadSize = 40 },
        "llama-biased" => RandomModel.Llama with { AttentionBias = true, AttentionOutputBias = true },
        _ => RandomModel.Llama,
    };

    private static float[] Source(RandomModel model, string name, string type) =>
        [.. model.Tensors[name].Select(value => HuggingFaceFolder.Rounded(value, type))];

    /// <summary>[outputs, inputs] to [inputs, outputs].</summary>
    private static float[] Turned(float[] rows, int inputs)
    {
        int outputs = rows.Length / inputs;
        float[] turned = new float[rows.Length];
        for (int output = 0; output < outputs; output++)
        {
            for (int input = 0; input < inputs; input++)
            {
                turned[(input * outputs) + output] = rows[(output * inputs) + input];
            }
        }

        return turned;
    }

    /// <summary>[outputs, hidden], padded heads.</summary>
    private static float[] QueryKeyValue(RandomModel model, int layer, string type)
    {
        ModelArchitecture at = model.Architecture;
        List<float> rows = [];
        foreach (string name in new[] { "q", "k", "v" })
        {
            float[] source = Source(model, $"model.layers.{layer}.self_attn.{name}_proj.weight", type);
            for (int head = 0; head < source.Length / at.HiddenSize / at.HeadSize; head++)
            {
                for (int row = 0; row < at.PaddedHeadSize; row++)
                {
                    int? from = TrueIndex(at, row);
                    rows.AddRange(from is null ? new float[at.HiddenSize]
                        : source.AsSpan(((head * at.HeadSize) + from.Value) * at.HiddenSize, at.HiddenSize).ToArray());
                }
            }
        }

        return [.. rows];
    }

    private static float[] AttentionOut(RandomModel model, int layer, string type)
    {
        ModelArchitecture at = model.Architecture;
        float[] source = Source(model, $"model.layers.{layer}.self_attn.o_proj.weight", type);
        List<float> rows = [];
        for (int output = 0; output < at.HiddenSize; output++)
        {
            for (int input = 0; input < at.AttentionSize; input++)
            {
                int? from = TrueIndex(at, input % at.PaddedHeadSize);
                int column = (input / at.PaddedHeadSize * at.HeadSize) + (from ?? 0);
                rows.Add(from is null ? 0 : source[(output * at.Heads * at.HeadSize) + column]);
            }
        }

        return [.. rows];
    }

    private static float[] Biases(RandomModel model, int layer, string type)
    {
        ModelArchitecture at = model.Architecture;
        return !at.AttentionBias ? [] : [.. new[] { "q", "k", "v" }
            .Select(name => Source(model, $"model.layers.{layer}.self_attn.{name}_proj.bias", type))
            .SelectMany(bias => Enumerable.Range(0, bias.Length / at.HeadSize * at.PaddedHeadSize).Select(index =>
                TrueIndex(at, index % at.PaddedHeadSize) is { } from
                    ? bias[(index / at.PaddedHeadSize * at.HeadSize) + from] : 0))];
    }

    private static int? TrueIndex(ModelArchitecture at, int padded)
    {
        int half = at.PaddedHeadSize / 2, within = padded % half;
        return within >= at.HeadSize / 2 ? null : (padded / half * at.HeadSize / 2) + within;
    }

    private static void AssertNear(float[] expected, int inputs, ImportedPackage package, string name, float half)
    {
        float[] actual = package.Dequantised(name, inputs);
        Assert.Equal(expected.Length, actual.Length);
        for (int row = 0; row < expected.Length / inputs; row++)
        {
            for (int start = 0; start < inputs; start += 32)
            {
                ReadOnlySpan<float> block =
                    expected.AsSpan((row * inputs) + start, Math.Min(32, inputs - start));
                float most = 0;
                foreach (float value in block)
                {
                    most = Math.Max(most, Math.Abs(value));
                }

                for (int i = 0; i < block.Length; i++)
                {
                    // The opposite end of the range is one step short.
                    float error = Math.Abs(block[i] - actual[(row * inputs) + start + i]);
                    Assert.True(error <= 1.001f * most / half, $"{name}[{row}, {start + i}]: {error}");
                    Assert.True(block[i] != 0 || error == 0, $"{name}[{row}, {start + i}] is not zero");
                }
            }
        }
    }

    private async Task<(RandomModel Model, ImportedPackage Package)> ImportAsync(
        string shape, string type, int shards, string precision)
    {
        RandomModel model = new(Shape(shape), 1);
        HuggingFaceFolder.Write(model, Path.Combine(folder, "m"), type, shards);
        return (model, new ImportedPackage(await ImportedPackage.ImportAsync(Options(precision), Cancellation)));
    }

    private async Task AssertRefusedAsync(RandomModel model, string precision, string reason)
    {
        HuggingFaceFolder.Write(model, Path.Combine(folder, "m"));
        ModelImportException refusal = await Assert.ThrowsAsync<ModelImportException>(() =>
            ImportedPackage.ImportAsync(Options(precision), Cancellation));
        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(folder, "models")));
    }

    private ModelImportOptions Options(string precision) => new()
    {
        SourcePath = Path.Combine(folder, "m"), ModelsFolder = Path.Combine(folder, "models"), Precision = precision,
    };
}
