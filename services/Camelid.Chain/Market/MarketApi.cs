using Camelid.Contracts.Chain.V1;
using Google.Protobuf;

namespace Camelid.Chain.Market;

/// <summary>The operator's JSON route <c>/api/chain/market</c>. Keys and hashes are shown in byte order.</summary>
internal static class MarketApi
{
    public static void Map(IEndpointRouteBuilder app) => app.MapGet("/api/chain/market", ShowAsync);

    private static async Task<object> ShowAsync(MarketReader reader) => new
    {
        services = (await reader.ServicesAsync(Protocol.Market.ServiceRole.Unset, null)).Select(ServiceOf),
        holdings = (await reader.HoldingsAsync(null)).Select(HoldingOf),
        offers = (await reader.OffersAsync(MarketReader.OffersDefault)).Select(OfferOf),
    };

    private static object ServiceOf(ServiceDetails service) => new
    {
        role = service.Role == ServiceRole.Worker ? "worker" : "verifier",
        nodeId = Hex(service.NodeId),
        publicKey = Hex(service.PublicKey),
        stakeId = Hex(service.StakeId),
        stakeGrains = Grains((ulong)service.StakeGrains),
        stakeBlockTime = service.StakeBlockTimeUnix,
        models = service.Models.Select(model => new
        {
            modelRoot = Hex(model.ModelRoot),
            priceGrains = Grains(model.PriceGrains),
            numericsClass = Hex(model.NumericsClass),
        }),
        service.Slots,
        service.SlotsBusy,
        service.Queue,
        announced = service.AnnouncedUnix,
        expires = service.ExpiresUnix,
        service.Own,
    };

    private static object HoldingOf(HoldingDetails holding) => new
    {
        nodeId = Hex(holding.NodeId),
        holding.ChunkAddress,
        models = holding.Models.Select(model => new
        {
            modelRoot = Hex(model.ModelRoot),
            model.Name,
            bytes = model.BytesCount,
            parentRoot = Hex(model.ParentRoot),
        }),
        announced = holding.AnnouncedUnix,
        expires = holding.ExpiresUnix,
        holding.Own,
    };

    private static object OfferOf(OfferDetails offer) => new
    {
        jobId = Hex(offer.JobId),
        clientKey = Hex(offer.ClientKey),
        clientNodeId = Hex(offer.ClientNodeId),
        modelRoot = Hex(offer.ModelRoot),
        offer.PromptTokens,
        offer.MaxTokens,
        priceGrainsPerToken = Grains(offer.PriceGrainsPerToken),
        feeGrains = Grains(offer.FeeGrains),
        created = offer.CreatedUnix,
        deadline = offer.DeadlineUnix,
        offerTxid = Hex(offer.OfferTxid),
        offer.Own,
    };

    private static string Hex(ByteString bytes) => Convert.ToHexStringLower(bytes.Span);

    private static string Grains(ulong grains) => FormattableString.Invariant($"{grains}");
}
