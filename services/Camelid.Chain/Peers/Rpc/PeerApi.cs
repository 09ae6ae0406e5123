using System.Globalization;
using Camelid.Protocol.Peers;

namespace Camelid.Chain.Peers.Rpc;

/// <summary>The operator's JSON routes below <c>/api/chain/peers</c>.</summary>
internal static class PeerApi
{
    private const int HoursMax = 8_760;

    public static void Map(IEndpointRouteBuilder app)
    {
        RouteGroupBuilder peers = app.MapGroup("/api/chain/peers");
        peers.MapGet("/", ListAsync);
        peers.MapGet("/banned", async (PeerControl control) => (await control.BannedAsync()).Select(banned => new
        {
            host = banned.Host.ToString(),
            leftSeconds = (long)banned.Left.TotalSeconds,
            byOperator = banned.IsByOperator,
        }));
        peers.MapPost("/connect", ConnectAsync);
        peers.MapPost("/disconnect", DisconnectAsync);
        peers.MapPost("/ban", BanAsync);
        peers.MapPost("/unban", UnbanAsync);
    }

    private static async Task<object> ListAsync(PeerControl control) => new
    {
        nodeId = control.NodeId.ToString(),
        listening = control.Listening,
        peers = (await control.ListAsync()).Select(peer => new
        {
            peer.Number,
            address = peer.Address.ToString(),
            kind = PeerControl.NameOf(peer.Kind),
            ready = peer.Stage == PeerStage.Ready,
            nodeId = peer.Node.ToString(),
            peer.IsEncrypted,
            peer.UserAgent,
            peer.Height,
            ageSeconds = (long)peer.Age.TotalSeconds,
            pingMilliseconds = Math.Round(peer.Ping.TotalMilliseconds, 1),
            peer.ClockOffsetSeconds,
            peer.ReceivedBytes,
            peer.SentBytes,
            peer.BlocksInFlight,
            peer.Score,
        }),
    };

    private static async Task<IResult> ConnectAsync(
        PeerControl control, string address, CancellationToken cancellation) =>
        await control.ConnectAsync(address, cancellation) switch
        {
            null => Bad($"address: '{address}' is no host and port that can be found"),
            false => Results.Problem("too many nodes are named", statusCode: StatusCodes.Status409Conflict),
            _ => Done($"connecting to {address}"),
        };

    private static async Task<IResult> DisconnectAsync(PeerControl control, string peer)
    {
        bool isNumber = long.TryParse(peer, NumberStyles.None, CultureInfo.InvariantCulture, out long number);
        PeerAddress address = default;
        if (!isNumber && !PeerAddress.TryParse(peer, out address))
        {
            return Bad($"peer: '{peer}' is neither the number of a connection nor an address");
        }

        int count = await control.DisconnectAsync(isNumber ? number : null, isNumber ? null : address);
        return count > 0 ? Done($"disconnected {peer}") : Missing($"no connection '{peer}'");
    }

    private static async Task<IResult> BanAsync(PeerControl control, string host, int? hours)
    {
        if (!PeerControl.TryReadHost(host, out PeerHost found) || hours is < 1 or > HoursMax)
        {
            return Bad($"host: an IP address; hours: 1 … {HoursMax}");
        }

        await control.BanAsync(found, hours is { } stated ? TimeSpan.FromHours(stated) : PeerControl.BanDefault);
        return Done($"banned {host}");
    }

    private static async Task<IResult> UnbanAsync(PeerControl control, string host)
    {
        if (!PeerControl.TryReadHost(host, out PeerHost found))
        {
            return Bad($"host: '{host}' is no IP address");
        }

        return await control.UnbanAsync(found) ? Done($"unbanned {host}") : Missing($"'{host}' is not banned");
    }

    private static IResult Done(string text) => Results.Ok(new { done = text });

    private static IResult Bad(string text) =>
        Results.Problem(text, statusCode: StatusCodes.Status400BadRequest);

    private static IResult Missing(string text) =>
        Results.Problem(text, statusCode: StatusCodes.Status404NotFound);
}
