using System.Text;
using System.Text.Json.Nodes;
using Camelid.ModelRuntime.Importing;
using Camelid.ModelRuntime.Packages;
using Camelid.ModelRuntime.Training;

namespace Camelid.ModelRuntime.Tests.Importing;

/// <summary>A tiny model of random weights, from which tests write folders and files of every format.</summary>
internal sealed class RandomModel
{
    internal const int VocabularySize = 260;

    private static readonly BytePairVocabulary Vocabulary = new(["<|end|>", "<|user|>", "<|assistant|>", "<|a|>"], []);

    private readonly SortedDictionary<string, float[]> tensors = new(StringComparer.Ordinal);

    internal RandomModel(ModelArchitecture architecture, ulong seed)
    {
        Architecture = architecture;
        SplitMix64 random = new(seed);
        foreach (ExpectedTensor tensor in ExpectedTensors.Of(architecture))
        {
            float[] values = new float[tensor.Rows * tensor.Columns];
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = random.Normal() * 0.1f;
            }

            tensors[tensor.Name] = values;
        }
    }

    /// <summary>A Llama of two layers with heads that need no padding.</summary>
    internal static ModelArchitecture Llama { get; } = new()
    {
        Family = "llama", HiddenSize = 32, Layers = 2, Heads = 2, KeyValueHeads = 1, HeadSize = 16,
        FeedForwardSize = 40, VocabularySize = VocabularySize, ContextTokensMax = 64, NormEpsilon = 1e-5f,
        RotaryBase = 10_000, TiedEmbedding = true,
    };

    internal ModelArchitecture Architecture { get; }

    /// <summary>Tensors by their Hugging Face names, row-major.</summary>
    internal IReadOnlyDictionary<string, float[]> Tensors => tensors;

    /// <summary>Shape of a tensor, as Hugging Face keeps it.</summary>
    internal long[] ShapeOf(string name)
    {
        ExpectedTensor tensor = ExpectedTensors.Of(Architecture).First(tensor => tensor.Name == name);
        return tensor.Rows == 1 ? [tensor.Columns] : [tensor.Rows, tensor.Columns];
    }

    /// <summary>What config.json says of such a model.</summary>
    internal JsonObject Config() => new()
    {
        ["architectures"] = new JsonArray(Architecture.Family switch
        {
            "mistral" => "MistralForCausalLM",
            "qwen2" => "Qwen2ForCausalLM",
            "qwen3" => "Qwen3ForCausalLM",
            _ => "LlamaForCausalLM",
        }),
        ["attention_bias"] = Architecture.AttentionOutputBias,
        ["eos_token_id"] = 0,
        ["head_dim"] = Architecture.HeadSize,
        ["hidden_act"] = "silu",
        ["hidden_size"] = Architecture.HiddenSize,
        ["intermediate_size"] = Architecture.FeedForwardSize,
        ["max_position_embeddings"] = Architecture.ContextTokensMax,
        ["model_type"] = Architecture.Family,
        ["num_attention_heads"] = Architecture.Heads,
        ["num_hidden_layers"] = Architecture.Layers,
        ["num_key_value_heads"] = Architecture.KeyValueHeads,
        ["rms_norm_eps"] = Architecture.NormEpsilon,
        ["rope_theta"] = Architecture.RotaryBase,
        ["tie_word_embeddings"] = Architecture.TiedEmbedding,
        ["vocab_size"] = Architecture.VocabularySize,
    };

    /// <summary>tokenizer.json and tokenizer_config.json: four special tokens and the 256 bytes.</summary>
    internal static Dictionary<string, byte[]> TokenizerFiles() => new(StringComparer.Ordinal)
    {
        ["tokenizer.json"] = Vocabulary.ToTokenizerJson(),
        ["tokenizer_config.json"] = Encoding.UTF8.GetBytes(
            """
            {"tokenizer_class":"GPT2Tokenizer","add_prefix_space":false,"add_bos_token":false,"eos_token":"<|end|>",
            "clean_up_tokenization_spaces":false,"model_max_length":64}
            """),
    };

    /// <summary>Changes one number.</summary>
    internal void Set(string name, int index, float value) => tensors[name][index] = value;
}
