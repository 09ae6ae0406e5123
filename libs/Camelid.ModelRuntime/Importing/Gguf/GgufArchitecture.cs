using Camelid.ModelRuntime.Packages;

namespace Camelid.ModelRuntime.Importing.Gguf;

/// <summary>Reads a model's shapes from its GGUF metadata.</summary>
internal static class GgufArchitecture
{
    /// <summary>Longest context that a package is made for, tokens; longer ones are cut, said aloud.</summary>
    internal const int ContextTokensMax = 1 << 20;

    private const string ArchitectureKey = "general.architecture";
    private const float RotaryBaseDefault = 10_000;

    /// <summary>Values of <c>general.architecture</c> that are read. Mistral and SmolLM files say llama.</summary>
    private static readonly string[] Families = ["llama", "qwen2", "qwen3"];

    /// <summary>Keys that change the computation into one that the slot graph does not do.</summary>
    private static readonly string[] ForeignKeys =
    [
        "attention.clamp_kqv", "attention.max_alibi_bias", "attention.scale", "attention.layer_norm_epsilon",
        "attn_logit_softcapping", "final_logit_softcapping", "logit_scale", "embedding_scale", "residual_scale",
    ];

    /// <summary>The shapes.</summary>
    /// <param name="header">The file's head.</param>
    /// <param name="frequencyFactors">The numbers of <c>rope_freqs.weight</c>; null where there is none.</param>
    /// <param name="notes">Gets what is to be said aloud.</param>
    /// <exception cref="ModelImportException">A key is missing, of the wrong type or not for Camelid.</exception>
    internal static ModelArchitecture Read(GgufHeader header, float[]? frequencyFactors, List<string> notes)
    {
        GgufMetadata metadata = header.Metadata;
        string family = metadata.Text(ArchitectureKey)
            ?? throw metadata.Refusal(ArchitectureKey, "is missing; this is not the file of a model");
        if (!Families.Contains(family))
        {
            throw metadata.Refusal(
                ArchitectureKey, $"is {JsonFields.Printable(family)}; supported are {string.Join(", ", Families)} "
                + "(Mistral and SmolLM are llama here)");
        }

        CheckForeignKeys(metadata, family);
        string key(string name) => $"{family}.{name}";
        int hidden = metadata.WholeNeeded(key("embedding_length"), 1, 65_536);
        int heads = metadata.WholeNeeded(key("attention.head_count"), 1, 1024);
        int headSize = HeadSize(metadata, family, hidden, heads);
        GgufTensor embedding = header.Tensors.GetValueOrDefault(GgufNames.Embedding)
            ?? throw metadata.Refusal(ArchitectureKey, $"tensor {GgufNames.Embedding} is missing");
        ModelArchitecture model = new()
        {
            Family = family,
            HiddenSize = hidden,
            Layers = metadata.WholeNeeded(key("block_count"), 1, 512),
            Heads = heads,
            KeyValueHeads = (int)(metadata.Whole(key("attention.head_count_kv"), 1, heads) ?? heads),
            HeadSize = headSize,
            FeedForwardSize = metadata.WholeNeeded(key("feed_forward_length"), 1, 1 << 20),
            VocabularySize = (int)Math.Min(embedding.Rows, int.MaxValue),
            ContextTokensMax = Context(metadata, key("context_length"), notes),
            NormEpsilon = metadata.Positive(key("attention.layer_norm_rms_epsilon"))
                ?? throw metadata.Refusal(key("attention.layer_norm_rms_epsilon"), "is missing"),
            RotaryBase = RotaryBase(metadata, key("rope.freq_base"), notes),
            TiedEmbedding = !header.Tensors.ContainsKey(GgufNames.Output),
            AttentionBias = family == "qwen2" || header.Tensors.ContainsKey("blk.0.attn_q.bias"),
            AttentionOutputBias = header.Tensors.ContainsKey("blk.0.attn_output.bias"),
            QueryKeyNorm = family == "qwen3",
        };
        model = WithWindow(metadata, model, notes);
        model = model with { RotaryScaling = GgufRotary.Scaling(metadata, model, frequencyFactors) };
        return model.IsSound() ? model : throw metadata.Refusal(ArchitectureKey, Sizes(model));
    }

    private static void CheckForeignKeys(GgufMetadata metadata, string family)
    {
        if (ForeignKeys.FirstOrDefault(name => metadata.Has($"{family}.{name}")) is { } foreign)
        {
            throw metadata.Refusal($"{family}.{foreign}", "asks for a computation that is not supported");
        }

        if (metadata.Whole($"{family}.expert_count", 0, long.MaxValue) is > 0 and long experts)
        {
            throw metadata.Refusal(
                $"{family}.expert_count", $"is {experts}: mixtures of experts are not supported, take a dense model");
        }

        if (metadata.Flag($"{family}.attention.causal") is false)
        {
            throw metadata.Refusal($"{family}.attention.causal", "is false: this model embeds text, it writes none");
        }

        if (metadata.Whole("split.count", 0, long.MaxValue) is > 1 and long parts)
        {
            throw metadata.Refusal(
                "split.count", $"is {parts}: this is one part of a split model; join the parts first "
                + "(llama-gguf-split --merge FIRST-PART TARGET)");
        }
    }

    private static int HeadSize(GgufMetadata metadata, string family, int hidden, int heads)
    {
        string keyLength = $"{family}.attention.key_length";
        long size = metadata.Whole(keyLength, 2, 1024)
            ?? (hidden % heads == 0
                ? hidden / heads
                : throw metadata.Refusal(keyLength, $"is missing, and {hidden} does not divide into {heads} heads"));
        foreach (string name in (string[])["attention.value_length", "rope.dimension_count"])
        {
            if (metadata.Whole($"{family}.{name}", 1, int.MaxValue) is { } other && other != size)
            {
                throw metadata.Refusal(
                    $"{family}.{name}", $"is {other}, but heads are {size} wide: only whole heads are turned and keys "
                    + "and values must be equally wide");
            }
        }

        return size is >= 2 and <= 1024 && size % 2 == 0
            ? (int)size
            : throw metadata.Refusal(keyLength, $"heads {size} wide; they must be even, 2 to 1024");
    }

    private static int Context(GgufMetadata metadata, string key, List<string> notes)
    {
        int context = metadata.WholeNeeded(key, 1, int.MaxValue);
        if (context > ContextTokensMax)
        {
            notes.Add($"the context of {context} tokens is cut to {ContextTokensMax}");
        }

        return Math.Min(context, ContextTokensMax);
    }

    private static float RotaryBase(GgufMetadata metadata, string key, List<string> notes)
    {
        if (metadata.Positive(key) is { } given)
        {
            return given;
        }

        notes.Add($"the file does not say {key}: {RotaryBaseDefault} is taken, the format's default");
        return RotaryBaseDefault;
    }

    private static ModelArchitecture WithWindow(GgufMetadata metadata, ModelArchitecture model, List<string> notes)
    {
        string key = $"{model.Family}.attention.sliding_window";
        int window = (int)(metadata.Whole(key, 0, int.MaxValue) ?? 0);
        if (window == 0 || window >= model.ContextTokensMax)
        {
            return model;
        }

        if (model.Family != "llama")
        {
            throw metadata.Refusal(key, $"is {window}: a sliding window of {model.Family} is not supported");
        }

        notes.Add($"each position sees the {window} tokens before it (sliding window)");
        return model with { Family = "mistral", SlidingWindow = window };
    }

    private static string Sizes(ModelArchitecture model) =>
        $"the sizes do not go together or are beyond what is supported: hidden {model.HiddenSize}, layers "
        + $"{model.Layers}, heads {model.Heads} of {model.HeadSize}, key and value heads {model.KeyValueHeads}, "
        + $"feed-forward {model.FeedForwardSize}, vocabulary {model.VocabularySize}, norm epsilon "
        + $"{model.NormEpsilon}, rotary base {model.RotaryBase}, rotary scaling {model.RotaryScaling?.Kind ?? "none"}";
}
