using Camelid.ModelRuntime.Graphs;
using Camelid.ModelRuntime.Packages;

namespace Camelid.ModelRuntime.Importing.OnnxFolder;

/// <summary>
/// Finds the rotary base and scaling that a graph's tables of cosines and sines were made with. The format keeps only
/// the tables; a package is described by its formula, so tables that follow none of the known ones are refused.
/// </summary>
internal static class OnnxRotary
{
    private const int PositionsMax = 1 << 21, Llama3Context = 8192;

    /// <summary>Bases of widespread models; others are estimated from the table.</summary>
    private static readonly float[] KnownBases =
        [10_000, 500_000, 1_000_000, 100_000, 130_000, 150_000, 250_000, 2_000_000, 5_000_000, 8_000_000, 10_000_000];

    private static readonly float[] Factors = [8, 32, 2, 4, 16, 64];

    /// <summary>The architecture with its rotary base and scaling.</summary>
    /// <param name="model">The shapes; base and scaling are found.</param>
    /// <param name="cos">Cosines, [positions, head size / 2].</param>
    /// <param name="sin">Sines, of the same shape.</param>
    /// <param name="refusal">An error about the graph.</param>
    /// <exception cref="ModelImportException">No formula gives these tables.</exception>
    internal static ModelArchitecture Recover(
        ModelArchitecture model, OnnxData cos, OnnxData sin, Func<string, ModelImportException> refusal)
    {
        int half = model.HeadSize / 2;
        if (cos.Dimensions.Count != 2 || cos.Dimensions[1] != half || cos.Format.Length == 0
            || !cos.Dimensions.SequenceEqual(sin.Dimensions) || sin.Format != cos.Format
            || cos.Dimensions[0] < 2 || cos.Dimensions[0] > PositionsMax)
        {
            throw refusal($"rotary tables {Names(cos, sin)} are not [positions, {half}] of one type: whole heads must "
                + "be turned");
        }

        Sample[] samples = Samples(cos, sin, half);
        foreach (ModelArchitecture candidate in Candidates(model, samples))
        {
            if (candidate.IsSound() && Fits(candidate, samples, cos.Format))
            {
                return candidate;
            }
        }

        throw refusal($"rotary tables {Names(cos, sin)} follow no formula that is known (base, linear, llama3, "
            + "yarn); import the model's Hugging Face form");
    }

    private static string Names(OnnxData cos, OnnxData sin) => JsonFields.Printable($"{cos.Name}, {sin.Name}");

    /// <summary>Rows 0, 1, 2, 4, 8 … and the last one.</summary>
    private static Sample[] Samples(OnnxData cos, OnnxData sin, int half)
    {
        List<long> positions = [0];
        for (long position = 1; position < cos.Dimensions[0]; position *= 2)
        {
            positions.Add(position);
        }

        positions.Add(cos.Dimensions[0] - 1);
        byte[] scratch = new byte[4 * half];
        return [.. positions.Distinct().Select(position =>
        {
            (float[] cosines, float[] sines) = (new float[half], new float[half]);
            cos.ReadNumbers(position * half, cosines, scratch);
            sin.ReadNumbers(position * half, sines, scratch);
            return new Sample(position, cosines, sines);
        })];
    }

    private static IEnumerable<ModelArchitecture> Candidates(ModelArchitecture model, Sample[] samples)
    {
        float[] cos = samples[1].Cos, sin = samples[1].Sin;
        double amplitude = Math.Sqrt((double)cos[0] * cos[0] + (double)sin[0] * sin[0]);
        double[] angles = [.. cos.Zip(sin, (c, s) => Math.Atan2(s, c))];
        IEnumerable<float> bases = KnownBases.Concat(Estimates(angles, model.HeadSize)).Distinct();
        foreach (float rotaryBase in bases)
        {
            ModelArchitecture plain = model with { RotaryBase = rotaryBase, RotaryScaling = null };
            yield return plain;
            if (angles[0] is > 0 and < 0.999)
            {
                yield return plain with { RotaryScaling = Linear((float)Math.Round(1 / angles[0], 2)) };
            }

            foreach (float factor in Factors)
            {
                foreach (int context in Contexts(model, factor))
                {
                    yield return plain with
                    {
                        RotaryScaling = Math.Abs(amplitude - 1) < 1e-3
                            ? Llama3(factor, context)
                            : Yarn(factor, context, (float)amplitude),
                    };
                }
            }
        }
    }

    /// <summary>
    /// Trained contexts: the model's own divided, Llama 3's, powers of two. Where several give the same tables, any of
    /// them describes the model.
    /// </summary>
    private static IEnumerable<int> Contexts(ModelArchitecture model, float factor) =>
        Enumerable.Range(8, 13).Select(power => 1 << power).Prepend(Llama3Context)
            .Prepend(Math.Max(1, (int)(model.ContextTokensMax / factor)));

    /// <summary>Bases that a pair of the table asks for, rounded to what people write.</summary>
    private static IEnumerable<float> Estimates(double[] angles, int headSize)
    {
        foreach (int i in (int[])[1, angles.Length - 1])
        {
            // Without scaling, pair i turns base^(−2i / head size) a position.
            double estimate = i < 1 || angles[i] <= 0 || angles[0] <= 0
                ? 0 : Math.Pow(angles[i] / angles[0], -headSize / (2.0 * i));
            if (estimate is > 1 and < 1e12)
            {
                foreach (int digits in (int[])[1, 2, 3, 6])
                {
                    double unit = Math.Pow(10, Math.Ceiling(Math.Log10(estimate)) - digits);
                    yield return (float)(Math.Round(estimate / unit) * unit);
                }
            }
        }
    }

    private static bool Fits(ModelArchitecture model, Sample[] samples, string format)
    {
        double[] frequencies = RotaryTables.Frequencies(model);
        double amplitude = model.RotaryScaling is { Kind: RotaryScaling.Yarn } yarn ? yarn.AttentionFactor : 1;

        // Rounding of the table's numbers, and of angles that were computed in float32.
        double rounding = format switch { SourceNumbers.Single => 2e-6, SourceNumbers.Half => 1e-3, _ => 8e-3 };
        foreach (Sample sample in samples)
        {
            for (int i = 0; i < frequencies.Length; i++)
            {
                double angle = sample.Position * frequencies[i];
                double tolerance = rounding + angle * 3e-7;
                if (Math.Abs(amplitude * Math.Cos(angle) - sample.Cos[i]) > tolerance * amplitude
                    || Math.Abs(amplitude * Math.Sin(angle) - sample.Sin[i]) > tolerance * amplitude)
                {
                    return false;
                }
            }
        }

        return true;
    }

    private static RotaryScaling Linear(float factor) => new() { Kind = RotaryScaling.Linear, Factor = factor };

    private static RotaryScaling Llama3(float factor, int context) => new()
    {
        Kind = RotaryScaling.Llama3,
        Factor = factor,
        OriginalContextTokens = context,
        LowFrequencyFactor = 1,
        HighFrequencyFactor = 4,
    };

    private static RotaryScaling Yarn(float factor, int context, float amplitude) => new()
    {
        Kind = RotaryScaling.Yarn,
        Factor = factor,
        OriginalContextTokens = context,
        BetaFast = 32,
        BetaSlow = 1,
        AttentionFactor = amplitude,
    };

    /// <summary>A row of both tables.</summary>
    private sealed record Sample(long Position, float[] Cos, float[] Sin);
}
