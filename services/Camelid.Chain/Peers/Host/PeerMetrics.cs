using System.Diagnostics.Metrics;

namespace Camelid.Chain.Peers.Host;

/// <summary>The gauges and counters of peers, while the host runs.</summary>
internal sealed class PeerMetrics(PeerHosting hosting) : IHostedService, IDisposable
{
    private readonly Meter meter = new("Camelid.Chain");

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        meter.CreateObservableGauge("camelid_chain_peers", () => hosting.Counts.Ready);
        meter.CreateObservableGauge("camelid_chain_peers_inbound", () => hosting.Counts.Inbound);
        meter.CreateObservableGauge("camelid_chain_peer_addresses", () => hosting.Counts.Addresses);
        meter.CreateObservableGauge("camelid_chain_peer_blocks_in_flight", () => hosting.Counts.BlocksInFlight);
        meter.CreateObservableGauge("camelid_chain_peer_orphans", () => hosting.Counts.Orphans);
        meter.CreateObservableGauge("camelid_chain_peer_queued_bytes", () => hosting.Counts.QueuedBytes);
        meter.CreateObservableCounter("camelid_chain_peer_received_bytes", () => hosting.Counts.ReceivedBytes);
        meter.CreateObservableCounter("camelid_chain_peer_sent_bytes", () => hosting.Counts.SentBytes);
        meter.CreateObservableCounter(
            "camelid_chain_peer_envelopes_delivered", () => hosting.Counts.EnvelopesDelivered);
        meter.CreateObservableCounter(
            "camelid_chain_peer_envelopes_forwarded", () => hosting.Counts.EnvelopesForwarded);
        meter.CreateObservableGauge(
            "camelid_chain_peer_envelopes_waiting", () => hosting.Counts.EnvelopesWaiting);
        meter.CreateObservableCounter(
            "camelid_chain_peer_envelopes_dropped", () => hosting.Counts.EnvelopesDropped);
        meter.CreateObservableGauge("camelid_chain_market_services", () => hosting.Counts.MarketServices);
        meter.CreateObservableGauge("camelid_chain_market_holdings", () => hosting.Counts.MarketHoldings);
        meter.CreateObservableGauge("camelid_chain_market_offers", () => hosting.Counts.MarketOffers);
        meter.CreateObservableCounter("camelid_chain_peers_ended", () => hosting.Counts.Ended.Values.Sum());
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public void Dispose() => meter.Dispose();
}
