using Camelid.Protocol.Jobs;

namespace Camelid.ModelRuntime.Sampling;

/// <summary>Where and after what a token is chosen.</summary>
/// <param name="SeedKey">Key of Philox, from the job's seed.</param>
/// <param name="Position">Index of the token in the output, from zero.</param>
/// <param name="History">What stands before it.</param>
public readonly record struct SamplingPosition(ulong SeedKey, uint Position, TokenHistory History);

/// <summary>
/// Chooses a token from logits. Every machine chooses the same: the steps, their order and their rounding are fixed
/// (below), noise is addressed by (seed, position, token id), and ties go to the lower id.
/// </summary>
/// <remarks>
/// All parameters are binary32: millionths / 1,000,000, one division. Steps, for each token i; a logit that is not a
/// number, or infinite, takes no part:
/// (1) repetition: where i occurs in prompt or output, z = z / r if z > 0, else z·r;
/// (2) frequency, then presence: where i occurs in the output c > 0 times, z = z − f·c, then z = z − p;
/// (3) bias: z = z + b. (1) to (3) in binary32.
/// (4) Temperature 0: the greatest z, lowest id first. Done.
/// (5) z = z / T, binary32.
/// (6) top-k: order by z descending, id ascending; keep the first k.
/// (7) top-p: w = exp(z − z₀) in binary64 (<see cref="FixedMath"/>), S their sum in that order; keep tokens while the
/// sum of the weights before them is less than p·S.
/// (8) min-p: of these keep w ≥ m.
/// (9) Gumbel: u = (bits + ½)·2⁻³²; the greatest z − ln(−ln u) in binary64, lowest id first.
/// </remarks>
public static class Sampler
{
    private const double BitsScale = 1.0 / 4294967296.0;

    /// <summary>Chooses the token id.</summary>
    /// <param name="logits">One number for each token of the vocabulary.</param>
    /// <param name="parameters">How.</param>
    /// <param name="at">Where and after what.</param>
    /// <exception cref="ArgumentException">No logit is a finite number.</exception>
    public static uint Choose(ReadOnlySpan<float> logits, SamplingParameters parameters, SamplingPosition at)
    {
        float[] z = logits.ToArray();
        ApplyPenalties(z, parameters, at.History);
        foreach (LogitBias bias in parameters.LogitBiases)
        {
            if (bias.TokenId < z.Length)
            {
                z[bias.TokenId] += Decimal(bias.BiasMillionths);
            }
        }

        if (parameters.TemperatureMillionths == 0)
        {
            return ArgMax(z);
        }

        float temperature = Decimal((int)parameters.TemperatureMillionths);
        for (int i = 0; i < z.Length; i++)
        {
            z[i] /= temperature;
        }

        return ChooseByNoise(z, Candidates(z, parameters), at);
    }

    /// <summary>Chooses the token id.</summary>
    /// <inheritdoc cref="Choose(ReadOnlySpan{float}, SamplingParameters, SamplingPosition)"/>
    public static uint Choose(
        ReadOnlySpan<float> logits, SamplingParameters parameters, SamplingPosition at, SamplerWorkspace workspace)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(logits.Length, workspace.VocabularySize);
        return Choose(logits, parameters, at);
    }

    private static void ApplyPenalties(float[] z, SamplingParameters parameters, TokenHistory history)
    {
        float repetition = Decimal((int)parameters.RepetitionPenaltyMillionths);
        float frequency = Decimal(parameters.FrequencyPenaltyMillionths);
        float presence = Decimal(parameters.PresencePenaltyMillionths);
        foreach ((uint id, int count) in history.Counts)
        {
            if (id >= z.Length)
            {
                continue;
            }

            float value = z[id];
            value = value > 0 ? value / repetition : value * repetition;
            if (count > 0)
            {
                float share = frequency * count;
                value -= share;
                value -= presence;
            }

            z[id] = value;
        }
    }

    /// <summary>
    /// The ids that top-k, top-p and min-p leave, in any order: noise decides among them by id alone.
    /// </summary>
    private static uint[] Candidates(float[] z, SamplingParameters parameters)
    {
        uint[] ids = [.. Enumerable.Range(0, z.Length).Where(i => float.IsFinite(z[i])).Select(i => (uint)i)];
        bool filtered = parameters.TopK != 0 || parameters.TopPMillionths != SamplingParameters.One
            || parameters.MinPMillionths != 0;
        if (!filtered || ids.Length == 0)
        {
            return ids;
        }

        Array.Sort(ids, (a, b) => z[a] != z[b] ? z[b].CompareTo(z[a]) : a.CompareTo(b));
        int kept = parameters.TopK == 0 ? ids.Length : (int)Math.Min(parameters.TopK, (uint)ids.Length);
        double[] weights = new double[kept];
        double sum = 0;
        for (int i = 0; i < kept; i++)
        {
            weights[i] = FixedMath.Exp((double)z[ids[i]] - z[ids[0]]);
            sum += weights[i];
        }

        if (parameters.TopPMillionths != SamplingParameters.One)
        {
            kept = NucleusSize(weights, Decimal((int)parameters.TopPMillionths) * sum);
        }

        float least = Decimal((int)parameters.MinPMillionths);
        while (kept > 1 && weights[kept - 1] < least)
        {
            kept--;
        }

        return ids[..kept];
    }

    private static int NucleusSize(double[] weights, double mass)
    {
        double before = 0;
        int kept = 0;
        while (kept < weights.Length && (kept == 0 || before < mass))
        {
            before += weights[kept++];
        }

        return kept;
    }

    private static uint ChooseByNoise(float[] z, uint[] ids, SamplingPosition at)
    {
        double best = double.NegativeInfinity;
        uint? choice = null;
        foreach (uint id in ids)
        {
            double u = (Philox4x32.Bits(at.SeedKey, at.Position, id) + 0.5) * BitsScale;
            double score = z[id] - FixedMath.Log(-FixedMath.Log(u));
            if (choice is null || score > best || (score == best && id < choice))
            {
                (best, choice) = (score, id);
            }
        }

        return choice ?? throw NoFiniteLogit();
    }

    private static uint ArgMax(float[] z)
    {
        int best = -1;
        for (int i = 0; i < z.Length; i++)
        {
            if (float.IsFinite(z[i]) && (best < 0 || z[i] > z[best]))
            {
                best = i;
            }
        }

        return best >= 0 ? (uint)best : throw NoFiniteLogit();
    }

    private static ArgumentException NoFiniteLogit() =>
        new("no logit is a finite number: the model or its input is broken");

    private static float Decimal(int millionths) => millionths / 1_000_000f;
}
