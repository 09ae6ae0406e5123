using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using Camelid.ModelRuntime.Importing;
using Camelid.ModelRuntime.Importing.Gguf;
using Camelid.ModelRuntime.Packages;
using Camelid.TestKit;

namespace Camelid.ModelRuntime.Tests.Importing.Gguf;

/// <summary>A real model in three forms: its GGUF files say what its Hugging Face folder says.</summary>
public sealed class Stories260kGgufTests
{
    private static string Folder => SharedFiles.SkipUnless("models", "stories260k");

    /// <summary>Every tensor of the F32 file is the folder's, bit for bit, after un-permuting.</summary>
    [Fact]
    public void The_F32_file_has_the_tensors_of_the_folder()
    {
        Dictionary<string, float[]> wanted = Safetensors();
        using GgufModelSource source = Open("F32");
        Assert.Equal(47, wanted.Count);
        foreach ((string name, float[] values) in wanted)
        {
            Assert.True(values.AsSpan().SequenceEqual(Read(source, name)), name);
        }
    }

    /// <summary>Without un-permuting, q and k differ: the test above would notice.</summary>
    [Fact]
    public void The_file_keeps_query_rows_in_another_order()
    {
        float[] wanted = Safetensors()["model.layers.0.self_attn.q_proj.weight"];
        using GgufModelSource source = Open("F32");
        SourceTensor tensor = source.Find("model.layers.0.self_attn.q_proj.weight")!;
        byte[] stored = File.ReadAllBytes(source.Files[0]).AsSpan((int)tensor.Offset, (int)tensor.Bytes).ToArray();
        Assert.Equal(wanted[0], BitConverter.ToSingle(stored));
        Assert.NotEqual(wanted[64], BitConverter.ToSingle(stored, 64 * 4));
        Assert.Equal(wanted[64], BitConverter.ToSingle(stored, 2 * 64 * 4));
    }

    /// <summary>Blocks of Q8_0 give the folder's numbers to within half a step of their own scale.</summary>
    [Fact]
    public void The_Q8_0_file_has_the_tensors_of_the_folder_to_half_a_step()
    {
        // Rounding the scale itself to float16 moves the largest level by up to 127 · 2⁻¹¹ steps, and scales below
        // 2⁻¹⁴ are spaced by 2⁻²⁴.
        const float HalfStep = 0.5f + 127f / 2048, Subnormal = 127f / (1 << 25);
        Dictionary<string, float[]> wanted = Safetensors();
        using GgufModelSource source = Open("Q8_0");
        Assert.Equal(Precision.Int8, source.Model.DefaultPrecision);
        foreach ((string name, float[] values) in wanted)
        {
            float[] read = Read(source, name);
            bool blocks = source.Find(name)!.Type == "Q8_0";
            for (int i = 0; i < read.Length; i += 32)
            {
                int count = Math.Min(32, read.Length - i);
                float step = blocks ? values.Skip(i).Take(count).Max(Math.Abs) / 127 : 0;
                float bound = blocks ? Subnormal : 0;
                for (int j = i; j < i + count; j++)
                {
                    Assert.True(Math.Abs(values[j] - read[j]) <= HalfStep * step + bound, $"{name} {j}");
                }
            }
        }
    }

    /// <summary>The metadata say what config.json says.</summary>
    [Theory]
    [InlineData("F32")]
    [InlineData("Q8_0")]
    public void The_metadata_give_the_architecture_of_the_configuration(string form)
    {
        JsonElement config = SharedFiles.Json("models", "stories260k", "hf", "config.json");
        int whole(string name) => config.GetProperty(name).GetInt32();
        using GgufModelSource source = Open(form);
        ModelArchitecture wanted = new()
        {
            Family = config.GetProperty("model_type").GetString()!,
            HiddenSize = whole("hidden_size"),
            Layers = whole("num_hidden_layers"),
            Heads = whole("num_attention_heads"),
            KeyValueHeads = whole("num_key_value_heads"),
            HeadSize = whole("head_dim"),
            FeedForwardSize = whole("intermediate_size"),
            VocabularySize = whole("vocab_size"),
            ContextTokensMax = whole("max_position_embeddings"),
            NormEpsilon = config.GetProperty("rms_norm_eps").GetSingle(),
            RotaryBase = config.GetProperty("rope_theta").GetSingle(),
            TiedEmbedding = config.GetProperty("tie_word_embeddings").GetBoolean(),
        };
        Assert.Equal(wanted, source.Model.Architecture);
        Assert.Equal([1u, 2u], source.Model.EndTokens);
        Assert.Equal(1u, source.Model.BeginToken);
    }

    private static GgufModelSource Open(string form) =>
        GgufModelSource.Open(Path.Combine(Folder, "gguf", $"stories260K-{form}.gguf"));

    private static float[] Read(GgufModelSource source, string name)
    {
        SourceTensor tensor = source.Find(name)!;
        float[] values = new float[tensor.Rows * tensor.Columns];
        source.ReadRows(tensor, 0, (int)tensor.Rows, values);
        return values;
    }

    private static Dictionary<string, float[]> Safetensors()
    {
        byte[] file = File.ReadAllBytes(Path.Combine(Folder, "hf", "model.safetensors"));
        int length = (int)BinaryPrimitives.ReadInt64LittleEndian(file);
        using JsonDocument header = JsonDocument.Parse(Encoding.UTF8.GetString(file, 8, length));
        Dictionary<string, float[]> tensors = [];
        foreach (JsonProperty tensor in header.RootElement.EnumerateObject().Where(item => item.Name != "__metadata__"))
        {
            int[] range =
                [.. tensor.Value.GetProperty("data_offsets").EnumerateArray().Select(item => item.GetInt32())];
            float[] values = new float[(range[1] - range[0]) / 4];
            Buffer.BlockCopy(file, 8 + length + range[0], values, 0, range[1] - range[0]);
            tensors.Add(tensor.Name, values);
        }

        return tensors;
    }
}
