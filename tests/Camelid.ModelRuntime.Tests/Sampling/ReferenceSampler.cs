using System.Numerics;
using Camelid.Protocol.Jobs;

namespace Camelid.ModelRuntime.Tests.Sampling;

/// <summary>A departure from one rule, to show that comparisons find it.</summary>
internal enum Mutation
{
    None,
    RepetitionOfOutputOnly,
    RepetitionAlwaysDivides,
    FrequencyCountsPrompt,
    PresenceOfPrompt,
    PenaltiesAfterBias,
    BiasInBinary32,
    BiasBeyondIsLast,
    InfinityTakesPart,
    TiesToHigherId,
    TemperatureInBinary32,
    TopKAfterTopP,
    TopPOfAllTokens,
    TopPReachesOver,
    MinPBeforeTopP,
    MinPExclusive,
    OtherWordOfCounter,
    PositionAfter,
    KeyHalvesSwapped,
    NineRounds,
    NoiseUpsideDown,
}

/// <summary>One choice to be made.</summary>
internal sealed record SamplerCase
{
    public required float[] Logits { get; init; }

    public required SamplingParameters Parameters { get; init; }

    public required uint[] Prompt { get; init; }

    public required uint[] Output { get; init; }

    public required ulong SeedKey { get; init; }

    public required uint Position { get; init; }
}

/// <summary>
/// The sampler a second time, written from docs/protocol.md (rules S-01 to S-16) in the plainest form: everything is
/// computed for every token, the order is a sort, and sums of weights are big integers. It shares no code with
/// the sampler.
/// </summary>
internal sealed class ReferenceSampler(Mutation mutation = Mutation.None)
{
    private const long Million = 1_000_000;
    private static readonly double L = Bits(0x3ff71547652b82fe), H = Bits(0x3fe62e42fee00000);
    private static readonly double M = Bits(0x3dea39ef35793c76), Q = Bits(0x3fe6a09e667f3bcd);

    /// <summary>The token, or null where none takes part.</summary>
    internal uint? Choose(SamplerCase one)
    {
        float[] z = mutation == Mutation.PenaltiesAfterBias
            ? Penalised(one, Biased(one, one.Logits))
            : Biased(one, Penalised(one, one.Logits));
        int[] order = [.. Enumerable.Range(0, z.Length).Where(id => TakesPart(z[id]))];
        Array.Sort(order, (a, b) => z[a] > z[b] ? -1 : z[a] < z[b] ? 1 : Tie(a, b));
        if (order.Length == 0)
        {
            return null;
        }

        if (one.Parameters.TemperatureMillionths == 0)
        {
            return (uint)order[0];
        }

        double temperature = one.Parameters.TemperatureMillionths / 1_000_000.0;
        double greatest = z[order[0]];
        double[] x = [.. z.Select(value => (value - greatest) / temperature)];
        if (mutation == Mutation.TemperatureInBinary32)
        {
            x = [.. z.Select(value => (double)(float)((value - greatest) / temperature))];
        }

        return Noisiest(one, x, Filtered(one.Parameters, x, order));
    }

    /// <summary>Rule S-15.</summary>
    internal static double Exp(double x)
    {
        if (!(x >= -700))
        {
            return 0;
        }

        double scaled = x * L + 0.5;
        int k = (int)scaled;
        if (k > scaled)
        {
            k--;
        }

        double kh = k * H;
        double km = k * M;
        double r = x - kh;
        r = r - km;
        double s = 1 / Factorial(13);
        for (int n = 12; n >= 0; n--)
        {
            double product = s * r;
            s = product + 1 / Factorial(n);
        }

        for (int i = 0; i < -k; i++)
        {
            s /= 2;
        }

        return s;
    }

    /// <summary>Rule S-16.</summary>
    internal static double Log(double u)
    {
        (double m, int e) = (u, 0);
        for (; m >= 2; e++)
        {
            m /= 2;
        }

        for (; m < 1; e--)
        {
            m *= 2;
        }

        if (m * 0.5 >= Q)
        {
            m *= 0.5;
            e++;
        }

        double s = (m - 1) / (m + 1);
        double q = s * s;
        double t = 1.0 / 21;
        for (int n = 19; n >= 1; n -= 2)
        {
            double product = t * q;
            t = product + 1.0 / n;
        }

        double twice = 2 * s;
        double main = twice * t;
        double low = e * M;
        double high = e * H;
        return high + (main + low);
    }

    private static double Bits(long bits) => BitConverter.Int64BitsToDouble(bits);

    private static double Factorial(int n) => n < 2 ? 1 : n * Factorial(n - 1);

    private int Tie(int a, int b) => mutation == Mutation.TiesToHigherId ? b - a : a - b;

    private bool TakesPart(float z) =>
        !float.IsNaN(z) && (mutation == Mutation.InfinityTakesPart || !float.IsInfinity(z));

    /// <summary>Rules S-03 and S-04.</summary>
    private float[] Penalised(SamplerCase one, float[] logits)
    {
        float[] z = [.. logits];
        double r = one.Parameters.RepetitionPenaltyMillionths / 1_000_000.0;
        double f = one.Parameters.FrequencyPenaltyMillionths / 1_000_000.0;
        double p = one.Parameters.PresencePenaltyMillionths / 1_000_000.0;
        for (int id = 0; id < z.Length; id++)
        {
            int prompt = one.Prompt.Count(token => token == id), output = one.Output.Count(token => token == id);
            if (prompt + output == 0)
            {
                continue;
            }

            double value = z[id];
            if (output > 0 || mutation != Mutation.RepetitionOfOutputOnly)
            {
                value = value > 0 || mutation == Mutation.RepetitionAlwaysDivides ? value / r : value * r;
            }

            int count = mutation == Mutation.FrequencyCountsPrompt ? prompt + output : output;
            double product = f * count;
            value = count > 0 ? value - product : value;
            value = output > 0 || mutation == Mutation.PresenceOfPrompt ? value - p : value;
            z[id] = (float)value;
        }

        return z;
    }

    /// <summary>Rule S-05.</summary>
    private float[] Biased(SamplerCase one, float[] logits)
    {
        float[] z = [.. logits];
        foreach (LogitBias bias in one.Parameters.LogitBiases)
        {
            uint id = bias.TokenId >= z.Length && mutation == Mutation.BiasBeyondIsLast
                ? (uint)z.Length - 1
                : bias.TokenId;
            if (id < z.Length)
            {
                double b = bias.BiasMillionths / 1_000_000.0;
                z[id] = mutation == Mutation.BiasInBinary32 ? z[id] + (float)b : (float)(z[id] + b);
            }
        }

        return z;
    }

    /// <summary>Rules S-09 to S-12.</summary>
    private int[] Filtered(SamplingParameters parameters, double[] x, int[] order)
    {
        int[] kept = order;
        long[] weights = [.. x.Select(Weight)];
        foreach (int step in mutation switch
        {
            Mutation.TopKAfterTopP => (int[])[2, 1, 3],
            Mutation.MinPBeforeTopP => [1, 3, 2],
            _ => [1, 2, 3],
        })
        {
            kept = step switch
            {
                1 => parameters.TopK == 0 ? kept : [.. kept.Take((int)Math.Min(parameters.TopK, (uint)kept.Length))],
                2 => Nucleus(parameters.TopPMillionths, weights, kept, order),
                _ => [.. kept.Where(id => IsLikely(parameters.MinPMillionths, weights[id]))],
            };
        }

        return kept;
    }

    /// <summary>Rule S-10.</summary>
    private static long Weight(double x) => (long)(Exp(x) * 1_099_511_627_776.0);

    /// <summary>Rule S-11.</summary>
    private int[] Nucleus(uint p, long[] weights, int[] kept, int[] all)
    {
        if (p == Million)
        {
            return kept;
        }

        BigInteger sum = 0, before = 0;
        foreach (int id in mutation == Mutation.TopPOfAllTokens ? all : kept)
        {
            sum += weights[id];
        }

        List<int> nucleus = [];
        foreach (int id in kept)
        {
            if (before * Million < p * sum || (mutation == Mutation.TopPReachesOver && before * Million == p * sum))
            {
                nucleus.Add(id);
            }

            before += weights[id];
        }

        return [.. nucleus];
    }

    /// <summary>Rule S-12.</summary>
    private bool IsLikely(uint m, long weight)
    {
        BigInteger likely = (BigInteger)weight * Million, least = (BigInteger)m << 40;
        return mutation == Mutation.MinPExclusive && m != Million ? likely > least : likely >= least;
    }

    /// <summary>Rule S-14.</summary>
    private uint? Noisiest(SamplerCase one, double[] x, int[] kept)
    {
        uint? choice = null;
        double best = 0;
        foreach (int id in kept.OrderBy(id => mutation == Mutation.TiesToHigherId ? -id : id))
        {
            double u = (RandomBits(one, (uint)id) + 0.5) / 4294967296.0;
            double noise = Log(-Log(mutation == Mutation.NoiseUpsideDown ? 1 - u : u));
            double score = x[id] - noise;
            if (choice is null || score > best)
            {
                (choice, best) = ((uint)id, score);
            }
        }

        return choice;
    }

    /// <summary>Rule S-13.</summary>
    private uint RandomBits(SamplerCase one, uint id)
    {
        ulong key0 = one.SeedKey & 0xFFFFFFFF, key1 = one.SeedKey >> 32;
        (key0, key1) = mutation == Mutation.KeyHalvesSwapped ? (key1, key0) : (key0, key1);
        ulong[] c = [id / 4, mutation == Mutation.PositionAfter ? one.Position + 1 : one.Position, 0, 0];
        for (int round = 0; round < (mutation == Mutation.NineRounds ? 9 : 10); round++)
        {
            ulong p0 = c[0] * 0xD2511F53UL, p1 = c[2] * 0xCD9E8D57UL;
            c = [(p1 >> 32) ^ c[1] ^ key0, p1 & 0xFFFFFFFF, (p0 >> 32) ^ c[3] ^ key1, p0 & 0xFFFFFFFF];
            key0 = (key0 + 0x9E3779B9) & 0xFFFFFFFF;
            key1 = (key1 + 0xBB67AE85) & 0xFFFFFFFF;
        }

        return (uint)c[mutation == Mutation.OtherWordOfCounter ? 3 - id % 4 : id % 4];
    }
}
