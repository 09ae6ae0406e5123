namespace Camelid.Gateway.Hosting;

/// <summary>Limits of the gateway, from the configuration section <c>Gateway</c>.</summary>
internal sealed class GatewayOptions
{
    /// <summary>Name of the section.</summary>
    public const string Section = "Gateway";

    /// <summary>Largest request body: 4 MiB.</summary>
    public const int BodyBytesMax = 4 * 1024 * 1024;

    /// <summary>Requests that one key may make in a minute.</summary>
    public int RequestsPerMinute { get; set; } = 6000;

    /// <summary>Most jobs of one request: prompts × n. No more than an operator's pool of deposits.</summary>
    public int ChoicesMax { get; set; } = 32;

    /// <summary>Seconds until an offer lapses.</summary>
    public uint JobDeadlineSeconds { get; set; } = 120;

    /// <summary>Seconds until the offer of a batch job lapses, where the request names none.</summary>
    public uint BatchDeadlineSeconds { get; set; } = 600;

    /// <summary>Seconds between comments that keep a quiet stream open.</summary>
    public double PingSeconds { get; set; } = 15;

    /// <summary>Seconds in which a client that lost its connection may come back before its job is cancelled.</summary>
    public double AbandonSeconds { get; set; } = 2;

    /// <summary>Host names, beside loopback names, under which a loopback listener answers.</summary>
    public IList<string> Hosts { get; } = [];
}
