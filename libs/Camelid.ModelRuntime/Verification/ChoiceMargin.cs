using Camelid.ModelRuntime.Sampling;
using Camelid.Protocol.Jobs;

namespace Camelid.ModelRuntime.Verification;

/// <summary>A token of an output.</summary>
/// <param name="Served">The token that was served.</param>
/// <param name="Choice">What the sampler chooses there on this machine.</param>
internal readonly record struct ServedToken(uint Served, uint Choice);

/// <summary>
/// Rule S-23: how far logits of another numerics class may lie from these where they made the sampler choose a served
/// token. Buffers for one vocabulary; one thread at a time.
/// </summary>
/// <remarks>
/// The margin is the least δ such that changing each logit up or down by at most δ may make the token the choice. Each
/// condition of the rule is what such a change can do at best to one filter or one competitor, so the margin is never
/// above the true least change: rounding is never taken for a false token. It is evidence that escalates, and nothing
/// is slashed by it.
/// </remarks>
internal sealed class ChoiceMargin(int vocabularySize)
{
    /// <summary>Margins are counted in 2^−20 and end at 4 logits: beyond, nothing is told apart.</summary>
    internal const double Unit = 1.0 / (1 << 20), Most = 4;

    private const double BitsScale = 1.0 / 4294967296.0;

    private readonly float[] values = new float[vocabularySize];
    private readonly float[] order = new float[vocabularySize];
    private readonly uint[] ids = new uint[vocabularySize];
    private readonly double[] sums = new double[vocabularySize + 1];
    private readonly double[] scores = new double[vocabularySize];
    private SamplingParameters parameters = new();
    private double temperature;
    private int count;
    private int kept;
    private int competitors;
    private float servedValue;
    private double servedScore;

    /// <summary>The margin of a served token in logits, 0 … 4, or +∞.</summary>
    /// <param name="logits">[vocabulary] this machine's logits.</param>
    /// <param name="sampling">How tokens are chosen.</param>
    /// <param name="at">Where, and after what.</param>
    /// <param name="tokens">The token that was served, and what the sampler chooses.</param>
    internal double Of(
        ReadOnlySpan<float> logits, SamplingParameters sampling, SamplingPosition at, ServedToken tokens)
    {
        (uint served, uint choice) = tokens;
        if (served == choice)
        {
            return 0;
        }

        logits.CopyTo(values);
        LogitAdjustments.Apply(values.AsSpan(0, logits.Length), sampling, at.History);
        servedValue = values[served];
        if (!float.IsFinite(servedValue))
        {
            return double.PositiveInfinity;
        }

        parameters = sampling;
        double repetition = Sampler.Decimal(sampling.RepetitionPenaltyMillionths);
        // A penalised logit moves by up to this factor more than the model's.
        double stretch = Math.Max(repetition, 1 / repetition);
        if (sampling.TemperatureMillionths == 0)
        {
            double distance = (double)values[choice] - servedValue;
            return Least(change => distance <= 2 * change * stretch);
        }

        temperature = Sampler.Decimal(sampling.TemperatureMillionths);
        if (CandidateFilter.IsNeeded(sampling))
        {
            Sort(logits.Length);
        }
        else
        {
            // No filter: nobody but the choice stands in the way.
            (order[0], ids[0], count, kept, competitors) = (values[choice], choice, 1, 1, 1);
            parameters = new SamplingParameters();
        }

        double greatest = order[0];
        servedScore = Score(at, served, servedValue, greatest);
        for (int i = 0; i < competitors; i++)
        {
            scores[i] = Score(at, ids[i], order[i], greatest);
        }

        return Least(change => IsPossible(2 * change * stretch));
    }

    /// <summary>The least multiple of the unit for which a condition holds that more change never breaks.</summary>
    private static double Least(Func<double, bool> holds)
    {
        if (!holds(Most))
        {
            return double.PositiveInfinity;
        }

        (int no, int yes) = (-1, (int)(Most / Unit));
        while (yes - no > 1)
        {
            int middle = no + (yes - no) / 2;
            (no, yes) = holds(middle * Unit) ? (no, middle) : (middle, yes);
        }

        return yes * Unit;
    }

    /// <summary>Rules S-08 and S-14.</summary>
    private double Score(SamplingPosition at, uint id, float value, double greatest)
    {
        double u = (Philox4x32.Bits(at.SeedKey, at.Position, id) + 0.5) * BitsScale;
        return (value - greatest) / temperature - FixedMath.Log(-FixedMath.Log(u));
    }

    /// <summary>Value descending; of those that top-k keeps, sums[i] are the weights of the first i.</summary>
    private void Sort(int vocabulary)
    {
        count = 0;
        for (int id = 0; id < vocabulary; id++)
        {
            if (float.IsFinite(values[id]))
            {
                // Negated: the sort ascends.
                (order[count], ids[count]) = (-values[id], (uint)id);
                count++;
            }
        }

        order.AsSpan(0, count).Sort(ids.AsSpan(0, count));
        kept = parameters.TopK == 0 ? count : (int)Math.Min(parameters.TopK, (uint)count);
        for (int i = 0; i < count; i++)
        {
            order[i] = -order[i];
            double weight = i < kept ? FixedMath.Exp(((double)order[i] - order[0]) / temperature) : 0;
            sums[i + 1] = sums[i] + weight;
        }

        competitors = 0;
        while (competitors < kept && IsIn(competitors, 0))
        {
            competitors++;
        }
    }

    /// <summary>True where any two logits, moving apart by at most so much, may make the token the choice.</summary>
    private bool IsPossible(double distance)
    {
        int ahead = CountAbove(servedValue + distance);
        bool isAmongFirst = parameters.TopK == 0 || ahead < kept;
        if (!isAmongFirst || !MayBeLikely(servedValue, distance) || !MayBeInNucleus(ahead, distance))
        {
            return false;
        }

        double reach = servedScore + distance / temperature;
        for (int i = 0; i < competitors; i++)
        {
            if (scores[i] > reach && IsIn(i, distance))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>True where the filters keep the i-th token whatever the change.</summary>
    private bool IsIn(int i, double distance)
    {
        int ahead = CountAtLeast(order[i] - distance) - 1;
        bool likely = MayBeLikely(order[i], -distance);
        return likely && (parameters.TopK == 0 || (distance == 0 ? i : ahead) < kept)
            && MayBeInNucleus(distance == 0 ? i : ahead, -distance);
    }

    /// <summary>Rule S-12 with the token closer to the likeliest by a distance.</summary>
    private bool MayBeLikely(float value, double distance) => parameters.MinPMillionths == 0
        || ((double)value - order[0] + distance) / temperature
            >= FixedMath.Log(Sampler.Decimal(parameters.MinPMillionths));

    /// <summary>Rule S-11 with the odds of those ahead, against all others, shifted by a distance.</summary>
    private bool MayBeInNucleus(int ahead, double distance)
    {
        if (parameters.TopPMillionths == SamplingParameters.One)
        {
            return true;
        }

        double p = Sampler.Decimal(parameters.TopPMillionths);
        double before = sums[Math.Min(ahead, kept)] * (1 - p);
        double rest = p * (sums[kept] - sums[Math.Min(ahead, kept)]);
        double shift = FixedMath.Exp(-Math.Abs(distance) / temperature);
        return distance < 0 ? before < rest * shift : before * shift < rest;
    }

    private int CountAbove(double value) => Boundary(i => order[i] > value);

    private int CountAtLeast(double value) => Boundary(i => order[i] >= value);

    /// <summary>How many of the order's first tokens fulfil what only first ones can.</summary>
    private int Boundary(Func<int, bool> fulfils)
    {
        (int low, int high) = (0, count);
        while (low < high)
        {
            int middle = low + (high - low) / 2;
            (low, high) = fulfils(middle) ? (middle + 1, high) : (low, middle);
        }

        return low;
    }
}
