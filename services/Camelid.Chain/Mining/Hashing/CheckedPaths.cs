namespace Camelid.Chain.Mining.Hashing;

/// <summary>Rule M-30: the ways of looking for nonces that this machine has and that were checked.</summary>
internal sealed partial class CheckedPaths
{
    private readonly ILogger<CheckedPaths> logger;

    /// <summary>Checks each path that the machine supports.</summary>
    /// <param name="paths">The paths, the fastest first.</param>
    /// <param name="seed">Where the headers of the check come from; a disagreement is logged with it.</param>
    /// <param name="logger">Hears of every path that is left out.</param>
    public CheckedPaths(IEnumerable<NoncePath> paths, int seed, ILogger<CheckedPaths> logger)
    {
        this.logger = logger;
        List<NoncePath> agreed = [];
        foreach (NoncePath path in paths.Where(path => path.IsSupported))
        {
            if (PathCheck.Agrees(path, new Random(seed)))
            {
                agreed.Add(path);
            }
            else
            {
                LogDisabled(path.Name, seed);
            }
        }

        All = [.. agreed, NoncePath.Platform];
        LogChosen(Best.Name);
    }

    /// <summary>The paths that agreed with the reference, the fastest first, and the reference itself last.</summary>
    public IReadOnlyList<NoncePath> All { get; }

    /// <summary>The path to mine by.</summary>
    public NoncePath Best => All[0];

    [LoggerMessage(1080, LogLevel.Information, "Headers are hashed by {Path}")]
    private partial void LogChosen(string path);

    [LoggerMessage(1081, LogLevel.Warning,
        "Hashing by {Path} disagrees with the platform's SHA-256 (seed {Seed}) and is not used: this machine's vector "
        + "instructions, or the emulator that it runs in, are not to be trusted")]
    private partial void LogDisabled(string path, int seed);
}
