using Camelid.Chain.Peers.Limits;
using Camelid.Protocol.Peers;

namespace Camelid.Chain.Peers.Relay;

/// <summary>What one peer knows of transactions, and what it is still to be told and served.</summary>
internal sealed class PeerInventory(ulong salt)
{
    /// <summary>Transactions that a peer is remembered to know.</summary>
    public const int KnownMax = 8_192;

    /// <summary>Entries that a peer may have asked for and not got yet.</summary>
    public const int WantedMax = 2 * InventoryList.EntriesMax;

    /// <summary>Transactions that it sent or was told of.</summary>
    public RollingFilter Known { get; } = new(KnownMax, salt);

    /// <summary>The place in the mempool's order of arrival up to which it was told.</summary>
    public long AnnouncedSequence { get; set; }

    /// <summary>When to announce next.</summary>
    public TimeSpan AnnounceAt { get; set; }

    /// <summary>What it asked for and has not got.</summary>
    public Queue<InventoryEntry> Wanted { get; } = [];

    /// <summary>The least fee rate that it wants to hear of, grains for a thousand bytes.</summary>
    public long FeeFilter { get; set; }

    /// <summary>The fee rate that we asked it to filter by; -1 before.</summary>
    public long FeeFilterSent { get; set; } = -1;

    /// <summary>When to look at that again.</summary>
    public TimeSpan FeeFilterAt { get; set; }

    /// <summary>False where it asked not to hear of transactions.</summary>
    public bool WantsTransactions { get; set; }

    /// <summary>When it last gave a transaction that was new and good; zero for never.</summary>
    public TimeSpan LastNewAt { get; set; }
}
