using System.Text.Json.Serialization;

namespace Camelid.ModelRuntime.Packages;

/// <summary>The shapes of a Llama model. Field order is the order in the manifest: do not reorder.</summary>
public sealed record ModelArchitecture
{
    /// <summary>The family: <c>llama</c>.</summary>
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

    /// <summary>Width of one head; a multiple of 16.</summary>
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

    /// <summary>Width of the packed query, key and value row.</summary>
    [JsonIgnore]
    public int QueryKeyValueSize => (Heads + 2 * KeyValueHeads) * HeadSize;
}
