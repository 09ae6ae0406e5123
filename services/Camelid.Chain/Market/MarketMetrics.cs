using System.Diagnostics.Metrics;

namespace Camelid.Chain.Market;

/// <summary>The counters of messages, while the host runs.</summary>
internal sealed class MarketMetrics(MessageHub hub) : IHostedService, IDisposable
{
    private readonly Meter meter = new("Camelid.Chain");

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        meter.CreateObservableCounter("camelid_chain_messages_received", () => hub.Counts.Received);
        meter.CreateObservableCounter("camelid_chain_messages_unwanted", () => hub.Counts.Unwanted);
        meter.CreateObservableCounter("camelid_chain_messages_refused", () => hub.Counts.Refused);
        meter.CreateObservableCounter("camelid_chain_messages_dropped", () => hub.Counts.Dropped);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public void Dispose() => meter.Dispose();
}
