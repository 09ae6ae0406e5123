using System.Text.Json;
using Camelid.ModelRuntime.Packages;

namespace Camelid.ModelRuntime.Importing.HuggingFace;

/// <summary><c>config.json</c> of a Hugging Face folder, as an architecture that the slot graph computes.</summary>
/// <param name="Architecture">The shapes.</param>
/// <param name="Notes">What is cut or changed.</param>
internal sealed record ConfigFile(ModelArchitecture Architecture, IReadOnlyList<string> Notes)
{
    /// <summary>The file's name.</summary>
    internal const string FileName = "config.json";

    /// <summary>
    /// Longest context that is imported. The rotary tables are weights: 64 MiB at this length and head size 128.
    /// </summary>
    internal const int ContextTokensMax = 131_072;

    private const int FileBytesMax = 4 << 20;
    private const float NormEpsilonDefault = 1e-6f;

    private static readonly Dictionary<string, string> FamilyByClass = new(StringComparer.Ordinal)
    {
        ["LlamaForCausalLM"] = "llama",
        ["MistralForCausalLM"] = "mistral",
        ["Qwen2ForCausalLM"] = "qwen2",
        ["Qwen3ForCausalLM"] = "qwen3",
    };

    /// <summary>Reads the file of a folder.</summary>
    /// <exception cref="ModelImportException">No such file, or a model that is not supported.</exception>
    internal static ConfigFile Read(string folder) =>
        Of(JsonFields.Read(Path.Combine(folder, FileName), FileBytesMax));

    /// <summary>Reads the fields.</summary>
    /// <exception cref="ModelImportException">Fields are missing or wrong, or the model is not supported.</exception>
    internal static ConfigFile Of(JsonFields config)
    {
        string family = FamilyOf(config);
        CheckSupported(config);
        List<string> notes = [];
        int positions = config.Int32("max_position_embeddings");
        RotaryFields rotary = RotaryFields.Read(config, positions);
        int context = ContextOf(rotary.Scaling, positions, notes);
        int heads = config.Int32("num_attention_heads");
        int hidden = config.Int32("hidden_size");
        bool bias = family is "llama" or "qwen3" && (config.BooleanOrNull("attention_bias") ?? false);
        ModelArchitecture architecture = new()
        {
            Family = family,
            HiddenSize = hidden,
            Layers = config.Int32("num_hidden_layers"),
            Heads = heads,
            KeyValueHeads = config.Int32OrNull("num_key_value_heads") ?? (family == "mistral" ? 8 : heads),
            HeadSize = config.Int32OrNull("head_dim") ?? HeadSizeOf(config, family, hidden, heads),
            FeedForwardSize = config.Int32("intermediate_size"),
            VocabularySize = config.Int32("vocab_size"),
            ContextTokensMax = context,
            NormEpsilon = config.SingleOrNull("rms_norm_eps") ?? NormEpsilonDefault,
            RotaryBase = rotary.Base,
            TiedEmbedding = config.BooleanOrNull("tie_word_embeddings") ?? false,
            RotaryScaling = rotary.Scaling,
            AttentionBias = family == "qwen2" || bias,
            AttentionOutputBias = bias,
            QueryKeyNorm = family == "qwen3",
        };
        architecture = architecture with { SlidingWindow = WindowOf(config, architecture, notes) };
        return architecture.IsSound()
            ? new ConfigFile(architecture, notes)
            : throw new ModelImportException(
                $"{config.File} has sizes that no supported model has (hidden {hidden}, layers {architecture.Layers}, "
                + $"heads {heads}/{architecture.KeyValueHeads} of {architecture.HeadSize}, feed-forward "
                + $"{architecture.FeedForwardSize}, vocabulary {architecture.VocabularySize}, context {context}, "
                + $"rms_norm_eps {architecture.NormEpsilon}, rotary base {rotary.Base}, rotary factor "
                + $"{rotary.Scaling?.Factor ?? 1}); "
                + "take the file that belongs to the model");
    }

    private static string FamilyOf(JsonFields config)
    {
        string named = config.List("architectures") is [{ ValueKind: JsonValueKind.String } first, ..]
            ? first.ToString()
            : config.TextOrNull("model_type") switch
            {
                null => throw config.Missing("architectures"),
                string type => FamilyByClass.FirstOrDefault(entry => entry.Value == type).Key ?? type,
            };
        return FamilyByClass.TryGetValue(named, out string? family)
            ? family
            : throw new ModelImportException(
                $"{config.File}: architecture '{JsonFields.Printable(named)}' is not supported; supported are "
                + string.Join(", ", FamilyByClass.Keys) + " (SmolLM is a Llama)");
    }

    private static void CheckSupported(JsonFields config)
    {
        if (config.Has("quantization_config"))
        {
            string method = config.ObjectOrNull("quantization_config")?.TextOrNull("quant_method") ?? "?";
            throw new ModelImportException(
                $"{config.File}: the weights are quantised already ({JsonFields.Printable(method)}), which is not "
                + "supported; import the model's F32, F16 or BF16 form and choose --precision int8 or int4");
        }

        string activation = config.TextOrNull("hidden_act") ?? "silu";
        if (activation is not ("silu" or "swish"))
        {
            throw new ModelImportException(
                $"{config.File}: activation '{JsonFields.Printable(activation)}' is not supported; silu is");
        }

        foreach (string field in new[] { "mlp_bias", "use_qk_norm", "no_rope_layers" })
        {
            if (config.Find(field) is { ValueKind: not JsonValueKind.False })
            {
                throw new ModelImportException($"{config.File}: {field} is not supported; without it the model is");
            }
        }
    }

    private static int HeadSizeOf(JsonFields config, string family, int hidden, int heads) => family switch
    {
        "qwen3" => 128,
        _ when heads > 0 && hidden % heads == 0 => hidden / heads,
        _ => throw new ModelImportException(
            $"{config.File}: hidden_size {hidden} does not divide into {heads} heads; say head_dim"),
    };

    private static int ContextOf(RotaryScaling? scaling, int positions, List<string> notes)
    {
        int context = positions;
        if (scaling is { Kind: RotaryScaling.Yarn, Factor: >= 1 and < 1e6f, OriginalContextTokens: > 0 } yarn)
        {
            double stretched = Math.Round((double)yarn.Factor * yarn.OriginalContextTokens);
            context = (int)Math.Min(Math.Max(stretched, positions), int.MaxValue);
        }

        if (context > ContextTokensMax)
        {
            notes.Add($"the context is cut from {context} to {ContextTokensMax} tokens");
            context = ContextTokensMax;
        }

        return context;
    }

    private static int WindowOf(JsonFields config, ModelArchitecture model, List<string> notes)
    {
        bool isUsed = model.Family switch
        {
            "mistral" => true,
            "qwen2" or "qwen3" => config.BooleanOrNull("use_sliding_window") ?? false,
            _ => false,
        };
        int window = config.Int32OrNull("sliding_window") ?? 0;
        if (!isUsed || window == 0 || model.Layers <= 0 || !IsWindowed(config, model))
        {
            return 0;
        }

        if (window < 0)
        {
            throw config.Wrong("sliding_window", "a number of tokens");
        }

        if (window >= model.ContextTokensMax)
        {
            return 0;
        }

        notes.Add($"attention sees a sliding window of {window} tokens, as the model was trained");
        return window;
    }

    /// <summary>False where no layer has the window; a mixture is refused.</summary>
    private static bool IsWindowed(JsonFields config, ModelArchitecture model)
    {
        int first = model.Family == "mistral" ? 0 : config.Int32OrNull("max_window_layers") ?? 0;
        int windowed = Math.Clamp(model.Layers - first, 0, model.Layers);
        if (config.List("layer_types") is { Count: > 0 } types)
        {
            windowed = types.Count(type => type.ValueKind == JsonValueKind.String
                && type.ToString() == "sliding_attention");
        }

        return windowed == 0 || windowed == model.Layers
            ? windowed > 0
            : throw new ModelImportException(
                $"{config.File}: {windowed} of {model.Layers} layers have a sliding window, which is not supported; "
                + "all or none may have one");
    }
}
