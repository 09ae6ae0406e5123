using System.Globalization;
using System.Net;

namespace Camelid.ModelRegistry.Distribution.Pulls;

/// <summary>Where a node serves chunks.</summary>
/// <param name="NodeId">The node that announced it, in hexadecimal digits; empty where it is not known.</param>
/// <param name="Host">Name or IP address.</param>
/// <param name="Port">TCP port.</param>
internal sealed record HolderAddress(string NodeId, string Host, int Port)
{
    private const int HostCharactersMax = 253;

    /// <summary>Reads <c>host:port</c> or <c>[ipv6]:port</c>; null for anything else.</summary>
    public static HolderAddress? Parse(string nodeId, string text)
    {
        int colon = text.LastIndexOf(':');
        string host = colon > 0 ? text[..colon].Trim('[', ']') : "";
        return host.Length is > 0 and <= HostCharactersMax && !host.Any(char.IsWhiteSpace)
            && ushort.TryParse(
                text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out ushort port) && port > 0
                ? new HolderAddress(nodeId, host, port)
                : null;
    }

    /// <summary>The address that is connected to.</summary>
    public EndPoint ToEndPoint() =>
        IPAddress.TryParse(Host, out IPAddress? address) ? new IPEndPoint(address, Port) : new DnsEndPoint(Host, Port);

    /// <inheritdoc/>
    public override string ToString() => Host.Contains(':', StringComparison.Ordinal)
        ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
}
