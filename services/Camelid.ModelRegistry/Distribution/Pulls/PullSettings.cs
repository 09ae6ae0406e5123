namespace Camelid.ModelRegistry.Distribution.Pulls;

/// <summary>Bounds of a download.</summary>
internal sealed record PullSettings
{
    /// <summary>Holders that are asked at once.</summary>
    public int HoldersAtOnce { get; init; } = 8;

    /// <summary>
    /// Streams to each holder: each receives, opens, hashes and writes on a thread of its own, so two keep two
    /// processors busy where only one holder is left.
    /// </summary>
    public int StreamsPerHolder { get; init; } = 2;

    /// <summary>How often silence, new holders and progress are looked at.</summary>
    public TimeSpan Tick { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Time between two looks for holders.</summary>
    public TimeSpan FindPause { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>After this without a holder and without a chunk the download fails; it can be started again.</summary>
    public TimeSpan PatienceMax { get; init; } = TimeSpan.FromMinutes(2);
}
