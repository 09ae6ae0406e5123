namespace Camelid.JobPool;

/// <summary>Configuration under <c>JobPool</c>. Read once at start.</summary>
internal sealed record JobPoolOptions
{
    public const string Section = "JobPool";

    /// <summary>Price of a token, prompt and output alike, in grains.</summary>
    public ulong PriceGrainsPerToken { get; init; } = 1000;

    /// <summary>Fee of the offer and of the payment, in grains.</summary>
    public ulong FeeGrains { get; init; } = 10_000;

    /// <summary>Seconds until an offer lapses, where the request names none.</summary>
    public uint DeadlineSeconds { get; init; } = 120;

    /// <summary>The longest deadline that a request may ask for, in seconds.</summary>
    public uint DeadlineSecondsMax { get; init; } = 86_400;

    /// <summary>Drawn positions of the level <c>sampled</c>.</summary>
    public uint SampledPositions { get; init; } = 8;

    /// <summary>Jobs without a testament that are kept at once; further ones are refused.</summary>
    public int OpenJobsMax { get; init; } = 1000;

    /// <summary>Jobs of other operators' clients that are computed or wait at once; further ones are refused.</summary>
    public int SoldOpenMax { get; init; } = 256;

    /// <summary>The same for one client.</summary>
    public int SoldPerClientMax { get; init; } = 64;

    /// <summary>Checks that other operators' clients may ask for in a minute, each.</summary>
    public int ChecksPerMinute { get; init; } = 120;

    /// <summary>How long an announcement of this operator's worker counts, in seconds.</summary>
    public uint AnnouncementSeconds { get; init; } = 60;

    /// <summary>Seconds that a worker holds a job after each report.</summary>
    public int LeaseSeconds { get; init; } = 15;

    /// <summary>Tries of a job before it is given up.</summary>
    public int AttemptsMax { get; init; } = 5;

    /// <summary>Seconds between two looks at what is due.</summary>
    public int RecoverySeconds { get; init; } = 5;

    /// <summary>Seconds after which a verification without an answer is asked for again.</summary>
    public int VerifyAgainSeconds { get; init; } = 5;

    /// <summary>Seconds after which a verification without an answer is inconclusive.</summary>
    public int VerifySecondsMax { get; init; } = 60;

    /// <summary>Seconds after its last report in which a worker counts as alive.</summary>
    public int WorkerSeconds { get; init; } = 10;
}
