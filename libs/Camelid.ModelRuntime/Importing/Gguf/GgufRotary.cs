using Camelid.ModelRuntime.Graphs;
using Camelid.ModelRuntime.Packages;

namespace Camelid.ModelRuntime.Importing.Gguf;

/// <summary>Reads how a GGUF file stretches rotary angles.</summary>
internal static class GgufRotary
{
    /// <summary>The tensor of divisors of the angles, [head size / 2].</summary>
    internal const string FactorsName = "rope_freqs.weight";

    /// <summary>Largest relative difference between a file's divisors and the formula's.</summary>
    private const double FactorTolerance = 1e-4;

    private const float BetaFastDefault = 32, BetaSlowDefault = 1;

    /// <summary>The scaling; null where angles are as trained.</summary>
    /// <param name="metadata">The file's metadata.</param>
    /// <param name="model">The shapes so far.</param>
    /// <param name="factors">The numbers of <c>rope_freqs.weight</c>; null where there is none.</param>
    internal static RotaryScaling? Scaling(GgufMetadata metadata, ModelArchitecture model, float[]? factors)
    {
        // A family becomes mistral by its window; its keys are those of llama all the same.
        string prefix = (model.Family == "mistral" ? "llama" : model.Family) + ".rope.";
        string typeKey = prefix + "scaling.type";
        string? type = metadata.Text(typeKey);
        float? factor = metadata.Positive(prefix + "scaling.factor") ?? metadata.Positive(prefix + "scale_linear");
        RotaryScaling? scaling = type switch
        {
            null or "" when factor is null or 1 => null,
            "none" => null,
            null or "" or "linear" => factor is null or 1
                ? null
                : new RotaryScaling { Kind = RotaryScaling.Linear, Factor = factor.Value },
            "yarn" => Yarn(metadata, prefix + "scaling.", factor),
            _ => throw metadata.Refusal(
                typeKey, $"is {JsonFields.Printable(type)}; supported are none, linear and yarn"),
        };
        if (factors is null || factors.All(value => value == 1))
        {
            return scaling;
        }

        return scaling is null
            ? Llama3(metadata, model, factors)
            : throw metadata.Refusal(typeKey, $"stands beside tensor {FactorsName}: only one of both can be followed");
    }

    private static RotaryScaling Yarn(GgufMetadata metadata, string prefix, float? factor)
    {
        float times = factor ?? throw metadata.Refusal(prefix + "factor", "is missing, and the scaling is yarn");
        float attention = metadata.Positive(prefix + "attn_factor") ?? 1;
        return new RotaryScaling
        {
            Kind = RotaryScaling.Yarn,
            Factor = times,
            OriginalContextTokens = metadata.WholeNeeded(prefix + "original_context_length", 1, 1 << 30),
            BetaFast = metadata.Positive(prefix + "yarn_beta_fast") ?? BetaFastDefault,
            BetaSlow = metadata.Positive(prefix + "yarn_beta_slow") ?? BetaSlowDefault,

            // The key is a factor beyond the formula's own, which readers of the format apply by themselves.
            AttentionFactor = attention * (times <= 1 ? 1 : (float)(0.1 * Math.Log(times) + 1)),
        };
    }

    /// <summary>
    /// Finds the Llama 3 parameters that give these divisors. The format keeps only the divisors; all Llama 3 models
    /// have a ramp from 1 to 4 turns, and contexts are powers of two.
    /// </summary>
    private static RotaryScaling Llama3(GgufMetadata metadata, ModelArchitecture model, float[] factors)
    {
        double[] plain = RotaryTables.Frequencies(model with { RotaryScaling = null });
        foreach (float factor in (float[])[factors.Max(), 2, 4, 8, 16, 32, 64])
        {
            for (int context = 256; context <= 1 << 20; context *= 2)
            {
                RotaryScaling candidate = new()
                {
                    Kind = RotaryScaling.Llama3,
                    Factor = factor,
                    OriginalContextTokens = context,
                    LowFrequencyFactor = 1,
                    HighFrequencyFactor = 4,
                };
                double[] scaled = RotaryTables.Frequencies(model with { RotaryScaling = candidate });
                if (factors.Index().All(item => Near(item.Item, plain[item.Index] / scaled[item.Index])))
                {
                    return candidate;
                }
            }
        }

        throw metadata.Refusal(
            $"(tensor {FactorsName})", "holds divisors of rotary angles that are not Llama 3's: not supported");
    }

    private static bool Near(double value, double wanted) => Math.Abs(value - wanted) <= FactorTolerance * wanted;
}
