using Camelid.ModelRuntime.Importing;
using Camelid.ModelRuntime.Importing.Gguf;
using Camelid.ModelRuntime.Packages;

namespace Camelid.ModelRuntime.Tests.Importing.Gguf;

/// <summary>A GGUF file as a model: shapes, rows, blocks, and what is refused.</summary>
public sealed class GgufModelSourceTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("camelid-gguf").FullName;

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(folder, recursive: true);

    private GgufModelSource Open(GgufFileBuilder builder)
    {
        string path = Path.Combine(folder, "model.gguf");
        File.WriteAllBytes(path, builder.Build());
        return GgufModelSource.Open(path);
    }

    private void Refused(GgufFileBuilder builder, params string[] parts)
    {
        ModelImportException refusal = Assert.Throws<ModelImportException>(() => Open(builder));
        Assert.All(
            parts.Prepend("model.gguf"), part => Assert.Contains(part, refusal.Message, StringComparison.Ordinal));
    }

    private static float[] All(GgufModelSource source, string name)
    {
        SourceTensor tensor = source.Find(name)!;
        float[] values = new float[tensor.Rows * tensor.Columns];
        source.ReadRows(tensor, 0, (int)tensor.Rows, values);
        return values;
    }

    /// <summary>The shapes that the metadata and the tensors say.</summary>
    [Theory]
    [InlineData("llama")]
    [InlineData("qwen2")]
    [InlineData("qwen3")]
    public void The_architecture_follows_the_metadata(string family)
    {
        using GgufModelSource source = Open(TestGgufModel.Of(family));
        ModelArchitecture wanted = new()
        {
            Family = family,
            HiddenSize = TestGgufModel.Hidden,
            Layers = TestGgufModel.Layers,
            Heads = TestGgufModel.Heads,
            KeyValueHeads = TestGgufModel.KeyValueHeads,
            HeadSize = TestGgufModel.HeadSize,
            FeedForwardSize = TestGgufModel.FeedForward,
            VocabularySize = TestGgufModel.Tokens.Count,
            ContextTokensMax = 128,
            NormEpsilon = 1e-5f,
            RotaryBase = 10_000,
            TiedEmbedding = true,
            AttentionBias = family == "qwen2",
            QueryKeyNorm = family == "qwen3",
        };
        Assert.Equal(wanted, source.Model.Architecture);
        Assert.Equal(("tester", Precision.Single), (source.Model.Name, source.Model.DefaultPrecision));
        Assert.Equal([1u, 2u], source.Model.EndTokens);
        Assert.Equal(1u, source.Model.BeginToken);
        Assert.Equal(["<unk>", "<s>", "</s>"], source.Model.SpecialTokens.Select(token => token.Text));
        Assert.Empty(source.Model.Notes);
    }

    /// <summary>
    /// The converters of the llama family put pair j of a head into rows 2j and 2j + 1; others leave rows j and
    /// j + half. Read in any pieces, rows come in the second order.
    /// </summary>
    [Theory]
    [InlineData("llama", true)]
    [InlineData("qwen2", false)]
    public void Query_and_key_rows_come_half_split(string family, bool interleaved)
    {
        GgufFileBuilder builder = TestGgufModel.Of(family);
        using GgufModelSource source = Open(builder);
        (string, string)[] names = [("q_proj", "attn_q"), ("k_proj", "attn_k"), ("v_proj", "attn_v")];
        foreach ((string name, string stored) in names)
        {
            TestTensor inFile = builder.Tensors.Single(tensor => tensor.Name == $"blk.1.{stored}.weight");
            SourceTensor tensor = source.Find($"model.layers.1.self_attn.{name}.weight")!;
            float[] row = new float[tensor.Columns];
            for (int i = 0; i < tensor.Rows; i++)
            {
                (int head, int within, int half) =
                    (i / TestGgufModel.HeadSize, i % TestGgufModel.HeadSize, TestGgufModel.HeadSize / 2);
                int at = interleaved && name != "v_proj"
                    ? head * TestGgufModel.HeadSize + (within < half ? 2 * within : 2 * (within - half) + 1)
                    : i;
                source.ReadRows(tensor, i, 1, row);
                Assert.Equal(BitConverter.ToSingle(inFile.Data, at * row.Length * 4), row[0]);
                Assert.Equal(BitConverter.ToSingle(inFile.Data, at * row.Length * 4 + 4), row[1]);
            }
        }
    }

    /// <summary>A bias of q is one vector, reordered as the rows of its matrix are.</summary>
    [Fact]
    public void A_query_bias_of_the_llama_family_is_reordered_too()
    {
        GgufFileBuilder builder = TestGgufModel.Of();
        float[] bias = [.. Enumerable.Range(0, 64).Select(value => (float)value)];
        for (int layer = 0; layer < TestGgufModel.Layers; layer++)
        {
            builder.Tensor($"blk.{layer}.attn_q.bias", bias, 64)
                .Tensor($"blk.{layer}.attn_k.bias", bias[..32], 32).Tensor($"blk.{layer}.attn_v.bias", bias[..32], 32);
        }

        using GgufModelSource source = Open(builder);
        Assert.True(source.Model.Architecture.AttentionBias);
        Assert.Equal([0, 2, 4, 6, 8, 10, 12, 14, 1, 3], All(source, "model.layers.0.self_attn.q_proj.bias")[..10]);
        Assert.Equal([0, 1, 2], All(source, "model.layers.0.self_attn.v_proj.bias")[..3]);
    }

    /// <summary>Blocks taken over stand for what the rows stand for, in the same order, q included.</summary>
    [Theory]
    [InlineData("Q8_0", Precision.Int8, 128)]
    [InlineData("Q4_0", Precision.Int4, 8)]
    public void Blocks_and_rows_are_the_same_numbers(string name, string precision, int zero)
    {
        using GgufModelSource source = Open(TestGgufModel.Of(type: Enum.Parse<GgufTensorType>(name)));
        Assert.Equal(precision, source.Model.DefaultPrecision);
        Assert.Empty(source.Model.Notes);
        foreach (string tensorName in (string[])["model.layers.0.self_attn.q_proj.weight", "model.embed_tokens.weight"])
        {
            SourceTensor tensor = source.Find(tensorName)!;
            SourceRows rows = new(3, 20);
            float[] values = new float[rows.Count * tensor.Columns];
            source.ReadRows(tensor, rows.First, rows.Count, values);
            byte[] blocks = new byte[values.Length / 32 * Precision.BlockBytes(precision)];
            float[] scales = new float[values.Length / 32];
            Assert.True(source.TryReadBlocks(tensor, precision, rows, blocks, scales));
            int[] levels = precision == Precision.Int8
                ? [.. blocks.Select(value => (int)value)]
                : [.. blocks.SelectMany(value => new[] { value & 15, value >> 4 })];
            Assert.Equal(values, levels.Select((level, i) => (level - zero) * scales[i / 32]));
            Assert.False(source.TryReadBlocks(tensor, Precision.Single, rows, blocks, scales));
        }
    }

    /// <summary>Whatever changes values on the way in is said aloud.</summary>
    [Theory]
    [InlineData("Q4_1", Precision.Int4)]
    [InlineData("Q5_0", Precision.Int8)]
    public void Requantising_is_said_aloud(string name, string precision)
    {
        using GgufModelSource source = Open(TestGgufModel.Of(type: Enum.Parse<GgufTensorType>(name)));
        Assert.Equal(precision, source.Model.DefaultPrecision);
        Assert.Contains($"{name} tensors are requantised to {precision}", Assert.Single(source.Model.Notes),
            StringComparison.Ordinal);
    }

    /// <summary>Linear, YaRN, and the divisors that Llama 3's converter writes.</summary>
    [Fact]
    public void Rotary_scalings_are_read()
    {
        RotaryScaling? scaling(GgufFileBuilder builder)
        {
            using GgufModelSource source = Open(builder);
            return source.Model.Architecture.RotaryScaling;
        }

        GgufFileBuilder linear = TestGgufModel.Of().Text("llama.rope.scaling.type", "linear")
            .Number("llama.rope.scaling.factor", 4);
        Assert.Equal(new RotaryScaling { Kind = RotaryScaling.Linear, Factor = 4 }, scaling(linear));
        GgufFileBuilder yarn = TestGgufModel.Of().Text("llama.rope.scaling.type", "yarn")
            .Number("llama.rope.scaling.factor", 4).Whole("llama.rope.scaling.original_context_length", 32);
        RotaryScaling read = scaling(yarn)!;
        Assert.Equal((RotaryScaling.Yarn, 32, 32f, 1f),
            (read.Kind, read.OriginalContextTokens, read.BetaFast, read.BetaSlow));
        Assert.Equal(1.138629, read.AttentionFactor, 1e-6);
        RotaryScaling llama3 = new()
        {
            Kind = RotaryScaling.Llama3,
            Factor = 8,
            OriginalContextTokens = 8192,
            LowFrequencyFactor = 1,
            HighFrequencyFactor = 4,
        };
        Assert.Equal(llama3, scaling(WithFactors(Divisors(llama3))));
        Assert.Null(scaling(WithFactors([1, 1, 1, 1, 1, 1, 1, 1])));
        Refused(WithFactors([1, 2, 3, 4, 5, 6, 7, 8]), GgufRotary.FactorsName);
        Refused(linear.Without("llama.rope.scaling.type").Text("llama.rope.scaling.type", "longrope"), "longrope");
    }

    /// <summary>What is not computed is not ignored.</summary>
    [Fact]
    public void Models_that_compute_something_else_are_refused()
    {
        Refused(TestGgufModel.Of().Without("general.architecture").Text("general.architecture", "gemma"), "gemma");
        Refused(TestGgufModel.Of().Whole("llama.expert_count", 8), "llama.expert_count");
        Refused(TestGgufModel.Of().Number("llama.logit_scale", 2), "llama.logit_scale");
        Refused(TestGgufModel.Of().Whole("llama.attention.value_length", 8), "value_length");
        Refused(TestGgufModel.Of().Whole("llama.rope.dimension_count", 8), "rope.dimension_count");
        Refused(TestGgufModel.Of().Whole("split.count", 3), "split.count");
        Refused(TestGgufModel.Of("qwen2").Whole("qwen2.attention.sliding_window", 16), "sliding_window");
        Refused(TestGgufModel.Of().Tensor("blk.0.ffn_gate.bias", new float[96], 96), "blk.0.ffn_gate.bias");
        Refused(TestGgufModel.Of().Without("llama.attention.layer_norm_rms_epsilon"), "rms_epsilon");
    }

    /// <summary>Missing and misshapen tensors are named as the file names them.</summary>
    [Fact]
    public void Missing_and_misshapen_tensors_are_named()
    {
        GgufFileBuilder missing = TestGgufModel.Of();
        missing.Tensors.RemoveAll(tensor => tensor.Name == "blk.1.attn_v.weight");
        Refused(missing, "blk.1.attn_v.weight", "missing");
        GgufFileBuilder turned = TestGgufModel.Of();
        int at = turned.Tensors.FindIndex(tensor => tensor.Name == "blk.0.ffn_up.weight");
        turned.Tensors[at] = turned.Tensors[at] with { Dimensions = [96, 64] };
        Refused(turned, "blk.0.ffn_up.weight", "[64, 96]", "[96, 64]");
    }

    /// <summary>A tokenizer must belong to the embedding, and its ids to the vocabulary.</summary>
    [Fact]
    public void A_tokenizer_of_another_size_is_refused()
    {
        Refused(TestGgufModel.Of().Without("tokenizer.ggml.tokens"), "tokenizer.ggml.tokens", "missing");
        Refused(TestGgufModel.Of().Without("tokenizer.ggml.tokens").Texts("tokenizer.ggml.tokens", ["a"]), "1 tokens");
        Refused(TestGgufModel.Of().Without("tokenizer.ggml.eos_token_id")
            .Whole("tokenizer.ggml.eos_token_id", (uint)TestGgufModel.Tokens.Count), "eos_token_id");
    }

    /// <summary>A file that shrinks while it is read gives an error that names the tensor.</summary>
    [Fact]
    public void A_file_that_became_shorter_names_the_tensor()
    {
        byte[] whole = TestGgufModel.Of().Build();
        string path = Path.Combine(folder, "model.gguf");
        File.WriteAllBytes(path, whole);
        using GgufModelSource source = GgufModelSource.Open(path);
        using (FileStream other = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete))
        {
            other.SetLength(whole.Length - 4);
        }

        ModelImportException refusal = Assert.Throws<ModelImportException>(() => All(source, "model.norm.weight"));
        Assert.Contains("model.norm.weight", refusal.Message, StringComparison.Ordinal);
    }

    /// <summary>After a refusal the file is closed: it can be opened for writing.</summary>
    [Fact]
    public void A_refused_file_is_closed()
    {
        Refused(TestGgufModel.Of().Without("tokenizer.ggml.tokens"), "tokens");
        using FileStream again = new(
            Path.Combine(folder, "model.gguf"), FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        Assert.True(again.CanWrite);
    }

    private static GgufFileBuilder WithFactors(float[] divisors) =>
        TestGgufModel.Of().Tensor(GgufRotary.FactorsName, divisors, (ulong)divisors.Length);

    /// <summary>As the converter computes them.</summary>
    private static float[] Divisors(RotaryScaling scaling)
    {
        float[] divisors = new float[TestGgufModel.HeadSize / 2];
        for (int i = 0; i < divisors.Length; i++)
        {
            double wave = 2 * Math.PI * Math.Pow(10_000, 2.0 * i / TestGgufModel.HeadSize);
            double turns = scaling.OriginalContextTokens / wave;
            double smooth = (turns - scaling.LowFrequencyFactor)
                / (scaling.HighFrequencyFactor - scaling.LowFrequencyFactor);
            divisors[i] = turns > scaling.HighFrequencyFactor ? 1
                : turns < scaling.LowFrequencyFactor ? scaling.Factor
                : (float)(1 / ((1 - smooth) / scaling.Factor + smooth));
        }

        return divisors;
    }
}
