using Camelid.Dashboard.Live;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Camelid.Dashboard.Overview;

/// <summary><c>/</c>: is my node working, and if not why.</summary>
internal static class OverviewEndpoint
{
    /// <summary>Maps the page and its events.</summary>
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/", async (OverviewFeed feed, CancellationToken cancellationToken) =>
            new RazorComponentResult<OverviewPage>(new Dictionary<string, object?>
            {
                [nameof(OverviewPage.Snapshot)] = await feed.GetAsync(cancellationToken),
            }));
        routes.MapGet("/live/overview",
            (HttpContext context, LiveStream stream, OverviewFeed feed, FragmentRenderer renderer) =>
                stream.ServeAsync(context, token => RenderAsync(feed, renderer, token)));
    }

    private static async Task<IReadOnlyList<PanelUpdate>> RenderAsync(
        OverviewFeed feed, FragmentRenderer renderer, CancellationToken cancellationToken)
    {
        OverviewSnapshot snapshot = await feed.GetAsync(cancellationToken);
        return
        [
            new("node", await renderer.RenderAsync<NodePanel>(nameof(NodePanel.Snapshot), snapshot)),
            new("chain", await renderer.RenderAsync<ChainPanel>(nameof(ChainPanel.State), snapshot.Chain)),
            new("workers", await renderer.RenderAsync<WorkersPanel>(nameof(WorkersPanel.State), snapshot.Readiness)),
            new("verification", snapshot.Roles.IsVerifier
                ? await renderer.RenderAsync<VerificationPanel>(nameof(VerificationPanel.State), snapshot.Verification)
                : await renderer.RenderAsync<NoVerifierPanel>(nameof(NoVerifierPanel.Roles), snapshot.Roles)),
            new("jobs", await renderer.RenderAsync<JobsPanel>(nameof(JobsPanel.State), snapshot.Jobs)),
            new("money", await renderer.RenderAsync<MoneyPanel>(nameof(MoneyPanel.State), snapshot.Money)),
            new("models", await renderer.RenderAsync<ModelsPanel>(nameof(ModelsPanel.State), snapshot.Models)),
        ];
    }
}
