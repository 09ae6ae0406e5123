using System.Text.Json.Serialization;

namespace Camelid.ModelRuntime.Packages;

/// <summary>
/// How a model's rotary angles are stretched to a context beyond the trained one, with the names and formulas of the
/// models' own configurations. Fields that a kind does not use are 0. The tables that follow from it are weights.
/// </summary>
public sealed record RotaryScaling
{
    /// <summary>All angles divided by the factor.</summary>
    public const string Linear = "linear";

    /// <summary>Llama 3: long waves divided, short ones kept, a ramp between.</summary>
    public const string Llama3 = "llama3";

    /// <summary>YaRN: a ramp over dimensions, and a factor on attention.</summary>
    public const string Yarn = "yarn";

    /// <summary>linear, llama3 or yarn.</summary>
    [JsonPropertyOrder(0)]
    public required string Kind { get; init; }

    /// <summary>How many times longer the context becomes.</summary>
    [JsonPropertyOrder(1)]
    public required float Factor { get; init; }

    /// <summary>The trained context, tokens (llama3, yarn).</summary>
    [JsonPropertyOrder(2)]
    public int OriginalContextTokens { get; init; }

    /// <summary>llama3: below this many turns in the trained context, angles are divided.</summary>
    [JsonPropertyOrder(3)]
    public float LowFrequencyFactor { get; init; }

    /// <summary>llama3: above this many turns, angles are kept.</summary>
    [JsonPropertyOrder(4)]
    public float HighFrequencyFactor { get; init; }

    /// <summary>yarn: turns above which angles are kept; usually 32.</summary>
    [JsonPropertyOrder(5)]
    public float BetaFast { get; init; }

    /// <summary>yarn: turns below which angles are divided; usually 1.</summary>
    [JsonPropertyOrder(6)]
    public float BetaSlow { get; init; }

    /// <summary>yarn: factor on cosines and sines; 0.1·ln(factor) + 1 where a model names none.</summary>
    [JsonPropertyOrder(7)]
    public float AttentionFactor { get; init; }

    /// <summary>False for unknown kinds and impossible numbers.</summary>
    internal bool IsSound() => Factor is > 0 and < 1e6f && Kind switch
    {
        Linear => true,
        Llama3 => OriginalContextTokens > 0 && LowFrequencyFactor > 0 && HighFrequencyFactor > LowFrequencyFactor,
        Yarn => OriginalContextTokens > 0 && BetaSlow > 0 && BetaFast > BetaSlow && AttentionFactor > 0,
        _ => false,
    };
}
