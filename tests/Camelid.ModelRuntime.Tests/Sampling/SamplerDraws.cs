using Camelid.Protocol.Jobs;

namespace Camelid.ModelRuntime.Tests.Sampling;

/// <summary>
/// Random choices to be made: every parameter on and off, logits of every shape, oddities among them.
/// </summary>
internal sealed class SamplerDraws(int seed)
{
    private static readonly float[] Oddities =
    [
        float.NaN, float.PositiveInfinity, float.NegativeInfinity, -0f, 0f, float.Epsilon, -float.Epsilon, -1e-40f,
        float.MaxValue, float.MinValue, 1e30f, -3e38f,
    ];

    private static readonly uint[] Temperatures = [0, 1, 1_000, 200_000, 700_000, 1_000_000, 1_300_000, 2_000_000];
    private static readonly uint[] Masses = [1, 100_000, 500_000, 900_000, 950_000, 999_000, 999_999];
    private static readonly uint[] Floors = [1, 1_000, 50_000, 200_000, 999_999, 1_000_000];
    private readonly Random random = new(seed);

    /// <summary>The next case.</summary>
    internal SamplerCase Next()
    {
        int size = Size();
        return new SamplerCase
        {
            Logits = Logits(size),
            Parameters = Parameters(size),
            Prompt = Tokens(size, 40),
            Output = Tokens(size, 40),
            SeedKey = (ulong)random.NextInt64(long.MinValue, long.MaxValue),
            Position = random.Next(8) == 0 ? uint.MaxValue : (uint)random.Next(2_000),
        };
    }

    private bool OneIn(int n) => random.Next(n) == 0;

    private int Size() => random.Next(8) switch
    {
        0 => random.Next(2, 5),
        1 => random.Next(62, 67),
        2 => 64 * random.Next(1, 5),
        3 or 4 or 5 => random.Next(2, 200),
        6 => random.Next(200, 700),
        _ => random.Next(700, 2_001),
    };

    private float[] Logits(int size)
    {
        int shape = random.Next(9);
        float centre = OneIn(3) ? (float)(random.NextDouble() * 60 - 30) : 0;
        float[] logits = [.. Enumerable.Range(0, size).Select(id => Logit(shape, id) + centre)];
        int oddities = OneIn(3) ? random.Next(1, size / 2 + 2) : 0;
        int kinds = OneIn(2) ? Oddities.Length : 8;
        for (int i = 0; i < oddities; i++)
        {
            logits[random.Next(size)] = Oddities[random.Next(kinds)];
        }

        return logits;
    }

    private float Logit(int shape, int id) => shape switch
    {
        0 => 0,
        1 => random.Next(-1, 2),
        2 => (float)(Normal() * 0.1),
        3 or 4 => (float)(Normal() * 3),
        5 => (float)(Normal() * 12),
        6 => OneIn(50) ? 20 + (float)Normal() : (float)Normal(),
        7 => id * 0.01f,
        _ => BitConverter.Int32BitsToSingle(random.Next(int.MinValue, int.MaxValue)),
    };

    private double Normal() =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    private SamplingParameters Parameters(int size)
    {
        bool penalties = OneIn(2);
        return new SamplingParameters
        {
            TemperatureMillionths = OneIn(4) ? (uint)random.Next(1, 2_000_001) : Pick(Temperatures),
            TopK = OneIn(3) ? OneIn(4) ? uint.MaxValue : (uint)random.Next(1, size + 3) : 0,
            TopPMillionths = OneIn(3) ? OneIn(2) ? (uint)random.Next(1, 1_000_000) : Pick(Masses) : 1_000_000,
            MinPMillionths = OneIn(3) ? Pick(Floors) : 0,
            RepetitionPenaltyMillionths = penalties && OneIn(2) ? (uint)random.Next(1_000_000, 2_000_001) : 1_000_000,
            PresencePenaltyMillionths = penalties && OneIn(2) ? random.Next(-2_000_000, 2_000_001) : 0,
            FrequencyPenaltyMillionths = penalties && OneIn(2) ? random.Next(-2_000_000, 2_000_001) : 0,
            LogitBiases = OneIn(3) ? Biases(size) : [],
        };
    }

    private LogitBias[] Biases(int size) => [.. Tokens(size, 12).Distinct().Order().Select(token => new LogitBias(
        token, OneIn(3) ? random.Next(2) * 200_000_000 - 100_000_000 : random.Next(-5_000_000, 5_000_001)))];

    private uint[] Tokens(int size, int countMax) =>
        [.. Enumerable.Range(0, random.Next(countMax)).Select(_ => (uint)random.Next(size + 2))];

    private uint Pick(uint[] values) => values[random.Next(values.Length)];
}
