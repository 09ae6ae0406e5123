using Camelid.ModelRegistry.Catalog;
using Camelid.ModelRegistry.Distribution;

namespace Camelid.ModelRegistry.Api;

/// <summary>Read routes for the operator: <c>/api/models</c>.</summary>
internal static class ModelRoutes
{
    public static void MapModels(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/models", async (ModelCatalog catalog, ModelNetwork network, CancellationToken cancel) =>
        {
            ModelSurroundings around = await ModelSurroundings.LookAsync(network, cancel);
            return catalog.Entries.Select(entry => ModelDescription.Of(entry, catalog, around));
        });
        routes.MapGet("/api/models/{model}", async (
            string model, ModelCatalog catalog, ModelNetwork network, CancellationToken cancel) =>
            catalog.Find(model) is { } entry
                ? Results.Ok(ModelDescription.Of(entry, catalog, await ModelSurroundings.LookAsync(network, cancel)))
                : Results.Problem($"model '{model}' is not here", statusCode: StatusCodes.Status404NotFound));
        routes.MapDistribution();
    }
}
