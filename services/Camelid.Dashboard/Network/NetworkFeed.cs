using Camelid.Contracts.Chain.V1;
using Camelid.Dashboard.Panels;

namespace Camelid.Dashboard.Network;

/// <summary>All panels of the network page at one moment.</summary>
public sealed record NetworkSnapshot
{
    /// <summary>The nodes that this one is connected to.</summary>
    public required PanelState<ListPeersReply> Peers { get; init; }

    /// <summary>Workers that announced themselves.</summary>
    public required PanelState<ListServicesReply> Workers { get; init; }

    /// <summary>Verifiers that announced themselves.</summary>
    public required PanelState<ListServicesReply> Verifiers { get; init; }

    /// <summary>Jobs that are offered.</summary>
    public required PanelState<ListOffersReply> Offers { get; init; }

    /// <summary>Who serves chunks of which models.</summary>
    public required PanelState<ListHoldingsReply> Holdings { get; init; }
}

/// <summary>Asks Chain who is there, what they offer and what they hold.</summary>
internal sealed class NetworkFeed(PeerRpc.PeerRpcClient peerRpc, MarketRpc.MarketRpcClient market, TimeProvider time)
{
    private const string Service = "Chain";
    private const int OffersShown = 50;

    private readonly PanelSource<ListPeersReply> peers = new(
        Service, call => peerRpc.ListPeersAsync(new ListPeersRequest(), call).ResponseAsync, time);

    private readonly PanelSource<ListServicesReply> workers = ServicesOf(ServiceRole.Worker, market, time);

    private readonly PanelSource<ListServicesReply> verifiers = ServicesOf(ServiceRole.Verifier, market, time);

    private readonly PanelSource<ListOffersReply> offers = new(
        Service, call => market.ListOffersAsync(new ListOffersRequest { Limit = OffersShown }, call).ResponseAsync,
        time);

    private readonly PanelSource<ListHoldingsReply> holdings = new(
        Service, call => market.ListHoldingsAsync(new ListHoldingsRequest(), call).ResponseAsync, time);

    /// <summary>All panels, asked side by side.</summary>
    public async Task<NetworkSnapshot> GetAsync(CancellationToken cancellationToken)
    {
        Task<PanelState<ListPeersReply>> peersNow = peers.GetAsync(cancellationToken);
        Task<PanelState<ListServicesReply>> workersNow = workers.GetAsync(cancellationToken);
        Task<PanelState<ListServicesReply>> verifiersNow = verifiers.GetAsync(cancellationToken);
        Task<PanelState<ListOffersReply>> offersNow = offers.GetAsync(cancellationToken);
        return new NetworkSnapshot
        {
            Holdings = await holdings.GetAsync(cancellationToken),
            Peers = await peersNow,
            Workers = await workersNow,
            Verifiers = await verifiersNow,
            Offers = await offersNow,
        };
    }

    private static PanelSource<ListServicesReply> ServicesOf(
        ServiceRole role, MarketRpc.MarketRpcClient market, TimeProvider time) => new(
            Service, call => market.ListServicesAsync(new ListServicesRequest { Role = role }, call).ResponseAsync,
            time);
}
