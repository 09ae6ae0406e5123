using System.Net;
using Camelid.Chain.Blocks;
using Camelid.Chain.Peers.Host;
using Camelid.Chain.Signing;
using Camelid.Protocol;
using Camelid.Protocol.Market;
using Camelid.Protocol.Peers;
using Google.Protobuf;
using Wire = Camelid.Contracts.Chain.V1;

namespace Camelid.Chain.Market;

/// <summary>Requests about the market become values here, once.</summary>
internal static class MarketMapping
{
    /// <summary>What a request says of a service; the rest is filled in where it is signed.</summary>
    public static ServiceAnnouncement ServiceOf(Wire.AnnounceServiceRequest request) => new()
    {
        Genesis = default,
        Created = 0,
        Role = RoleOf(request.Role) is var role and not ServiceRole.Unset
            ? role
            : throw SignerParts.Bad("role: worker or verifier"),
        Node = default,
        StakeKey = default,
        Stake = default,
        Models = ServiceAnnouncement.InOrder(request.Models.Select(model => new ServedModel(
            HashOf("models.model_root", model.ModelRoot), model.PriceGrains,
            HashOf("models.numerics_class", model.NumericsClass)))),
        Slots = request.Slots,
        SlotsBusy = request.SlotsBusy,
        Queue = request.Queue,
        LifetimeSeconds = request.LifetimeSeconds,
    };

    /// <summary>What a request says of models that are held.</summary>
    public static HoldingAnnouncement HoldingOf(Wire.AnnounceModelsRequest request, PeerAddress chunks) => new()
    {
        Genesis = default,
        Created = 0,
        NodeKey = default,
        ChunkAddress = chunks,
        Models =
        [
            .. request.Models.Select(model => new HeldModel(
                HashOf("models.model_root", model.ModelRoot), model.Name, model.BytesCount,
                model.ParentRoot.IsEmpty ? default : HashOf("models.parent_root", model.ParentRoot)))
                .OrderBy(model => model.ModelRoot),
        ],
        LifetimeSeconds = request.LifetimeSeconds,
    };

    /// <summary>Where chunks are: at the stated host, else where peers are told this node is.</summary>
    public static PeerAddress ChunksOf(Wire.AnnounceModelsRequest request, PeerHosting hosting, ChainState state)
    {
        if (request.ChunkPort is 0 or > ushort.MaxValue)
        {
            throw SignerParts.Bad($"chunk_port: {request.ChunkPort}, not 1 … 65,535");
        }

        ushort port = (ushort)request.ChunkPort;
        PeerAddress? address = request.ChunkHost.Length == 0
            ? hosting.PublicAddress?.WithPort(port) ?? (state.Network.HasFixedDifficulty
                ? PeerAddress.FromEndPoint(new IPEndPoint(IPAddress.Loopback, port))
                : null)
            : IPAddress.TryParse(request.ChunkHost, out IPAddress? host)
                ? PeerAddress.FromEndPoint(new IPEndPoint(host, port))
                : null;
        return address ?? throw SignerParts.Bad(
            $"chunk_host: '{request.ChunkHost}' is no IP address; say one, or set Chain:PublicAddress");
    }

    /// <summary>A role; <c>Unset</c> where none is named.</summary>
    public static ServiceRole RoleOf(Wire.ServiceRole role) => role switch
    {
        Wire.ServiceRole.Unspecified => ServiceRole.Unset,
        Wire.ServiceRole.Worker => ServiceRole.Worker,
        Wire.ServiceRole.Verifier => ServiceRole.Verifier,
        _ => throw SignerParts.Bad("role: worker or verifier"),
    };

    /// <summary>A model's root; null where none is named.</summary>
    public static Hash256? RootOf(ByteString bytes) => bytes.IsEmpty ? null : HashOf("model_root", bytes);

    /// <summary>A node's name.</summary>
    public static NodeId NodeIdOf(ByteString bytes)
    {
        NodeId id = bytes.Length == NodeId.Bytes ? new NodeId(Hash160.FromBytes(bytes.Span)) : default;
        return id.IsNone ? throw SignerParts.Bad($"receiver: a node's name has {NodeId.Bytes} bytes") : id;
    }

    /// <summary>The kind of a message.</summary>
    public static byte KindOf(uint kind) => kind is >= 1 and <= byte.MaxValue
        ? (byte)kind
        : throw SignerParts.Bad($"kind: {kind}, not 1 … 255");

    private static Hash256 HashOf(string field, ByteString bytes) => bytes.Length == Hash256.Bytes
        ? Hash256.FromBytes(bytes.Span)
        : throw SignerParts.Bad($"{field}: {bytes.Length} bytes, not {Hash256.Bytes}");
}
