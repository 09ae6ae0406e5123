using System.Globalization;
using Camelid.ModelRuntime;
using Camelid.ModelRuntime.Graphs;

namespace Camelid.Inference;

/// <summary>A worker's settings, from <c>Inference:*</c> and <c>Camelid:*</c>.</summary>
internal sealed record WorkerOptions
{
    /// <summary>The providers that a model can run on.</summary>
    public const string Cpu = "cpu", Cuda = "cuda";

    private const int SlotsMax = 64;
    private const int ThreadsMax = 256;
    private const int KeyValueMebibytesMax = 1 << 24;
    private const string ModelDefault = "camelid-nano";

    /// <summary>
    /// Sequences computed side by side, and jobs taken from the queue at once: <c>Inference:Slots</c>.
    /// </summary>
    public required int Slots { get; init; }

    /// <summary>Threads of the runtime: <c>Inference:Threads</c>.</summary>
    public required int Threads { get; init; }

    /// <summary>cpu or cuda: <c>Inference:ExecutionProvider</c>.</summary>
    public required string ExecutionProvider { get; init; }

    /// <summary>
    /// Memory for keys and values in MiB: <c>Inference:KeyValueMebibytes</c>; 0 takes a quarter of the machine's.
    /// </summary>
    public required int KeyValueMebibytes { get; init; }

    /// <summary>The same as the model runtime takes it.</summary>
    public LanguageModelOptions Loading => new()
    {
        Provider = ExecutionProvider == Cuda
            ? ModelRuntime.Graphs.ExecutionProvider.Cuda : ModelRuntime.Graphs.ExecutionProvider.Cpu,
        Threads = Threads,
        Slots = Slots,
        KeyValueBytesMax = (long)KeyValueMebibytes << 20,
    };

    /// <summary>The pod's name, for leases only: <c>Camelid:Instance</c>, else machine and process.</summary>
    public required string Worker { get; init; }

    /// <summary>Name or root of the model: <c>Camelid:Model</c>.</summary>
    public required string Model { get; init; }

    /// <summary>Reads and checks the settings.</summary>
    /// <exception cref="InvalidOperationException">The message names the setting and what it may be.</exception>
    public static WorkerOptions Read(IConfiguration configuration)
    {
        string provider = configuration["Inference:ExecutionProvider"] is { Length: > 0 } named ? named : Cpu;
        if (provider == Cuda && !ExecutionProviders.IsPartOfBuild(ModelRuntime.Graphs.ExecutionProvider.Cuda))
        {
            throw new InvalidOperationException(
                "Inference:ExecutionProvider is cuda, but the CUDA provider is not part of this build; set it to cpu");
        }

        if (provider is not (Cpu or Cuda))
        {
            throw new InvalidOperationException($"Inference:ExecutionProvider is '{provider}'; it may be cpu or cuda");
        }

        return new WorkerOptions
        {
            Slots = ReadNumber(configuration, "Inference:Slots", 4, SlotsMax),
            Threads = ReadNumber(configuration, "Inference:Threads", 1, ThreadsMax),
            ExecutionProvider = provider,
            KeyValueMebibytes = ReadNumber(configuration, "Inference:KeyValueMebibytes", 0, KeyValueMebibytesMax),
            Worker = configuration["Camelid:Instance"] is { Length: > 0 } instance
                ? instance
                : FormattableString.Invariant($"{Environment.MachineName}-{Environment.ProcessId}"),
            Model = configuration["Camelid:Model"] is { Length: > 0 } model ? model : ModelDefault,
        };
    }

    private static int ReadNumber(IConfiguration configuration, string name, int otherwise, int max)
    {
        string? text = configuration[name];
        if (string.IsNullOrEmpty(text))
        {
            return otherwise;
        }

        return int.TryParse(text, CultureInfo.InvariantCulture, out int number) && number >= 1 && number <= max
            ? number
            : throw new InvalidOperationException($"{name} is '{text}'; it may be 1 to {max}");
    }
}
