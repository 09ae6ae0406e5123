using Camelid.Contracts.Chain.V1;
using Camelid.Protocol.Peers;
using Google.Protobuf;
using Grpc.Core;

namespace Camelid.Chain.Peers.Rpc;

/// <summary>The operator's gRPC door to the node's peers.</summary>
internal sealed class PeerService(PeerControl control) : PeerRpc.PeerRpcBase
{
    /// <inheritdoc/>
    public override async Task<ListPeersReply> ListPeers(ListPeersRequest request, ServerCallContext context)
    {
        ListPeersReply reply = new() { NodeId = Bytes(control.NodeId) };
        reply.Listening.AddRange(control.Listening);
        reply.Peers.AddRange((await control.ListAsync()).Select(DetailsOf));
        return reply;
    }

    /// <inheritdoc/>
    public override async Task<AddPeerReply> AddPeer(AddPeerRequest request, ServerCallContext context) =>
        await control.ConnectAsync(request.Address, context.CancellationToken) switch
        {
            null => throw Bad($"address: '{request.Address}' is no host and port that can be found"),
            false => throw new RpcException(new Status(StatusCode.ResourceExhausted, "too many nodes are named")),
            _ => new AddPeerReply(),
        };

    /// <inheritdoc/>
    public override async Task<DisconnectPeerReply> DisconnectPeer(
        DisconnectPeerRequest request, ServerCallContext context)
    {
        PeerAddress address = default;
        bool byAddress = request.PeerCase == DisconnectPeerRequest.PeerOneofCase.Address;
        if (request.PeerCase == DisconnectPeerRequest.PeerOneofCase.None
            || (byAddress && !PeerAddress.TryParse(request.Address, out address)))
        {
            throw Bad("peer: give its number or its address");
        }

        int count = await control.DisconnectAsync(
            byAddress ? null : request.Number, byAddress ? address : null);
        return count > 0
            ? new DisconnectPeerReply { Count = count }
            : throw new RpcException(new Status(StatusCode.NotFound, "no such connection"));
    }

    /// <inheritdoc/>
    public override async Task<ListBannedReply> ListBanned(ListBannedRequest request, ServerCallContext context)
    {
        ListBannedReply reply = new();
        reply.Hosts.AddRange((await control.BannedAsync()).Select(banned => new Contracts.Chain.V1.BannedHost
        {
            Host = banned.Host.ToString(),
            LeftSeconds = (long)banned.Left.TotalSeconds,
            ByOperator = banned.IsByOperator,
        }));
        return reply;
    }

    /// <inheritdoc/>
    public override async Task<BanReply> Ban(BanRequest request, ServerCallContext context)
    {
        if (request.Seconds < 0 || request.Seconds > PeerControl.BanMax.TotalSeconds)
        {
            throw Bad("seconds: 0 … 31,536,000");
        }

        await control.BanAsync(
            HostOf(request.Host),
            request.Seconds == 0 ? PeerControl.BanDefault : TimeSpan.FromSeconds(request.Seconds));
        return new BanReply();
    }

    /// <inheritdoc/>
    public override async Task<UnbanReply> Unban(UnbanRequest request, ServerCallContext context) =>
        await control.UnbanAsync(HostOf(request.Host))
            ? new UnbanReply()
            : throw new RpcException(new Status(StatusCode.NotFound, "the host is not banned"));

    private static PeerDetails DetailsOf(PeerInfo peer) => new()
    {
        Number = peer.Number,
        Address = peer.Address.ToString(),
        Kind = PeerControl.NameOf(peer.Kind),
        Ready = peer.Stage == PeerStage.Ready,
        NodeId = Bytes(peer.Node),
        UserAgent = peer.UserAgent,
        Height = peer.Height,
        AgeSeconds = (long)peer.Age.TotalSeconds,
        PingMicroseconds = (long)peer.Ping.TotalMicroseconds,
        ClockOffsetSeconds = peer.ClockOffsetSeconds,
        ReceivedBytes = peer.ReceivedBytes,
        SentBytes = peer.SentBytes,
        BlocksInFlight = peer.BlocksInFlight,
        Score = peer.Score,
        Encrypted = peer.IsEncrypted,
    };

    private static ByteString Bytes(NodeId node) => ByteString.CopyFrom(node.Value.ToBytes());

    private static PeerHost HostOf(string text) => PeerControl.TryReadHost(text, out PeerHost host)
        ? host
        : throw Bad($"host: '{text}' is no IP address");

    private static RpcException Bad(string message) => new(new Status(StatusCode.InvalidArgument, message));
}
