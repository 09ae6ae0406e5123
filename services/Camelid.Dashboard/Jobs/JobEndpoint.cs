using Camelid.Contracts.JobPool.V1;
using Camelid.Dashboard.Live;
using Camelid.Dashboard.Panels;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Camelid.Dashboard.Jobs;

/// <summary><c>/jobs/{id}</c>: where is my job, and where is my money.</summary>
internal static class JobEndpoint
{
    /// <summary>Maps the page and its events.</summary>
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/jobs/{id}", PageAsync);
        routes.MapGet("/live/jobs/{id}", LiveAsync);
    }

    private static async Task<IResult> PageAsync(string id, JobFeed feed, CancellationToken cancellationToken)
    {
        PanelState<JobDetails>? state = feed.Find(id) is { } source ? await source.GetAsync(cancellationToken) : null;
        return state is null || JobFeed.IsUnknown(state)
            ? new RazorComponentResult<NoJobPage>(new Dictionary<string, object?> { [nameof(NoJobPage.JobId)] = id })
            {
                StatusCode = StatusCodes.Status404NotFound,
            }
            : new RazorComponentResult<JobPage>(new Dictionary<string, object?>
            {
                [nameof(JobPage.JobId)] = id.ToLowerInvariant(),
                [nameof(JobPage.State)] = state,
            });
    }

    private static async Task LiveAsync(
        string id, HttpContext context, LiveStream stream, JobFeed feed, FragmentRenderer renderer)
    {
        if (feed.Find(id) is not { } source)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        await stream.ServeAsync(context, async token =>
        {
            PanelState<JobDetails> state = await source.GetAsync(token);
            return
            [
                new("stages", await renderer.RenderAsync<StagesPanel>(nameof(StagesPanel.State), state)),
                new("whose", await renderer.RenderAsync<MoneyPanel>(nameof(MoneyPanel.State), state)),
                new("facts", await renderer.RenderAsync<FactsPanel>(nameof(FactsPanel.State), state)),
                new("changes", await renderer.RenderAsync<ChangesPanel>(nameof(ChangesPanel.State), state)),
            ];
        });
    }
}
