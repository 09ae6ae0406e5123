using Camelid.ModelRegistry.Catalog;
using Camelid.ModelRegistry.Distribution.Market;
using Camelid.ModelRegistry.Distribution.Pulls;
using Camelid.ModelRegistry.Distribution.Serving;
using Camelid.Protocol;
using Grpc.Core;

namespace Camelid.ModelRegistry.Distribution;

/// <summary>A model that other nodes announce.</summary>
/// <param name="Model">What they say of it.</param>
/// <param name="HoldersCount">How many nodes have it.</param>
internal sealed record KnownModel(MarketModel Model, int HoldersCount);

/// <summary>What can be done with models of other operators, for whoever asks by gRPC or HTTP.</summary>
internal sealed class ModelNetwork(
    ModelCatalog catalog, Publication publication, PullQueue queue, ModelRemoval removal, IModelMarket market)
{
    /// <summary>Most roots of a chain of versions.</summary>
    public const int LineageMax = 32;

    /// <summary>Downloads.</summary>
    public PullQueue Pulls => queue;

    /// <summary>True where chunks of a model are served to others.</summary>
    public bool IsPublished(ModelEntry entry) => publication.IsPublished(entry);

    /// <summary>Publishes a model that is here.</summary>
    /// <exception cref="PullException">It is not here, or damaged.</exception>
    public async Task<ModelEntry> PublishAsync(string model, CancellationToken cancellation)
    {
        ModelEntry entry = catalog.Find(model)
            ?? throw new PullException("unknown-model", $"model '{model}' is not here");
        if (!entry.IsIntact)
        {
            throw new PullException("model-damaged", $"model '{entry.Name}': {entry.Damage}");
        }

        await publication.PublishAsync(entry.Root, cancellation);
        return entry;
    }

    /// <summary>Begins to pull a model, by its root or by a name that one announced model has.</summary>
    /// <exception cref="PullException">No such model, several of that name, or too many downloads.</exception>
    public async Task<ModelPull> PullAsync(string model, CancellationToken cancellation)
    {
        if (!Hash256.TryParse(model, out Hash256 root))
        {
            Hash256[] named = [.. (await AnnouncedAsync(cancellation)).Where(known => known.Model.Name == model)
                .Select(known => known.Model.Root)];
            root = named.Length switch
            {
                0 => throw new PullException("unknown-model", $"no node announces a model called '{model}'; "
                    + "give its root, 64 digits"),
                1 => named[0],
                _ => throw new PullException("ambiguous-name", $"{named.Length} announced models are called '{model}'; "
                    + $"give the root that is meant: {string.Join(", ", named)}"),
            };
        }

        return catalog.Find(root) is { IsIntact: true } entry
            ? throw new PullException("already-here", $"model '{entry.Name}' ({root}) is here already")
            : queue.Start(root);
    }

    /// <summary>Removes a model.</summary>
    /// <exception cref="PullException">It is served, or not here.</exception>
    public async Task<Hash256> RemoveAsync(string model, ChunkShelf shelf, CancellationToken cancellation)
    {
        Hash256 root = Hash256.TryParse(model, out Hash256 parsed) ? parsed
            : catalog.Find(model)?.Root ?? throw new PullException("unknown-model", $"model '{model}' is not here");
        if (removal.IsServed(root))
        {
            throw new PullException("model-served", $"model {root} is the one that this node serves; serve another one "
                + "(--model) and remove it then");
        }

        return await removal.RemoveAsync(root, shelf, cancellation)
            ? root
            : throw new PullException("unknown-model", $"nothing of model {root} is here");
    }

    /// <summary>Models that other nodes announce, those with most holders first.</summary>
    public async Task<IReadOnlyList<KnownModel>> AnnouncedAsync(CancellationToken cancellation)
    {
        try
        {
            return
            [
                .. (await market.ListAsync(null, cancellation))
                    .SelectMany(holding => holding.Models.DistinctBy(model => model.Root))
                    .GroupBy(model => model.Root)
                    .Select(same => new KnownModel(same.First(), same.Count()))
                    .OrderByDescending(known => known.HoldersCount).ThenBy(known => known.Model.Root),
            ];
        }
        catch (RpcException exception) when (exception.StatusCode != StatusCode.Cancelled)
        {
            throw new PullException("no-market", $"the chain service does not say who has models: "
                + exception.Status.Detail);
        }
    }

    /// <summary>Settled jobs of each model; none where the job pool does not answer.</summary>
    public async Task<IReadOnlyDictionary<Hash256, long>> PopularityAsync(CancellationToken cancellation)
    {
        try
        {
            return await market.SettledJobsAsync(cancellation);
        }
        catch (RpcException exception) when (exception.StatusCode != StatusCode.Cancelled)
        {
            return new Dictionary<Hash256, long>();
        }
    }

    /// <summary>What others announce; none where that can't be asked.</summary>
    public async Task<IReadOnlyList<KnownModel>> KnownAsync(CancellationToken cancellation)
    {
        try
        {
            return await AnnouncedAsync(cancellation);
        }
        catch (PullException)
        {
            return [];
        }
    }

    /// <summary>The versions that a model comes from, the nearest first, as far as anybody here knows.</summary>
    public IReadOnlyList<Hash256> LineageOf(Hash256? parent, IReadOnlyList<KnownModel> announced)
    {
        List<Hash256> chain = [];
        while (parent is { } root && chain.Count < LineageMax && !chain.Contains(root))
        {
            chain.Add(root);
            string? next = catalog.Find(root)?.Package?.Manifest.ParentRoot;
            parent = Hash256.TryParse(next, out Hash256 known)
                ? known
                : announced.FirstOrDefault(entry => entry.Model.Root == root)?.Model.ParentRoot;
        }

        return chain;
    }
}
