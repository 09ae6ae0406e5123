using Camelid.ModelRegistry.Catalog;
using Camelid.ModelRegistry.Distribution;
using Camelid.ModelRuntime.Packages;
using Camelid.Protocol;

namespace Camelid.ModelRegistry.Api;

/// <summary>A model for people; the facts of its manifest are null where its files are damaged.</summary>
internal sealed record ModelDescription
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

    /// <summary>True where chunks of it are served to other nodes.</summary>
    public bool IsPublished { get; init; }

    /// <summary>Jobs with it that were settled here.</summary>
    public long SettledJobs { get; init; }

    /// <summary>The versions that it comes from, the nearest first.</summary>
    public IReadOnlyList<string> Lineage { get; init; } = [];

    /// <summary>Describes a model.</summary>
    public static ModelDescription Of(ModelEntry entry, ModelCatalog catalog, ModelSurroundings around)
    {
        ModelManifest? manifest = entry.Package?.Manifest;
        Hash256? parent = Hash256.TryParse(manifest?.ParentRoot, out Hash256 root) ? root : null;
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
            IsPublished = around.Network.IsPublished(entry),
            SettledJobs = around.SettledJobs.GetValueOrDefault(entry.Root),
            Lineage = [.. around.Network.LineageOf(parent, around.Announced).Select(version => version.ToString())],
        };
    }
}

/// <summary>What is known beside the models themselves.</summary>
/// <param name="Network">Publications and versions.</param>
/// <param name="Announced">What other nodes have.</param>
/// <param name="SettledJobs">Popularity.</param>
internal sealed record ModelSurroundings(
    ModelNetwork Network, IReadOnlyList<KnownModel> Announced, IReadOnlyDictionary<Hash256, long> SettledJobs)
{
    /// <summary>Asks the chain and the job pool; what they do not say is left out.</summary>
    public static async Task<ModelSurroundings> LookAsync(ModelNetwork network, CancellationToken cancellation)
    {
        Task<IReadOnlyList<KnownModel>> announced = network.KnownAsync(cancellation);
        return new ModelSurroundings(network, await announced, await network.PopularityAsync(cancellation));
    }
}
