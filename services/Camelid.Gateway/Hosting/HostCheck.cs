using System.Net;

namespace Camelid.Gateway.Hosting;

/// <summary>
/// A loopback listener answers only to loopback names: otherwise a hostile page could point its own name at 127.0.0.1
/// (DNS rebinding) and read the node through a person's browser.
/// </summary>
internal static class HostCheck
{
    /// <summary>True where a request may be answered.</summary>
    /// <param name="local">Address it came in at; null for a Unix socket.</param>
    /// <param name="host">Its Host header without the port.</param>
    /// <param name="accepted">Further names that are accepted.</param>
    public static bool Accepts(IPAddress? local, string host, IEnumerable<string> accepted)
    {
        if (local is null || !IPAddress.IsLoopback(local))
        {
            return true;
        }

        string name = host.Trim('[', ']');
        return name.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(name, out IPAddress? address) && IPAddress.IsLoopback(address))
            || accepted.Contains(host, StringComparer.OrdinalIgnoreCase);
    }
}
