using Camelid.Chain.Peers.Host;
using Camelid.Protocol.Peers;

namespace Camelid.Chain.Peers.Rpc;

/// <summary>What an operator asks and does about peers; the same for gRPC and for the JSON routes.</summary>
internal sealed class PeerControl(PeerHosting hosting)
{
    /// <summary>The longest ban: a year.</summary>
    public static readonly TimeSpan BanMax = TimeSpan.FromDays(365);

    /// <summary>A ban of no stated length.</summary>
    public static readonly TimeSpan BanDefault = TimeSpan.FromDays(1);

    /// <summary>This node's name.</summary>
    public NodeId NodeId => hosting.NodeId;

    /// <summary>Where it listens.</summary>
    public IReadOnlyList<string> Listening => [.. hosting.EndPoints.Select(endPoint => endPoint.ToString())];

    /// <summary>The connections.</summary>
    public Task<IReadOnlyList<PeerInfo>> ListAsync() => hosting.AskAsync(engine => engine.View.List());

    /// <summary>The hosts that are not spoken to.</summary>
    public Task<IReadOnlyList<BannedHost>> BannedAsync() => hosting.AskAsync(engine => engine.View.Banned());

    /// <summary>Connects to a node, and again whenever the connection ends.</summary>
    /// <returns>Null where the name leads nowhere; false where there are too many.</returns>
    public async Task<bool?> ConnectAsync(string name, CancellationToken cancellationToken)
    {
        PeerAddress? address = await PeerNames.FindAsync(name, cancellationToken);
        return address is null ? null : await hosting.AskAsync(engine => engine.Operator.Connect(name, address));
    }

    /// <summary>Ends connections, and does not open them again.</summary>
    /// <param name="number">The number of one, or null.</param>
    /// <param name="address">Where the others are, or null.</param>
    /// <returns>How many were ended.</returns>
    public Task<int> DisconnectAsync(long? number, PeerAddress? address) =>
        hosting.AskAsync(engine => engine.Operator.Disconnect(number, address));

    /// <summary>Speaks to a host no more.</summary>
    public Task<bool> BanAsync(PeerHost host, TimeSpan time) => hosting.AskAsync(engine =>
    {
        engine.Operator.Ban(host, time);
        return true;
    });

    /// <summary>Speaks to a host again.</summary>
    /// <returns>False where it was not banned.</returns>
    public Task<bool> UnbanAsync(PeerHost host) => hosting.AskAsync(engine => engine.Operator.Unban(host));

    /// <summary>Reads a host: an IP address, without a port.</summary>
    public static bool TryReadHost(string text, out PeerHost host)
    {
        bool good = System.Net.IPAddress.TryParse(text, out System.Net.IPAddress? ip);
        PeerAddress? address = good ? PeerAddress.FromEndPoint(new System.Net.IPEndPoint(ip!, 1)) : null;
        host = address is { } found ? PeerHost.Of(found) : default;
        return address is not null;
    }

    /// <summary>What a kind of connection is called outside.</summary>
    public static string NameOf(PeerKind kind) => kind switch
    {
        PeerKind.Inbound => "inbound",
        PeerKind.Full => "full",
        PeerKind.BlocksOnly => "blocks-only",
        PeerKind.Manual => "manual",
        PeerKind.Feeler => "feeler",
        _ => "seed",
    };
}
