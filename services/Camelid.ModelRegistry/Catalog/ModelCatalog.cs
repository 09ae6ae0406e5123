using Camelid.Protocol;

namespace Camelid.ModelRegistry.Catalog;

/// <summary>The models that are here, by name and by root, held in memory with their tokenizers.</summary>
internal sealed class ModelCatalog(IConfiguration configuration) : IDisposable
{
    private const string DefaultModelName = "camelid-nano";

    private readonly Lock writing = new();
    private volatile ModelEntry[] entries = [];

    /// <summary>The model that this operator serves, by name or root: <c>Camelid:Model</c>.</summary>
    public string DefaultModel { get; } =
        configuration["Camelid:Model"] is { Length: > 0 } model ? model : DefaultModelName;

    /// <summary>All models.</summary>
    public IReadOnlyList<ModelEntry> Entries => entries;

    /// <summary>The model of that name or root, or null. Of several with one name the newest counts.</summary>
    public ModelEntry? Find(string model) => Hash256.TryParse(model, out Hash256 root)
        ? Find(root)
        : entries.LastOrDefault(entry => string.Equals(entry.Name, model, StringComparison.Ordinal));

    /// <summary>The model of that root, or null.</summary>
    public ModelEntry? Find(Hash256 root) => entries.FirstOrDefault(entry => entry.Root == root);

    /// <summary>Adds a model, or replaces what was known of it.</summary>
    public void Put(ModelEntry entry)
    {
        lock (writing)
        {
            entries = [.. entries.Where(known => known.Root != entry.Root), entry];
        }
    }

    /// <summary>Takes a model out; its tokenizer ends with those who use it.</summary>
    public void Remove(Hash256 root)
    {
        lock (writing)
        {
            entries = [.. entries.Where(known => known.Root != root)];
        }
    }

    /// <summary>Notes that a file turned out damaged while the service was running.</summary>
    public void MarkDamaged(Hash256 root, string damage)
    {
        lock (writing)
        {
            entries = [.. entries.Select(known => known.Root == root ? known with { Damage = damage } : known)];
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (ModelEntry entry in entries)
        {
            (entry.Tokenizer as IDisposable)?.Dispose();
        }
    }
}
