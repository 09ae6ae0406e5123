using System.Text;
using System.Text.Json.Nodes;
using Camelid.ModelRuntime.Importing;
using Camelid.ModelRuntime.Importing.HuggingFace;
using Camelid.ModelRuntime.Packages;

namespace Camelid.ModelRuntime.Tests.Importing.HuggingFace;

/// <summary>Configurations as the models' publishers write them.</summary>
public sealed class ConfigFileTests
{
    private const string Plain =
        """
        {"architectures":["LlamaForCausalLM"],"hidden_size":2048,"intermediate_size":8192,"num_hidden_layers":16,
        "num_attention_heads":32,"num_key_value_heads":8,"vocab_size":128256,"max_position_embeddings":8192}
        """;

    [Fact]
    public void Llama_without_extras_has_the_publishers_defaults()
    {
        ModelArchitecture model = Read(Plain).Architecture;
        Assert.Equal("llama", model.Family);
        Assert.Equal(64, model.HeadSize);
        Assert.Equal(10_000, model.RotaryBase);
        Assert.Equal(1e-6f, model.NormEpsilon);
        Assert.Null(model.RotaryScaling);
        Assert.False(model.TiedEmbedding || model.AttentionBias || model.AttentionOutputBias || model.QueryKeyNorm);
    }

    [Theory]
    [InlineData("""{"rope_scaling":{LLAMA3,"rope_type":"llama3"},"rope_theta":500000.0}""")]
    [InlineData("""{"rope_scaling":{LLAMA3,"type":"llama3"},"rope_theta":500000}""")]
    [InlineData("""{"rope_parameters":{LLAMA3,"rope_type":"llama3","rope_theta":500000.0}}""")]
    public void Llama_3_scaling_reads_in_every_spelling(string fields)
    {
        const string numbers =
            """
            "factor":32.0,"low_freq_factor":1,"high_freq_factor":4.0,"original_max_position_embeddings":8192
            """;
        ModelArchitecture model = Read(
            Plain.Replace("8192}", "131072}", StringComparison.Ordinal),
            fields.Replace("LLAMA3", numbers, StringComparison.Ordinal)).Architecture;
        Assert.Equal(500_000, model.RotaryBase);
        Assert.Equal(131_072, model.ContextTokensMax);
        Assert.Equal(
            new RotaryScaling
            {
                Kind = "llama3", Factor = 32, OriginalContextTokens = 8192, LowFrequencyFactor = 1,
                HighFrequencyFactor = 4,
            },
            model.RotaryScaling);
    }

    [Theory]
    [InlineData("""{"rope_scaling":{"type":"linear","factor":4.0}}""", "linear")]
    [InlineData("""{"rope_parameters":{"rope_type":"linear","factor":4.0,"rope_theta":10000.0}}""", "linear")]
    [InlineData("""{"rope_scaling":null}""", null)]
    [InlineData("""{"rope_scaling":{"rope_type":"default"}}""", null)]
    [InlineData("""{"rope_parameters":{"rope_type":"default","rope_theta":10000.0}}""", null)]
    public void Linear_scaling_and_none_read_in_every_spelling(string fields, string? kind) =>
        Assert.Equal(kind, Read(Plain, fields).Architecture.RotaryScaling?.Kind);

    [Fact]
    public void YaRN_stretches_the_context_and_derives_its_factor_on_attention()
    {
        ConfigFile config = Read(Plain,
            """
            {"architectures":["Qwen2ForCausalLM"],"max_position_embeddings":32768,
            "rope_scaling":{"factor":4.0,"original_max_position_embeddings":32768,"type":"yarn"}}
            """);
        RotaryScaling yarn = config.Architecture.RotaryScaling!;
        Assert.Equal(131_072, config.Architecture.ContextTokensMax);
        Assert.Equal((32, 1, 32_768), (yarn.BetaFast, yarn.BetaSlow, yarn.OriginalContextTokens));
        Assert.Equal(1.1386294f, yarn.AttentionFactor, 1e-6f);
        Assert.True(config.Architecture.AttentionBias);
    }

    [Theory]
    [InlineData("MistralForCausalLM", """{"sliding_window":4096}""", 4096)]
    [InlineData("MistralForCausalLM", """{"sliding_window":null}""", 0)]
    [InlineData("MistralForCausalLM", """{"sliding_window":8192}""", 0)]
    [InlineData("Qwen2ForCausalLM", """{"sliding_window":4096,"use_sliding_window":false,"max_window_layers":3}""", 0)]
    [InlineData("Qwen2ForCausalLM", """{"sliding_window":96,"use_sliding_window":true,"max_window_layers":0}""", 96)]
    [InlineData("Qwen2ForCausalLM", """{"sliding_window":4096,"use_sliding_window":true,"max_window_layers":16}""", 0)]
    [InlineData("LlamaForCausalLM", """{"sliding_window":4096}""", 0)]
    public void A_sliding_window_counts_where_the_family_uses_it(string name, string fields, int window)
    {
        JsonObject all = JsonNode.Parse(fields)!.AsObject();
        all["architectures"] = new JsonArray(name);
        ConfigFile config = Read(Plain, all.ToJsonString());
        Assert.Equal(window, config.Architecture.SlidingWindow);
        Assert.Equal(window > 0, config.Notes.Any(note => note.Contains("sliding window", StringComparison.Ordinal)));
    }

    [Fact]
    public void Qwen_3_has_head_norms_and_heads_of_its_own_size()
    {
        ModelArchitecture model = Read(Plain,
            """{"architectures":["Qwen3ForCausalLM"],"hidden_size":1024,"head_dim":128,"num_attention_heads":16}""")
            .Architecture;
        Assert.True(model.QueryKeyNorm);
        Assert.False(model.AttentionBias);
        Assert.Equal(128, model.HeadSize);
    }

    [Fact]
    public void A_context_beyond_the_limit_is_cut_aloud()
    {
        ConfigFile config = Read(Plain, """{"max_position_embeddings":1000000}""");
        Assert.Equal(ConfigFile.ContextTokensMax, config.Architecture.ContextTokensMax);
        Assert.Contains("cut from 1000000 to 131072", Assert.Single(config.Notes), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"architectures":["GPT2LMHeadModel"]}""", "'GPT2LMHeadModel' is not supported; supported are Llama")]
    [InlineData("""{"architectures":["SmolLM3ForCausalLM"]}""", "'SmolLM3ForCausalLM' is not supported")]
    [InlineData("""{"architectures":[],"model_type":"gemma"}""", "'gemma' is not supported")]
    [InlineData("""{"hidden_act":"gelu"}""", "activation 'gelu' is not supported; silu is")]
    [InlineData("""{"quantization_config":{"quant_method":"gptq"}}""", "quantised already (gptq)")]
    [InlineData("""{"mlp_bias":true}""", "mlp_bias is not supported")]
    [InlineData("""{"rope_scaling":{"type":"dynamic","factor":2}}""", "kind 'dynamic' is not supported")]
    [InlineData("""{"rope_scaling":{"type":"linear"}}""", "says no rope_scaling.factor")]
    [InlineData("""{"rope_scaling":{"type":"linear","factor":"two"}}""", "rope_scaling.factor is not a number")]
    [InlineData("""{"rope_parameters":{"full_attention":{"rope_type":"default"}}}""", "differs between layers")]
    [InlineData("""{"partial_rotary_factor":0.5}""", "partial_rotary_factor 0.5 is not supported")]
    [InlineData("""{"hidden_size":null}""", "says no hidden_size")]
    [InlineData("""{"hidden_size":1e30}""", "hidden_size is not a whole number")]
    [InlineData("""{"num_hidden_layers":0}""", "sizes that no supported model has")]
    [InlineData("""{"num_attention_heads":0}""", "does not divide into 0 heads")]
    [InlineData("""{"num_key_value_heads":7}""", "sizes that no supported model has")]
    [InlineData("""{"vocab_size":-1}""", "sizes that no supported model has")]
    [InlineData("""{"architectures":["Qwen2ForCausalLM"],WINDOW}""", "8 of 16 layers have a sliding window")]
    [InlineData("""{"rope_scaling":{"type":"yarn","factor":-2}}""", "sizes that no supported model has")]
    public void What_is_not_supported_is_refused_with_what_is(string fields, string reason)
    {
        const string window = "\"sliding_window\":64,\"use_sliding_window\":true,\"max_window_layers\":8";
        string changes = fields.Replace("WINDOW", window, StringComparison.Ordinal);
        ModelImportException refusal = Assert.Throws<ModelImportException>(() => Read(Plain, changes));
        Assert.StartsWith("config.json", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
    }

    private static ConfigFile Read(string config, string? changes = null)
    {
        JsonObject fields = JsonNode.Parse(config)!.AsObject();
        foreach ((string name, JsonNode? value) in changes is null ? [] : JsonNode.Parse(changes)!.AsObject())
        {
            fields[name] = value?.DeepClone();
        }

        return ConfigFile.Of(JsonFields.Parse("config.json", Encoding.UTF8.GetBytes(fields.ToJsonString())));
    }
}
