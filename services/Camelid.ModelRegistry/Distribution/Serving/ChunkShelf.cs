using System.Collections.Concurrent;
using Camelid.Protocol;

namespace Camelid.ModelRegistry.Distribution.Serving;

/// <summary>The models that chunks are served of.</summary>
internal sealed class ChunkShelf
{
    private readonly ConcurrentDictionary<Hash256, ShelfModel> models = [];

    /// <summary>What is on it.</summary>
    public IReadOnlyCollection<Hash256> Roots => [.. models.Keys];

    /// <summary>Puts a model on it, in place of what was there under its root.</summary>
    public void Put(ShelfModel model) => models[model.Root] = model;

    /// <summary>Takes a model off; streams that are sending it find its chunks missing.</summary>
    public void Remove(Hash256 root) => models.TryRemove(root, out _);

    /// <summary>The model of that root, or null.</summary>
    public ShelfModel? Find(Hash256 root) => models.GetValueOrDefault(root);
}
