using Camelid.Chain.Blocks;
using Camelid.Chain.Peers.Host;
using Camelid.Chain.Peers.Market;
using Camelid.Protocol;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Market;
using Google.Protobuf;
using Wire = Camelid.Contracts.Chain.V1;

namespace Camelid.Chain.Market;

/// <summary>What is known of the market, as messages: the same for gRPC and for the JSON route.</summary>
internal sealed class MarketReader(PeerHosting hosting, ChainState state)
{
    /// <summary>Most offers in one answer.</summary>
    public const int OffersMax = 10_000;

    /// <summary>Offers in an answer where no number is asked for.</summary>
    public const int OffersDefault = 200;

    /// <summary>Services, the highest stake first.</summary>
    /// <param name="role">Which; <c>Unset</c> for both.</param>
    /// <param name="modelRoot">Those that serve it; null for all.</param>
    public async Task<IReadOnlyList<Wire.ServiceDetails>> ServicesAsync(ServiceRole role, Hash256? modelRoot)
    {
        MarketEntry[] entries = await hosting.AskAsync(engine => engine.Market.Table.Services.ToArray());
        return
        [
            .. entries.OrderByDescending(entry => entry.Weight).ThenBy(entry => entry.Id)
                .Select(entry => (Entry: entry, Service: (ServiceAnnouncement)entry.Item))
                .Where(pair => (role == ServiceRole.Unset || pair.Service.Role == role)
                    && (modelRoot is not { } root || pair.Service.Models.Any(model => model.ModelRoot == root)))
                .Select(pair => Details(pair.Service, pair.Entry.Stake)),
        ];
    }

    /// <summary>Who serves chunks of a model, or of any.</summary>
    public async Task<IReadOnlyList<Wire.HoldingDetails>> HoldingsAsync(Hash256? modelRoot)
    {
        MarketEntry[] entries = await hosting.AskAsync(engine => engine.Market.Table.Holdings.ToArray());
        return
        [
            .. entries.OrderBy(entry => entry.Id).Select(entry => (HoldingAnnouncement)entry.Item)
                .Where(holding => modelRoot is not { } root || holding.Models.Any(model => model.ModelRoot == root))
                .Select(Details),
        ];
    }

    /// <summary>Offers, the highest fee first.</summary>
    public async Task<IReadOnlyList<Wire.OfferDetails>> OffersAsync(int limit)
    {
        MarketEntry[] entries = await hosting.AskAsync(
            engine => engine.Market.Table.Offers.Reverse().Take(limit).ToArray());
        return [.. entries.Select(entry => Details((JobOffer)entry.Item))];
    }

    private Wire.ServiceDetails Details(ServiceAnnouncement service, MarketStake stake)
    {
        KeyRole role = service.Role == ServiceRole.Worker ? KeyRole.Worker : KeyRole.Verifier;
        Wire.ServiceDetails details = new()
        {
            Role = (Wire.ServiceRole)service.Role,
            NodeId = ByteString.CopyFrom(service.Node.Value.ToBytes()),
            PublicKey = ByteString.CopyFrom(service.StakeKey.Span),
            StakeId = ByteString.CopyFrom(
                [.. service.Stake.Txid.ToBytes(), .. BitConverter.GetBytes(service.Stake.Index)]),
            StakeGrains = stake.Value.Grains,
            StakeBlockTimeUnix = stake.BlockTime,
            Slots = service.Slots,
            SlotsBusy = service.SlotsBusy,
            Queue = service.Queue,
            AnnouncedUnix = service.Created,
            ExpiresUnix = service.Expires,
            Own = IsOwn(role, service.StakeKey),
        };
        details.Models.AddRange(service.Models.Select(model => new Wire.ServedModel
        {
            ModelRoot = Bytes(model.ModelRoot),
            PriceGrains = model.PriceGrains,
            NumericsClass = Bytes(model.NumericsClass),
        }));
        return details;
    }

    private Wire.HoldingDetails Details(HoldingAnnouncement holding)
    {
        Wire.HoldingDetails details = new()
        {
            NodeId = ByteString.CopyFrom(holding.Node.Value.ToBytes()),
            ChunkAddress = holding.ChunkAddress.ToString(),
            AnnouncedUnix = holding.Created,
            ExpiresUnix = holding.Expires,
            Own = holding.NodeKey == hosting.Identity.PublicKey,
        };
        details.Models.AddRange(holding.Models.Select(model => new Wire.HeldModel
        {
            ModelRoot = Bytes(model.ModelRoot),
            Name = model.Name,
            BytesCount = model.BytesCount,
            ParentRoot = model.ParentRoot.IsZero ? ByteString.Empty : Bytes(model.ParentRoot),
        }));
        return details;
    }

    private Wire.OfferDetails Details(JobOffer offer) => new()
    {
        JobId = Bytes(offer.JobId.Value),
        ClientKey = ByteString.CopyFrom(offer.ClientKey.Span),
        ClientNodeId = ByteString.CopyFrom(offer.ClientNode.Value.ToBytes()),
        ModelRoot = Bytes(offer.ModelRoot),
        PromptTokens = offer.PromptTokens,
        MaxTokens = offer.MaxTokens,
        PriceGrainsPerToken = offer.PriceGrainsPerToken,
        FeeGrains = offer.FeeGrains,
        CreatedUnix = offer.Created,
        DeadlineUnix = offer.Deadline,
        OfferTxid = Bytes(offer.OfferTxid),
        Own = IsOwn(KeyRole.Client, offer.ClientKey),
    };

    private bool IsOwn(KeyRole role, PublicKey key) => state.Keys.Exists && state.Keys[role].Public == key;

    private static ByteString Bytes(Hash256 hash) => ByteString.CopyFrom(hash.ToBytes());
}
