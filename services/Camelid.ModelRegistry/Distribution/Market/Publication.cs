using System.Collections.Concurrent;
using Camelid.ModelRegistry.Catalog;
using Camelid.ModelRegistry.Storage;
using Camelid.Protocol;

namespace Camelid.ModelRegistry.Distribution.Market;

/// <summary>Which models of this operator others may have: those that were published, and the one it serves.</summary>
internal sealed class Publication(
    ModelsDatabase database, ModelCatalog catalog, DistributionOptions options, TimeProvider time)
{
    private readonly ConcurrentDictionary<Hash256, bool> published = [];

    /// <summary>The model that this operator serves, or null where it is not here.</summary>
    public ModelEntry? Served => catalog.Find(catalog.DefaultModel);

    /// <summary>Intact models that are published, the served one first, then the newest.</summary>
    public IReadOnlyList<ModelEntry> Entries =>
        [.. catalog.Entries.Reverse().Where(IsPublished).OrderBy(entry => entry.Root == Served?.Root ? 0 : 1)];

    /// <summary>Reads what was published before.</summary>
    public async Task LoadAsync(CancellationToken cancellation)
    {
        foreach (string text in await database.ListPublishedAsync(cancellation))
        {
            if (Hash256.TryParse(text, out Hash256 root))
            {
                published[root] = true;
            }
        }
    }

    /// <summary>True where chunks of a model are served.</summary>
    public bool IsPublished(ModelEntry entry) => entry.IsIntact && (published.ContainsKey(entry.Root)
        || (options.PublishesServed && entry.Root == Served?.Root));

    /// <summary>Publishes a model. Safe to repeat.</summary>
    public async Task PublishAsync(Hash256 root, CancellationToken cancellation)
    {
        await database.PublishAsync(root.ToString(), time.GetUtcNow().ToUnixTimeMilliseconds(), cancellation);
        published[root] = true;
    }

    /// <summary>Forgets that a model was published.</summary>
    public void Forget(Hash256 root) => published.TryRemove(root, out _);
}
