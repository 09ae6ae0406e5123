using Camelid.ModelRegistry.Catalog;
using Camelid.ModelRuntime.Packages;

namespace Camelid.ModelRegistry.Api;

/// <summary>Read routes for the operator: <c>/api/models</c>.</summary>
internal static class ModelRoutes
{
    public static void MapModels(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/models", (ModelCatalog catalog) =>
            catalog.Entries.Select(entry => Describe(catalog, entry)));
        routes.MapGet("/api/models/{model}", (string model, ModelCatalog catalog) => catalog.Find(model) is { } entry
            ? Results.Ok(Describe(catalog, entry))
            : Results.Problem($"model '{model}' is not here", statusCode: StatusCodes.Status404NotFound));
    }

    private static ModelDescription Describe(ModelCatalog catalog, ModelEntry entry)
    {
        ModelManifest? manifest = entry.Package?.Manifest;
        return new ModelDescription
        {
            Root = entry.Root.ToString(),
            Name = entry.Name,
            State = entry.IsIntact ? Storage.ModelRow.Present : Storage.ModelRow.Damaged,
            Damage = entry.Damage,
            IsDefault = ReferenceEquals(catalog.Find(catalog.DefaultModel), entry),
            Architecture = manifest?.Architecture.Family,
            ContextTokensMax = manifest?.ContextTokensMax,
            VocabularySize = manifest?.VocabularySize,
            ParameterCount = manifest is null ? null : ModelFacts.ParameterCount(manifest.Architecture),
            BytesCount = manifest?.Files.Sum(file => file.Bytes),
            Precision = manifest?.Precision,
            Licence = manifest?.Licence,
            Created = manifest?.Created,
            ParentRoot = manifest?.ParentRoot,
            HasChatTemplate = manifest?.Chat is not null,
        };
    }

    /// <summary>A model for people; the facts of its manifest are null where its files are damaged.</summary>
    private sealed record ModelDescription
    {
        public required string Root { get; init; }

        public required string Name { get; init; }

        public required string State { get; init; }

        public required string Damage { get; init; }

        public required bool IsDefault { get; init; }

        public string? Architecture { get; init; }

        public int? ContextTokensMax { get; init; }

        public int? VocabularySize { get; init; }

        public long? ParameterCount { get; init; }

        public long? BytesCount { get; init; }

        public string? Precision { get; init; }

        public string? Licence { get; init; }

        public string? Created { get; init; }

        public string? ParentRoot { get; init; }

        public bool HasChatTemplate { get; init; }
    }
}
