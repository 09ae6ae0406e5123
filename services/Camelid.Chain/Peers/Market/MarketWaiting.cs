using Camelid.Protocol;
using Camelid.Protocol.Market;

namespace Camelid.Chain.Peers.Market;

/// <summary>
/// Rule P-62: items whose J0 or stake is not here yet: it may be on its way. They wait a little, are told to nobody,
/// and are few.
/// </summary>
internal sealed class MarketWaiting
{
    /// <summary>Most items.</summary>
    public const int CountMax = 256;

    /// <summary>Most items of one peer.</summary>
    public const int PeerCountMax = 64;

    /// <summary>How long an item waits.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromSeconds(10);

    private readonly List<Waiting> items = [];

    /// <summary>Items that wait.</summary>
    public int Count => items.Count;

    /// <summary>Lets an item wait.</summary>
    /// <returns>False where there is no room.</returns>
    public bool TryAdd(MarketItem item, Hash256 id, PeerId from, TimeSpan now)
    {
        bool hasRoom = items.Count < CountMax && items.Count(waiting => waiting.From == from) < PeerCountMax;
        if (hasRoom)
        {
            items.Add(new Waiting(item, id, from, now + Life));
        }

        return hasRoom;
    }

    /// <summary>True where the item waits.</summary>
    public bool Contains(Hash256 id) => items.Exists(waiting => waiting.Id == id);

    /// <summary>Asks of each item whether it waits on.</summary>
    /// <param name="now">The present.</param>
    /// <param name="waitsOn">Takes item, giver, and whether its time is over; false takes it out.</param>
    public void Look(TimeSpan now, Func<MarketItem, PeerId, bool, bool> waitsOn) =>
        items.RemoveAll(waiting => !waitsOn(waiting.Item, waiting.From, waiting.Until <= now));

    private sealed record Waiting(MarketItem Item, Hash256 Id, PeerId From, TimeSpan Until);
}
