using System.Globalization;
using System.Net;
using Camelid.ModelRegistry.Distribution.Serving;

namespace Camelid.ModelRegistry.Distribution;

/// <summary>Settings of the distribution of models: <c>Models:*</c>.</summary>
internal sealed record DistributionOptions
{
    private const string Section = "Models";
    private const int KilobytesMax = 100_000_000, MegabytesMax = 100_000_000;

    /// <summary>Where chunks are served: <c>Models:ChunkListen</c> (loopback) and <c>Models:ChunkPort</c>.</summary>
    public required IPEndPoint Listen { get; init; }

    /// <summary>The host that others are told: <c>Models:ChunkHost</c>; empty: as peers are told.</summary>
    public string Host { get; init; } = "";

    /// <summary>Bytes that all models together may take: <c>Models:QuotaMegabytes</c>; 0 for any number.</summary>
    public long QuotaBytes { get; init; }

    /// <summary>True publishes the operator's model: <c>Models:PublishServed</c>.</summary>
    public bool PublishesServed { get; init; } = true;

    /// <summary>True fetches the operator's model where it is not here: <c>Models:PullServed</c>.</summary>
    public bool PullsServed { get; init; } = true;

    /// <summary>True imports the embedded model at start: <c>Models:Embedded</c>.</summary>
    public bool ImportsEmbedded { get; init; } = true;

    /// <summary>How long an announcement counts: <c>Models:AnnounceSeconds</c>.</summary>
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Bounds of the server, with <c>Models:UploadKilobytes</c>.</summary>
    public ServingOptions Serving { get; init; } = new();

    /// <summary>Reads and checks the settings.</summary>
    /// <exception cref="InvalidOperationException">The message names the setting and what it may be.</exception>
    public static DistributionOptions Read(IConfiguration configuration)
    {
        string host = configuration[$"{Section}:ChunkListen"] is { Length: > 0 } listen ? listen : "127.0.0.1";
        if (!IPAddress.TryParse(host, out IPAddress? address))
        {
            throw new InvalidOperationException($"{Section}:ChunkListen is '{host}'; it is an IP address, such as "
                + "0.0.0.0 for everybody");
        }

        long port = Number(configuration, "ChunkPort", 0, ushort.MaxValue);
        return new DistributionOptions
        {
            Listen = new IPEndPoint(address, (int)port),
            Host = configuration[$"{Section}:ChunkHost"] ?? "",
            QuotaBytes = Number(configuration, "QuotaMegabytes", 0, MegabytesMax) * 1_000_000,
            PublishesServed = Flag(configuration, "PublishServed"),
            PullsServed = Flag(configuration, "PullServed"),
            ImportsEmbedded = Flag(configuration, "Embedded"),
            Lifetime = TimeSpan.FromSeconds(Number(configuration, "AnnounceSeconds", 60, 3_600, 10)),
            Serving = new ServingOptions
            {
                UploadBytesPerSecond = Number(configuration, "UploadKilobytes", 0, KilobytesMax) * 1_000,
            },
        };
    }

    private static long Number(IConfiguration configuration, string name, long byDefault, long max, long min = 0)
    {
        string? text = configuration[$"{Section}:{name}"];
        if (string.IsNullOrEmpty(text))
        {
            return byDefault;
        }

        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            && number >= min && number <= max
                ? number
                : throw new InvalidOperationException($"{Section}:{name} is '{text}'; it may be {min} to {max}");
    }

    private static bool Flag(IConfiguration configuration, string name) => configuration[$"{Section}:{name}"] switch
    {
        null or "" => true,
        { } text when bool.TryParse(text, out bool flag) => flag,
        { } text => throw new InvalidOperationException($"{Section}:{name} is '{text}'; it is true or false"),
    };
}
