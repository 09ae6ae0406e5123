using System.Globalization;

namespace Camelid.Inference;

/// <summary>A worker's settings, from <c>Inference:*</c> and <c>Camelid:*</c>.</summary>
internal sealed record WorkerOptions
{
    /// <summary>The only provider that this version runs models on.</summary>
    public const string Cpu = "cpu";

    private const int SlotsMax = 64;
    private const int ThreadsMax = 256;
    private const string ModelDefault = "camelid-nano";

    /// <summary>
    /// Sequences computed side by side, and jobs taken from the queue at once: <c>Inference:Slots</c>.
    /// </summary>
    public required int Slots { get; init; }

    /// <summary>Threads of the runtime: <c>Inference:Threads</c>.</summary>
    public required int Threads { get; init; }

    /// <summary><c>Inference:ExecutionProvider</c>.</summary>
    public required string ExecutionProvider { get; init; }

    /// <summary>The pod's name, for leases only: <c>Camelid:Instance</c>, else machine and process.</summary>
    public required string Worker { get; init; }

    /// <summary>Name or root of the model: <c>Camelid:Model</c>.</summary>
    public required string Model { get; init; }

    /// <summary>Reads and checks the settings.</summary>
    /// <exception cref="InvalidOperationException">The message names the setting and what it may be.</exception>
    public static WorkerOptions Read(IConfiguration configuration)
    {
        string provider = configuration["Inference:ExecutionProvider"] is { Length: > 0 } named ? named : Cpu;
        if (provider == "cuda")
        {
            throw new InvalidOperationException(
                "Inference:ExecutionProvider is cuda, but the CUDA provider is not part of this build; set it to cpu");
        }

        if (provider != Cpu)
        {
            throw new InvalidOperationException($"Inference:ExecutionProvider is '{provider}'; it may be cpu or cuda");
        }

        return new WorkerOptions
        {
            Slots = ReadNumber(configuration, "Inference:Slots", 4, SlotsMax),
            Threads = ReadNumber(configuration, "Inference:Threads", 1, ThreadsMax),
            ExecutionProvider = provider,
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
