using Camelid.Chain.Peers.Limits;
using Camelid.Chain.Peers.Market;
using Camelid.Chain.Peers.Relay;
using Camelid.Chain.Peers.Slots;
using Camelid.Chain.Peers.Sync;

namespace Camelid.Chain.Peers;

/// <summary>The parts of the engine that messages go to.</summary>
internal sealed record PeerDesks(
    PeerHandshakes Handshakes, PeerPulse Pulse, HeaderSync Headers, BlockDownload Download, BlockArrivals Arrivals)
{
    /// <summary>Compact blocks that come.</summary>
    public required CompactRelay Compact { get; init; }

    /// <summary>What peers ask for.</summary>
    public required BlockServer Server { get; init; }

    /// <summary>New tips.</summary>
    public required BlockAnnouncer Announcer { get; init; }

    /// <summary>Transactions.</summary>
    public required TransactionRelay Transactions { get; init; }

    /// <summary>Announcements and offers of operators.</summary>
    public required MarketGossip Market { get; init; }

    /// <summary>Addresses of nodes.</summary>
    public required AddressGossip Gossip { get; init; }

    /// <summary>Envelopes.</summary>
    public required EnvelopeRelay Envelopes { get; init; }

    /// <summary>How fast peers are listened to.</summary>
    public required ReadPace Pace { get; init; }

    /// <summary>Who is connected to.</summary>
    public required OutboundSlots Slots { get; init; }

    /// <summary>Who of them keeps up.</summary>
    public required OutboundWatch Watch { get; init; }

    /// <summary>Time has passed.</summary>
    public void Tick()
    {
        Pulse.Tick();
        Headers.Tick();
        Download.Tick();
        Compact.Tick();
        Market.Tick();
        Transactions.Tick();
        Envelopes.Tick();
        Gossip.Tick();
        Slots.Tick();
        Watch.Tick();
    }

    /// <summary>A peer is gone.</summary>
    public void Gone(Peer peer)
    {
        Compact.Gone(peer);
        Download.Gone(peer);
        Headers.Gone(peer);
        Announcer.Gone(peer);
        Transactions.Gone(peer);
        Market.Gone(peer);
        Envelopes.Gone(peer);
        Slots.Gone(peer);
    }
}
