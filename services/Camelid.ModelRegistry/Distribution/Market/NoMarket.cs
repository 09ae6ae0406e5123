using Camelid.Protocol;

namespace Camelid.ModelRegistry.Distribution.Market;

/// <summary>A registry that runs without a chain service: nobody is told, and nobody is known.</summary>
internal sealed class NoMarket : IModelMarket
{
    /// <inheritdoc/>
    public Task AnnounceAsync(
        IReadOnlyList<MarketModel> models, int port, DistributionOptions options, CancellationToken cancellation) =>
        Task.CompletedTask;

    /// <inheritdoc/>
    public Task<IReadOnlyList<Holding>> ListAsync(Hash256? root, CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyList<Holding>>([]);

    /// <inheritdoc/>
    public Task<IReadOnlyDictionary<Hash256, long>> SettledJobsAsync(CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyDictionary<Hash256, long>>(new Dictionary<Hash256, long>());
}
