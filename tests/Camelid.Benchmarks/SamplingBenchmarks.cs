using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Camelid.ModelRuntime.Sampling;
using Camelid.ModelRuntime.Tests.Sampling;
using Camelid.Protocol.Jobs;

namespace Camelid.Benchmarks;

/// <summary>
/// <c>./camelid bench sampler [--draws N] [--seed S]</c>: the sampler against a second implementation on random draws,
/// and what a choice costs beside SHA-256 over the same logits.
/// </summary>
internal static class SamplingBenchmarks
{
    private const int DrawsDefault = 1_000_000, DrawsMax = 100_000_000, DrawVocabularyMax = 2_000, SharesMax = 64;
    private const int PromptTokens = 1_000;
    private static readonly int[] Vocabularies = [32_000, 128_256];

    private static readonly (string Name, SamplingParameters Parameters)[] Kinds =
    [
        ("greedy", new SamplingParameters { TemperatureMillionths = 0 }),
        ("temperature 1", new SamplingParameters()),
        ("temperature 0.7", new SamplingParameters { TemperatureMillionths = 700_000 }),
        ("top-p 0.9", new SamplingParameters { TopPMillionths = 900_000 }),
        ("top-k 40", new SamplingParameters { TopK = 40 }),
        ("min-p 0.05", new SamplingParameters { MinPMillionths = 50_000 }),
        ("all, 1,000 tokens before", new SamplingParameters
        {
            TemperatureMillionths = 700_000, TopK = 40, TopPMillionths = 900_000, MinPMillionths = 50_000,
            RepetitionPenaltyMillionths = 1_100_000, PresencePenaltyMillionths = 200_000,
            FrequencyPenaltyMillionths = 200_000, LogitBiases = [new LogitBias(7, -5_000_000)],
        }),
    ];

    /// <summary>Returns 0, 1 where the two disagree, 2 where the arguments are not understood.</summary>
    internal static Task<int> RunAsync(string[] args)
    {
        (int draws, int seed) = (DrawsDefault, Random.Shared.Next());
        for (int i = 0; i < args.Length; i += 2)
        {
            bool isNumber = int.TryParse(args.ElementAtOrDefault(i + 1), CultureInfo.InvariantCulture, out int number);
            if (!isNumber || number < 0 || args[i] is not ("--draws" or "--seed") || number > DrawsLimit(args[i]))
            {
                Console.Error.WriteLine("usage: ./camelid bench sampler [--draws N] [--seed S]");
                return Task.FromResult(2);
            }

            (draws, seed) = args[i] == "--draws" ? (number, seed) : (draws, number);
        }

        bool agreed = Compare(draws, seed);
        foreach (int vocabulary in Vocabularies)
        {
            foreach ((string shape, double spread) in new[] { ("peaked", 3.0), ("flat", 0.3) })
            {
                Time(vocabulary, shape, RandomLogits(vocabulary, spread));
            }
        }

        return Task.FromResult(agreed ? 0 : 1);
    }

    private static int DrawsLimit(string option) => option == "--draws" ? DrawsMax : int.MaxValue;

    private static bool Compare(int draws, int seed)
    {
        int shares = Math.Min(Environment.ProcessorCount, SharesMax), disagreements = 0;
        long started = Stopwatch.GetTimestamp();
        Parallel.For(0, shares, share =>
        {
            SamplerDraws source = new(unchecked(seed + share));
            ReferenceSampler reference = new();
            SamplerWorkspace workspace = new(DrawVocabularyMax);
            int count = draws / shares + (share < draws % shares ? 1 : 0);
            for (int i = 0; i < count; i++)
            {
                SamplerCase one = source.Next();
                if (Choose(one, workspace) != reference.Choose(one))
                {
                    Interlocked.Increment(ref disagreements);
                    Console.Error.WriteLine($"seed {unchecked(seed + share)}, draw {i}: {one.Parameters}");
                }
            }
        });
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{draws:N0} draws, seeds {seed} … {unchecked(seed + shares - 1)}: {disagreements:N0} disagreements, "
            + $"{Stopwatch.GetElapsedTime(started).TotalSeconds:F0} s"));
        return disagreements == 0;
    }

    private static uint? Choose(SamplerCase one, SamplerWorkspace workspace)
    {
        TokenHistory history = new(one.Prompt);
        foreach (uint token in one.Output)
        {
            history.Add(token);
        }

        try
        {
            return Sampler.Choose(
                one.Logits, one.Parameters, new SamplingPosition(one.SeedKey, one.Position, history), workspace);
        }
        catch (ArgumentException refusal) when (refusal.Message.StartsWith("no logit", StringComparison.Ordinal))
        {
            return null;
        }
    }

    private static float[] RandomLogits(int vocabulary, double spread)
    {
        Random random = new(vocabulary);
        return [.. Enumerable.Range(0, vocabulary).Select(_ => (float)(spread
            * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble())))];
    }

    private static void Time(int vocabulary, string shape, float[] logits)
    {
        SamplerWorkspace workspace = new(vocabulary);
        TokenHistory history = new([.. Enumerable.Range(0, PromptTokens).Select(i => (uint)(i * 31 % vocabulary))]);
        Console.WriteLine($"V = {vocabulary}, logits {shape}: µs a choice, and times SHA-256 of the logits");
        double sha = Microseconds(_ => SHA256.HashData(MemoryMarshal.AsBytes<float>(logits), stackalloc byte[32]));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {"SHA-256",-26}{sha,8:F1}"));
        foreach ((string name, SamplingParameters parameters) in Kinds)
        {
            double choice = Microseconds(position => Sampler.Choose(
                logits, parameters, new SamplingPosition(1, position, history), workspace));
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"  {name,-26}{choice,8:F1}{choice / sha,8:F2}"));
        }
    }

    /// <summary>
    /// The median of choices measured one by one, some before them not counted: a share of them is interrupted where
    /// the machine is busy, and a mean would carry that.
    /// </summary>
    private static double Microseconds(Action<uint> action)
    {
        const int Warm = 600, Counted = 401;
        double[] times = new double[Counted];
        for (int i = -Warm; i < Counted; i++)
        {
            long started = Stopwatch.GetTimestamp();
            action((uint)(i + Warm));
            if (i >= 0)
            {
                times[i] = Stopwatch.GetElapsedTime(started).TotalMicroseconds;
            }
        }

        Array.Sort(times);
        return times[Counted / 2];
    }
}
