using Camelid.Client;
using Camelid.Client.Models;
using Camelid.Contracts.ModelRegistry.V1;
using Camelid.Gateway.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Camelid.Gateway.Models;

/// <summary><c>GET /v1/models</c> and <c>GET /v1/models/{id}</c>.</summary>
internal static class ModelsEndpoint
{
    /// <summary>Maps the routes.</summary>
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/models", ListAsync);
        routes.MapGet("/v1/models/{**model}", GetAsync);
    }

    private static async Task<JsonHttpResult<ModelListDocument>> ListAsync(
        ModelCatalog models, CancellationToken cancellationToken)
    {
        IReadOnlyList<Model> all = await models.ListAsync(cancellationToken);
        return TypedResults.Json(
            new ModelListDocument { Data = [.. all.Select(Document)] }, OpenAiJson.Default.ModelListDocument);
    }

    private static async Task<JsonHttpResult<ModelDocument>> GetAsync(
        string model, ModelCatalog models, CancellationToken cancellationToken) =>
        TypedResults.Json(Document(await models.GetAsync(model, cancellationToken)), OpenAiJson.Default.ModelDocument);

    private static ModelDocument Document(Model model) => new()
    {
        Id = model.Name,
        Created = model.CreatedUnix,
        Camelid = new ModelFacts
        {
            ModelRoot = HexText.Of(model.Root),
            Architecture = model.Architecture,
            ContextTokensMax = model.ContextTokensMax,
            VocabularySize = model.VocabularySize,
            ParameterCount = model.ParameterCount,
            BytesCount = model.BytesCount,
            Precision = model.Precision,
            Licence = model.Licence,
            ParentRoot = HexText.OrNull(model.ParentRoot),
            Chat = model.HasChatTemplate,
        },
    };
}
