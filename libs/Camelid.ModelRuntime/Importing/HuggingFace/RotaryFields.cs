using System.Text.Json;
using Camelid.ModelRuntime.Packages;

namespace Camelid.ModelRuntime.Importing.HuggingFace;

/// <summary>
/// Rotary base and scaling in all spellings: <c>rope_theta</c> with <c>rope_scaling</c> (whose kind is <c>type</c> or
/// <c>rope_type</c>), or <c>rope_parameters</c>, which holds both.
/// </summary>
/// <param name="Base">Base of the angles.</param>
/// <param name="Scaling">How they are stretched; null where they are not.</param>
internal sealed record RotaryFields(float Base, RotaryScaling? Scaling)
{
    private const float BaseDefault = 10_000, BetaFastDefault = 32, BetaSlowDefault = 1;

    /// <summary>Reads them from <c>config.json</c>.</summary>
    /// <param name="config">The file.</param>
    /// <param name="contextTokens">Its max_position_embeddings.</param>
    /// <exception cref="ModelImportException">A kind that the slot graph does not compute, or a bad number.</exception>
    internal static RotaryFields Read(JsonFields config, int contextTokens)
    {
        JsonFields? parameters = config.ObjectOrNull("rope_parameters");
        JsonFields? scaling = parameters ?? config.ObjectOrNull("rope_scaling");
        float rotaryBase = parameters?.SingleOrNull("rope_theta") ?? config.SingleOrNull("rope_theta") ?? BaseDefault;
        float part = parameters?.SingleOrNull("partial_rotary_factor")
            ?? config.SingleOrNull("partial_rotary_factor") ?? 1;
        if (part != 1)
        {
            throw new ModelImportException(
                $"{config.File}: partial_rotary_factor {part} is not supported; whole heads are rotated here");
        }

        return new RotaryFields(rotaryBase, scaling is { } fields ? Scale(fields, contextTokens) : null);
    }

    private static RotaryScaling? Scale(JsonFields fields, int contextTokens)
    {
        if (fields.Element.EnumerateObject().Any(field => field.Value.ValueKind == JsonValueKind.Object))
        {
            throw new ModelImportException(
                $"{fields.File}: {fields.Path} differs between layers, which is not supported; one for all is");
        }

        string kind = fields.TextOrNull("rope_type") ?? fields.TextOrNull("type") ?? "default";
        int original = fields.Int32OrNull("original_max_position_embeddings") ?? contextTokens;
        return kind switch
        {
            "default" => null,
            RotaryScaling.Linear => new RotaryScaling { Kind = kind, Factor = FactorOf(fields) },
            RotaryScaling.Llama3 => new RotaryScaling
            {
                Kind = kind,
                Factor = FactorOf(fields),
                OriginalContextTokens = original,
                LowFrequencyFactor = Needed(fields, "low_freq_factor"),
                HighFrequencyFactor = Needed(fields, "high_freq_factor"),
            },
            RotaryScaling.Yarn => Yarn(fields, original),
            _ => throw new ModelImportException(
                $"{fields.File}: {fields.Path} of kind '{JsonFields.Printable(kind)}' is not supported; supported are "
                + "default, linear, llama3 and yarn"),
        };
    }

    private static RotaryScaling Yarn(JsonFields fields, int original)
    {
        if (fields.BooleanOrNull("truncate") is false)
        {
            throw new ModelImportException($"{fields.File}: {fields.Path}.truncate false is not supported; true is");
        }

        float factor = FactorOf(fields);
        return new RotaryScaling
        {
            Kind = RotaryScaling.Yarn,
            Factor = factor,
            OriginalContextTokens = original,
            BetaFast = fields.SingleOrNull("beta_fast") ?? BetaFastDefault,
            BetaSlow = fields.SingleOrNull("beta_slow") ?? BetaSlowDefault,
            AttentionFactor = fields.SingleOrNull("attention_factor") ?? AttentionFactorOf(fields, factor),
        };
    }

    /// <summary>Where a model names no factor on attention, as the models' own code computes it.</summary>
    private static float AttentionFactorOf(JsonFields fields, float factor)
    {
        double scale(float weight) => factor <= 1 ? 1 : (0.1 * weight * Math.Log(factor)) + 1;
        return fields.SingleOrNull("mscale") is { } above and not 0
            && fields.SingleOrNull("mscale_all_dim") is { } below and not 0
                ? (float)(scale(above) / scale(below))
                : (float)scale(1);
    }

    private static float FactorOf(JsonFields fields) => Needed(fields, "factor");

    private static float Needed(JsonFields fields, string name) =>
        fields.SingleOrNull(name) ?? throw fields.Missing(name);
}
