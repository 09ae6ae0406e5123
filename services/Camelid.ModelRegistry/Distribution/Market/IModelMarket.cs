using Camelid.Protocol;

namespace Camelid.ModelRegistry.Distribution.Market;

/// <summary>A model that a node announces.</summary>
/// <param name="Root">The model root.</param>
/// <param name="Name">What its holder calls it.</param>
/// <param name="BytesCount">Bytes of the package.</param>
/// <param name="ParentRoot">The version before it; null where there is none.</param>
internal sealed record MarketModel(Hash256 Root, string Name, long BytesCount, Hash256? ParentRoot);

/// <summary>What one node announces.</summary>
/// <param name="NodeId">The node, in hexadecimal digits.</param>
/// <param name="ChunkAddress">host:port of its chunk streams.</param>
/// <param name="Models">Its models.</param>
internal sealed record Holding(string NodeId, string ChunkAddress, IReadOnlyList<MarketModel> Models);

/// <summary>Where operators tell each other which models they hold.</summary>
internal interface IModelMarket
{
    /// <summary>Tells which models this node serves chunks of.</summary>
    Task AnnounceAsync(
        IReadOnlyList<MarketModel> models, int port, DistributionOptions options, CancellationToken cancellation);

    /// <summary>What other nodes announce.</summary>
    /// <param name="root">A model; null for all.</param>
    /// <param name="cancellation">Ends the asking.</param>
    Task<IReadOnlyList<Holding>> ListAsync(Hash256? root, CancellationToken cancellation);

    /// <summary>How popular models are: jobs that were settled at this operator, for each model that had any.</summary>
    Task<IReadOnlyDictionary<Hash256, long>> SettledJobsAsync(CancellationToken cancellation);
}
