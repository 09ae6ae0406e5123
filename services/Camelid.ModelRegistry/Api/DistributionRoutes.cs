using Camelid.ModelRegistry.Catalog;
using Camelid.ModelRegistry.Distribution;
using Camelid.ModelRegistry.Distribution.Pulls;
using Camelid.ModelRegistry.Distribution.Serving;
using Camelid.Protocol;
using Camelid.Protocol.Models.Chunks;

namespace Camelid.ModelRegistry.Api;

/// <summary>
/// <c>/api/models/{pull,pulls,announced}</c>, <c>POST /api/models/{root}/publish</c>, <c>DELETE /api/models/{root}</c>.
/// </summary>
internal static class DistributionRoutes
{
    public static void MapDistribution(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/models/announced", (ModelCatalog catalog, ModelNetwork network, CancellationToken cancel) =>
            AnswerAsync(async () => Results.Ok(await AnnouncedAsync(catalog, network, cancel))));
        routes.MapPost("/api/models/pull", (PullBody body, ModelNetwork network, CancellationToken cancel) =>
            AnswerAsync(async () => Results.Ok(Describe(await network.PullAsync(body.Model, cancel)))));
        routes.MapGet("/api/models/pulls", (ModelNetwork network) => network.Pulls.All.Select(Describe));
        routes.MapGet("/api/models/pulls/{root}", (string root, ModelNetwork network) =>
            Hash256.TryParse(root, out Hash256 parsed) && network.Pulls.Find(parsed) is { } pull
                ? Results.Ok(Describe(pull))
                : Results.Problem($"model '{root}' was not pulled", statusCode: StatusCodes.Status404NotFound));
        routes.MapPost("/api/models/{model}/publish", (
            string model, ModelCatalog catalog, ModelNetwork network, CancellationToken cancel) =>
            AnswerAsync(async () => Results.Ok(ModelDescription.Of(
                await network.PublishAsync(model, cancel), catalog,
                await ModelSurroundings.LookAsync(network, cancel)))));
        routes.MapDelete("/api/models/{model}", (
            string model, ModelNetwork network, ChunkShelf shelf, CancellationToken cancel) =>
            AnswerAsync(async () => Results.Ok(new
            {
                root = (await network.RemoveAsync(model, shelf, cancel)).ToString(), removed = true,
            })));
    }

    private static async Task<IResult> AnswerAsync(Func<Task<IResult>> answer)
    {
        try
        {
            return await answer();
        }
        catch (PullException refusal)
        {
            return Results.Problem(
                refusal.Message, statusCode: StatusOf(refusal.Reason),
                extensions: new Dictionary<string, object?> { ["code"] = refusal.Reason });
        }
    }

    private static int StatusOf(string reason) => reason switch
    {
        "unknown-model" => StatusCodes.Status404NotFound,
        "pulls-full" => StatusCodes.Status429TooManyRequests,
        "no-market" or "model-damaged" => StatusCodes.Status503ServiceUnavailable,
        _ => StatusCodes.Status409Conflict,
    };

    private static async Task<object> AnnouncedAsync(
        ModelCatalog catalog, ModelNetwork network, CancellationToken cancellation)
    {
        IReadOnlyList<KnownModel> announced = await network.AnnouncedAsync(cancellation);
        IReadOnlyDictionary<Hash256, long> settled = await network.PopularityAsync(cancellation);
        return announced.Select(known => new
        {
            root = known.Model.Root.ToString(),
            name = known.Model.Name,
            bytesCount = known.Model.BytesCount,
            parentRoot = known.Model.ParentRoot?.ToString(),
            lineage = network.LineageOf(known.Model.ParentRoot, announced).Select(version => version.ToString()),
            holdersCount = known.HoldersCount,
            settledJobs = settled.GetValueOrDefault(known.Model.Root),
            isLocal = catalog.Find(known.Model.Root) is { IsIntact: true },
        });
    }

    private static object Describe(ModelPull pull)
    {
        FetchReport? report = pull.Report();
        return new
        {
            root = pull.Root.ToString(),
            name = pull.Row.Name,
            state = pull.Row.State,
            reason = pull.Row.Reason,
            message = pull.Row.Message,
            bytesCount = report?.BytesCount ?? 0,
            bytesHave = report?.BytesHave ?? 0,
            chunksCount = report?.ChunksCount ?? 0,
            chunksHave = report?.ChunksHave ?? 0,
            requestedUnixMs = pull.Row.Requested,
            endedUnixMs = pull.Row.Ended,
            holders = (report?.Holders ?? []).Select(holder => new
            {
                address = holder.Address.ToString(),
                nodeId = holder.Address.NodeId,
                isConnected = holder.IsHere,
                fault = holder.Fault.Name(),
                isDropped = holder.Fault.IsForGood(),
                chunks = holder.ChunksCount,
                bytes = holder.BytesCount,
            }),
        };
    }

    /// <summary>Which model to pull: its name or its root.</summary>
    internal sealed record PullBody(string Model);
}
