using Camelid.Chain.Peers.Limits;
using Camelid.Protocol.Market;

namespace Camelid.Chain.Peers.Market;

/// <summary>What one peer knows of the market, and what it is still to be told.</summary>
internal sealed class MarketPeer(ulong salt)
{
    /// <summary>Items that a peer is remembered to know.</summary>
    public const int KnownMax = 8_192;

    private readonly PriorityQueue<MarketEntry, (MarketKind Kind, ulong Lightness, long Order)> toTell = new();
    private long order;

    /// <summary>Items that it told or was told of.</summary>
    public RollingFilter Known { get; } = new(KnownMax, salt);

    /// <summary>Puts an item on the list of what it will be told.</summary>
    public void Tell(MarketEntry entry, int countMax)
    {
        if (toTell.Count < countMax)
        {
            toTell.Enqueue(entry, (entry.Item.Kind, ulong.MaxValue - entry.Weight, order++));
        }
    }

    /// <summary>Takes what it is told next: announcements, then offers, the highest fee first.</summary>
    public IReadOnlyList<MarketEntry> Take(int countMax)
    {
        List<MarketEntry> taken = [];
        while (taken.Count < countMax && toTell.TryDequeue(out MarketEntry? entry, out _))
        {
            if (!entry.IsGone && !Known.Contains(entry.Id))
            {
                Known.Add(entry.Id);
                taken.Add(entry);
            }
        }

        return taken;
    }
}
