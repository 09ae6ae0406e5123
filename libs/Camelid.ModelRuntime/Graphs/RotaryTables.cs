using System.Diagnostics;
using Camelid.ModelRuntime.Packages;

namespace Camelid.ModelRuntime.Graphs;

/// <summary>Rotary position tables, [positions, padded head size / 2] each.</summary>
/// <param name="Cos">Cosines.</param>
/// <param name="Sin">Sines.</param>
internal sealed record RotaryTables(float[] Cos, float[] Sin)
{
    /// <summary>
    /// Computes the tables. Library cosines differ between machines in the last bit, so a package carries its tables as
    /// weights, and this runs only where a package is made.
    /// </summary>
    internal static RotaryTables Of(ModelArchitecture model, int positions)
    {
        double[] frequencies = Frequencies(model);
        double scale = model.RotaryScaling is { Kind: RotaryScaling.Yarn } yarn ? yarn.AttentionFactor : 1;
        int width = model.PaddedHeadSize / 2;
        float[] cos = new float[positions * width];
        float[] sin = new float[positions * width];
        for (int i = 0; i < cos.Length; i++)
        {
            // Beyond the true half head lie zeros, which may turn by any angle.
            double angle = i % width < frequencies.Length ? i / width * frequencies[i % width] : 0;
            (cos[i], sin[i]) = ((float)(scale * Math.Cos(angle)), (float)(scale * Math.Sin(angle)));
        }

        return new RotaryTables(cos, sin);
    }

    /// <summary>Radians that each pair of a head turns from one position to the next, [head size / 2].</summary>
    internal static double[] Frequencies(ModelArchitecture model)
    {
        double[] plain = new double[model.HeadSize / 2];
        for (int i = 0; i < plain.Length; i++)
        {
            plain[i] = Math.Pow(model.RotaryBase, -2.0 * i / model.HeadSize);
        }

        return model.RotaryScaling switch
        {
            null => plain,
            { Kind: RotaryScaling.Linear } linear => [.. plain.Select(value => value / linear.Factor)],
            { Kind: RotaryScaling.Llama3 } llama => [.. plain.Select(value => Llama3(value, llama))],
            { Kind: RotaryScaling.Yarn } yarn => [.. plain.Select((value, i) => Yarn(value, i, model, yarn))],
            { Kind: string kind } => throw new UnreachableException($"rotary scaling {kind}"),
        };
    }

    private static double Llama3(double frequency, RotaryScaling scaling)
    {
        double turns = scaling.OriginalContextTokens * frequency / (2 * Math.PI);
        double low = scaling.LowFrequencyFactor;
        double high = scaling.HighFrequencyFactor;
        double kept = Math.Clamp((turns - low) / (high - low), 0, 1);
        return (1 - kept) * frequency / scaling.Factor + kept * frequency;
    }

    /// <summary>Peng et al., "YaRN", 2023, section 3.2, with the rounding of the models' own code.</summary>
    private static double Yarn(double frequency, int index, ModelArchitecture model, RotaryScaling scaling)
    {
        double dimension(double turns) =>
            model.HeadSize * Math.Log(scaling.OriginalContextTokens / (turns * 2 * Math.PI))
            / (2 * Math.Log(model.RotaryBase));
        double low = Math.Max(Math.Floor(dimension(scaling.BetaFast)), 0);
        double high = Math.Min(Math.Ceiling(dimension(scaling.BetaSlow)), model.HeadSize - 1);
        double divided = Math.Clamp((index - low) / Math.Max(high - low, 0.001), 0, 1);
        return divided * frequency / scaling.Factor + (1 - divided) * frequency;
    }
}
