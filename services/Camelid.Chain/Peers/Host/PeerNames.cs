using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Camelid.Protocol.Peers;

namespace Camelid.Chain.Peers.Host;

/// <summary>Finds the address of <c>host:port</c>. Names are asked of the system, and again after a while.</summary>
internal static class PeerNames
{
    /// <summary>True for the form <c>host:port</c>, whatever the host.</summary>
    public static bool IsName(string text) => TrySplit(text, out string _, out ushort _);

    /// <summary>The first address of a name; null where it leads nowhere at present.</summary>
    public static async Task<PeerAddress?> FindAsync(string name, CancellationToken cancellationToken)
    {
        if (PeerAddress.TryParse(name, out PeerAddress literal))
        {
            return literal;
        }

        if (!TrySplit(name, out string host, out ushort port))
        {
            return null;
        }

        try
        {
            foreach (IPAddress address in await Dns.GetHostAddressesAsync(host, cancellationToken))
            {
                if (PeerAddress.FromEndPoint(new IPEndPoint(address, port)) is { } found)
                {
                    return found;
                }
            }
        }
        catch (Exception exception) when (exception is SocketException or ArgumentException)
        {
            // It may lead somewhere later: a name is asked again.
        }

        return null;
    }

    private static bool TrySplit(string text, out string host, out ushort port)
    {
        int colon = text.LastIndexOf(':');
        host = colon > 0 ? text[..colon] : "";
        port = 0;
        return host.Length is > 0 and <= 253
            && ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out port)
            && port > 0;
    }
}
