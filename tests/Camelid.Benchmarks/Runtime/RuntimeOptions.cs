using System.Globalization;
using Camelid.ModelRuntime.Packages;

namespace Camelid.Benchmarks.Runtime;

/// <summary>What <c>./camelid bench runtime</c> measures.</summary>
internal sealed record RuntimeOptions
{
    internal const string Usage = """
        usage: ./camelid bench runtime [--json] [--model 110m|1b|all] [--precision fp32|int8|int4] [--threads N]
                                       [--rounds N] [--cache DIR] [--clock wall|thread]
          Ours against ONNX Runtime GenAI on models of random weights, as ratios of medians over N rounds (5).
          Without --model: 110m in fp32, int8 and int4, and 1b in int4. --model 1b: 1b in all three; all: both.
          Without --threads: 110m with 1 and 2, 1b with 2. Models are written once into DIR (.camelid/bench).
          --clock thread: the graph alone, by one thread, in seconds that it had a processor: for a busy machine.
        """;

    private const int RoundsMax = 100, ThreadsMax = 256;

    /// <summary>One JSON document instead of a table.</summary>
    public bool IsJson { get; init; }

    /// <summary>Models to measure.</summary>
    public required IReadOnlyList<BenchmarkModel> Models { get; init; }

    /// <summary>Threads of one operator; 0 takes each model's own counts.</summary>
    public required int Threads { get; init; }

    /// <summary>True where only the graph is measured, in time that its one thread had.</summary>
    public bool CountsThreadTime { get; init; }

    /// <summary>Rounds that count.</summary>
    public required int Rounds { get; init; }

    /// <summary>Where models are kept.</summary>
    public required string CacheFolder { get; init; }

    /// <summary>Reads the command line; null where it is not one.</summary>
    internal static RuntimeOptions? Parse(string[] args)
    {
        Dictionary<string, string> given = [];
        for (int i = 0; i < args.Length; i++)
        {
            string? value = args[i] == "--json" ? "" : i + 1 < args.Length ? args[++i] : null;
            if (value is null || !given.TryAdd(args[value.Length == 0 ? i : i - 1], value))
            {
                return null;
            }
        }

        string[] known = ["--json", "--model", "--precision", "--threads", "--rounds", "--cache", "--clock"];
        string model = given.GetValueOrDefault("--model", "");
        string precision = given.GetValueOrDefault("--precision", "");
        string clock = given.GetValueOrDefault("--clock", "wall");
        bool threadsRead = TryCount(given, "--threads", 0, ThreadsMax, out int threads);
        bool roundsRead = TryCount(given, "--rounds", Measurement.Rounds, RoundsMax, out int rounds);
        if (given.Keys.Except(known).Any() || model is not ("" or "110m" or "1b" or "all") || !threadsRead
            || clock is not ("wall" or "thread")
            || !roundsRead || precision is not ("" or Precision.Single or Precision.Int8 or Precision.Int4))
        {
            return null;
        }

        return new RuntimeOptions
        {
            IsJson = given.ContainsKey("--json"),
            Models = [.. ModelsOf(model).Where(each => precision is "" || each.Precision == precision)],
            Threads = clock == "thread" ? 1 : threads,
            CountsThreadTime = clock == "thread",
            Rounds = rounds,
            CacheFolder = given.GetValueOrDefault("--cache", Path.Combine(".camelid", "bench")),
        };
    }

    private static IEnumerable<BenchmarkModel> ModelsOf(string model)
    {
        string[] precisions = [Precision.Single, Precision.Int8, Precision.Int4];
        IEnumerable<BenchmarkModel> small = model == "1b" ? [] : precisions.Select(BenchmarkModel.Small);
        return model switch
        {
            "110m" => small,
            "" => small.Append(BenchmarkModel.Large(Precision.Int4)),
            _ => small.Concat(precisions.Select(BenchmarkModel.Large)),
        };
    }

    private static bool TryCount(
        Dictionary<string, string> given, string name, int otherwise, int most, out int value)
    {
        value = otherwise;
        return !given.TryGetValue(name, out string? text)
            || (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value)
                && value >= 1 && value <= most);
    }
}
