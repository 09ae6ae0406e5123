using System.Text.Json.Serialization;

namespace Camelid.ModelRuntime.Packages;

/// <summary>
/// The shapes of a Llama-like decoder. Field order is the order in the manifest: do not reorder. A field that has its
/// default value is left out of the manifest.
/// </summary>
public sealed record ModelArchitecture
{
    /// <summary>The families that the slot graph computes.</summary>
    public static readonly IReadOnlyList<string> Families = ["llama", "mistral", "qwen2", "qwen3"];

    /// <summary>The family: one of <see cref="Families"/>. SmolLM is a Llama.</summary>
    [JsonPropertyOrder(0)]
    public required string Family { get; init; }

    /// <summary>Width of the residual stream.</summary>
    [JsonPropertyOrder(1)]
    public required int HiddenSize { get; init; }

    /// <summary>Decoder layers.</summary>
    [JsonPropertyOrder(2)]
    public required int Layers { get; init; }

    /// <summary>Query heads.</summary>
    [JsonPropertyOrder(3)]
    public required int Heads { get; init; }

    /// <summary>Key and value heads; a divisor of <see cref="Heads"/>.</summary>
    [JsonPropertyOrder(4)]
    public required int KeyValueHeads { get; init; }

    /// <summary>Width of one head as the model was trained; even. See <see cref="PaddedHeadSize"/>.</summary>
    [JsonPropertyOrder(5)]
    public required int HeadSize { get; init; }

    /// <summary>Width inside the feed-forward block.</summary>
    [JsonPropertyOrder(6)]
    public required int FeedForwardSize { get; init; }

    /// <summary>Tokens in the vocabulary.</summary>
    [JsonPropertyOrder(7)]
    public required int VocabularySize { get; init; }

    /// <summary>Positions that the model knows.</summary>
    [JsonPropertyOrder(8)]
    public required int ContextTokensMax { get; init; }

    /// <summary>Epsilon of the RMS norms.</summary>
    [JsonPropertyOrder(9)]
    public required float NormEpsilon { get; init; }

    /// <summary>Base of the rotary angles; the tables themselves are weights.</summary>
    [JsonPropertyOrder(10)]
    public required float RotaryBase { get; init; }

    /// <summary>True where the output projection is the embedding, transposed.</summary>
    [JsonPropertyOrder(11)]
    public required bool TiedEmbedding { get; init; }

    /// <summary>How rotary angles are stretched beyond the trained context; null where they are not.</summary>
    [JsonPropertyOrder(12)]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public RotaryScaling? RotaryScaling { get; init; }

    /// <summary>True where queries, keys and values have biases (Qwen2).</summary>
    [JsonPropertyOrder(13)]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool AttentionBias { get; init; }

    /// <summary>True where the projection after attention has a bias.</summary>
    [JsonPropertyOrder(14)]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool AttentionOutputBias { get; init; }

    /// <summary>True where each query and key head is normalised before it is rotated (Qwen3).</summary>
    [JsonPropertyOrder(15)]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool QueryKeyNorm { get; init; }

    /// <summary>Tokens that a position sees before it, itself included (Mistral); 0 all.</summary>
    [JsonPropertyOrder(16)]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int SlidingWindow { get; init; }

    /// <summary>Width of one head as it is computed: the attention kernel wants a multiple of 16.</summary>
    [JsonIgnore]
    public int PaddedHeadSize => (HeadSize + HeadSizeStep - 1) / HeadSizeStep * HeadSizeStep;

    /// <summary>Width of the packed query, key and value row, padded heads.</summary>
    [JsonIgnore]
    public int QueryKeyValueSize => (Heads + 2 * KeyValueHeads) * PaddedHeadSize;

    /// <summary>Width of the row that attention gives, padded heads.</summary>
    [JsonIgnore]
    public int AttentionSize => Heads * PaddedHeadSize;

    private const int HeadSizeStep = 16;

    /// <summary>
    /// Where element <paramref name="index"/> of a head lies in its padded form: each rotary half is padded by itself.
    /// </summary>
    public int PaddedIndex(int index) =>
        index < HeadSize / 2 ? index : PaddedHeadSize / 2 + index - HeadSize / 2;

    /// <summary>False where a size is impossible, or beyond what this version computes.</summary>
    internal bool IsSound() =>
        this is { HiddenSize: > 0 and <= 65_536, Layers: > 0 and <= 512, Heads: > 0 and <= 1024 }
            and { FeedForwardSize: > 0 and <= 1 << 20, VocabularySize: > 0 and <= 1 << 22 }
            and { ContextTokensMax: > 0 and <= 1 << 20, HeadSize: > 0 and <= 1024, NormEpsilon: > 0 and < 1 }
            and { KeyValueHeads: > 0, RotaryBase: > 1 and < 1e12f, SlidingWindow: >= 0 }
        && Heads % KeyValueHeads == 0 && HeadSize % 2 == 0 && (RotaryScaling is null || RotaryScaling.IsSound());
}
