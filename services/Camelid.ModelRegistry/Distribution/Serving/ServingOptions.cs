namespace Camelid.ModelRegistry.Distribution.Serving;

/// <summary>Rule J-39: bounds of who serves chunks.</summary>
internal sealed record ServingOptions
{
    /// <summary>Streams at once.</summary>
    public int ConnectionsMax { get; init; } = 64;

    /// <summary>Streams of one host at once.</summary>
    public int ConnectionsPerHostMax { get; init; } = 16;

    /// <summary>Chunks that one stream may ask for at once.</summary>
    public int Window { get; init; } = 8;

    /// <summary>Bytes that leave in a second, over all streams; 0 for any number.</summary>
    public long UploadBytesPerSecond { get; init; }

    /// <summary>How long link and greeting may take.</summary>
    public TimeSpan GreetingTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a stream may ask for nothing.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long one answer may take to be read: 1 MiB in that time at least.</summary>
    public TimeSpan SlowReaderTimeout { get; init; } = TimeSpan.FromSeconds(30);
}
