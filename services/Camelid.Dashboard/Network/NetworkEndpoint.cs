using Camelid.Dashboard.Live;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Camelid.Dashboard.Network;

/// <summary><c>/network</c>: who is there, what do they offer, and at what price.</summary>
internal static class NetworkEndpoint
{
    /// <summary>Maps the page and its events.</summary>
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/network", async (NetworkFeed feed, CancellationToken cancellationToken) =>
            new RazorComponentResult<NetworkPage>(new Dictionary<string, object?>
            {
                [nameof(NetworkPage.Snapshot)] = await feed.GetAsync(cancellationToken),
            }));
        routes.MapGet("/live/network",
            (HttpContext context, LiveStream stream, NetworkFeed feed, FragmentRenderer renderer) =>
                stream.ServeAsync(context, token => RenderAsync(feed, renderer, token)));
    }

    private static async Task<IReadOnlyList<PanelUpdate>> RenderAsync(
        NetworkFeed feed, FragmentRenderer renderer, CancellationToken cancellationToken)
    {
        NetworkSnapshot snapshot = await feed.GetAsync(cancellationToken);
        return
        [
            new("workers", await renderer.RenderAsync<OfferedWorkPanel>(
                nameof(OfferedWorkPanel.State), snapshot.Workers)),
            new("verifiers", await renderer.RenderAsync<VerifiersPanel>(
                nameof(VerifiersPanel.State), snapshot.Verifiers)),
            new("offers", await renderer.RenderAsync<OffersPanel>(nameof(OffersPanel.State), snapshot.Offers)),
            new("holdings", await renderer.RenderAsync<HoldingsPanel>(nameof(HoldingsPanel.State), snapshot.Holdings)),
            new("peers", await renderer.RenderAsync<PeersPanel>(nameof(PeersPanel.State), snapshot.Peers)),
        ];
    }
}
