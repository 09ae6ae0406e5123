using System.Diagnostics.Metrics;
using Camelid.Chain.Blocks;
using Camelid.Chain.Mempool;
using Camelid.Chain.Rpc;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Camelid.Chain;

/// <summary>Healthy once stakes are in blocks and the deposit pool exists, while the disk takes blocks.</summary>
internal sealed class ChainHealth(ChainReader reader, ChainState state) : IHealthCheck
{
    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        string missing = state.Store.Problem.Length > 0
            ? $"the disk takes no blocks: {state.Store.Problem}"
            : reader.NotReadyReason();
        return Task.FromResult(missing.Length == 0
            ? HealthCheckResult.Healthy()
            : HealthCheckResult.Unhealthy(missing));
    }
}

/// <summary>The chain's gauges, while the host runs.</summary>
internal sealed class ChainMetrics(ChainState state, TransactionPool pool) : IHostedService, IDisposable
{
    private readonly Meter meter = new("Camelid.Chain");

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        meter.CreateObservableGauge("camelid_chain_height", () => state.Read(reading => reading.Tip.Height));
        meter.CreateObservableGauge("camelid_chain_mempool", () => pool.Count);
        meter.CreateObservableGauge("camelid_chain_mempool_bytes", () => pool.Statistics().Bytes);
        meter.CreateObservableGauge("camelid_chain_mempool_memory_bytes", () => pool.Statistics().MemoryBytes);
        meter.CreateObservableGauge(
            "camelid_chain_mempool_minimum_grains_per_kilobyte", () => pool.MinimumRate.GrainsPerKilobyte);
        meter.CreateObservableCounter("camelid_chain_mempool_evicted", () => Departed(PoolDeparture.Evicted));
        meter.CreateObservableCounter("camelid_chain_mempool_replaced", () => Departed(PoolDeparture.Replaced));
        meter.CreateObservableCounter("camelid_chain_mempool_expired", () => Departed(PoolDeparture.Expired));
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public void Dispose() => meter.Dispose();

    private long Departed(PoolDeparture why) => pool.Statistics().Departures[why];
}
