using Camelid.Protocol;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Market;
using Camelid.Protocol.Peers;

namespace Camelid.Chain.Peers.Market;

/// <summary>How much of the market a node keeps.</summary>
internal sealed record MarketBounds
{
    /// <summary>Service announcements, one of each stake and role; then that of the least stake goes.</summary>
    public int ServicesMax { get; init; } = 4_096;

    /// <summary>Holding announcements, one of each node; then one of the peer that brought the most goes.</summary>
    public int HoldingsMax { get; init; } = 4_096;

    /// <summary>Offers, one of each job; then that of the lowest fee goes.</summary>
    public int OffersMax { get; init; } = 10_000;

    /// <summary>Offers of one client's key; then its own of the lowest fee goes.</summary>
    public int OffersPerClientMax { get; init; } = 256;

    /// <summary>What they can come to hold.</summary>
    public long BytesMax => ((long)ServicesMax * ServiceAnnouncement.BytesMax)
        + ((long)HoldingsMax * HoldingAnnouncement.BytesMax) + ((long)OffersMax * JobOffer.BytesMax);

    /// <summary>Items of all kinds.</summary>
    public int ItemsMax => ServicesMax + HoldingsMax + OffersMax;
}

/// <summary>
/// Rule P-61: what is known of the market, bounded by kind. A later announcement takes the place of an earlier one
/// about the same thing, each goes when its time is over, and where there is no room the lightest goes.
/// </summary>
internal sealed class MarketTable(MarketBounds bounds)
{
    /// <summary>Seconds between two announcements about one thing: who tells more often is not listened to.</summary>
    public const uint RenewSecondsMin = 2;

    private readonly Dictionary<Hash256, MarketEntry> byId = [];
    private readonly Dictionary<(StakeId Stake, ServiceRole Role), MarketEntry> services = [];
    private readonly Dictionary<NodeId, MarketEntry> holdings = [];
    private readonly Dictionary<JobId, MarketEntry> offers = [];
    private readonly SortedSet<MarketEntry> servicesByStake = new(ByWeight.Instance);
    private readonly SortedSet<MarketEntry> offersByFee = new(ByWeight.Instance);
    private readonly Dictionary<PublicKey, SortedSet<MarketEntry>> offersOf = [];
    private readonly Dictionary<PeerId, LinkedList<MarketEntry>> holdingsFrom = [];
    private readonly PriorityQueue<MarketEntry, uint> byEnd = new();

    /// <summary>The bounds.</summary>
    public MarketBounds Bounds => bounds;

    /// <summary>Items that are kept.</summary>
    public int Count => byId.Count;

    /// <summary>Service announcements.</summary>
    public IReadOnlyCollection<MarketEntry> Services => services.Values;

    /// <summary>Holding announcements.</summary>
    public IReadOnlyCollection<MarketEntry> Holdings => holdings.Values;

    /// <summary>Offers, the lowest fee first.</summary>
    public IReadOnlyCollection<MarketEntry> Offers => offersByFee;

    /// <summary>All of them.</summary>
    public IEnumerable<MarketEntry> All => byId.Values;

    /// <summary>The item of an id, or null.</summary>
    public MarketEntry? Find(Hash256 id) => byId.GetValueOrDefault(id);

    /// <summary>
    /// Whether an item adds anything: <see cref="RuleCode.MarketOutdated"/> where one about the same thing is as late.
    /// </summary>
    public RuleCode CheckNews(MarketItem item)
    {
        if (FindSame(item) is not { } same)
        {
            return RuleCode.Accepted;
        }

        uint least = item is JobOffer ? 1 : RenewSecondsMin;
        return item.Created >= (ulong)same.Item.Created + least ? RuleCode.Accepted : RuleCode.MarketOutdated;
    }

    /// <summary>Keeps an item that was judged, where it adds something and there is room.</summary>
    public RuleCode Add(MarketEntry entry)
    {
        RuleCode code = CheckNews(entry.Item);
        if (code != RuleCode.Accepted)
        {
            return code;
        }

        if (FindSame(entry.Item) is { } same)
        {
            Remove(same);
        }

        foreach (MarketEntry? crowded in Crowding(entry))
        {
            if (crowded is null || crowded == entry)
            {
                return RuleCode.MarketFull;
            }

            Remove(crowded);
        }

        byId.Add(entry.Id, entry);
        byEnd.Enqueue(entry, entry.Item.Expires);
        switch (entry.Item)
        {
            case ServiceAnnouncement service:
                services.Add((service.Stake, service.Role), entry);
                servicesByStake.Add(entry);
                break;
            case HoldingAnnouncement holding:
                holdings.Add(holding.Node, entry);
                FromOf(entry).AddLast(entry);
                break;
            case JobOffer offer:
                offers.Add(offer.JobId, entry);
                offersByFee.Add(entry);
                OffersOf(offer.ClientKey).Add(entry);
                break;
        }

        return RuleCode.Accepted;
    }

    /// <summary>Keeps an item no more.</summary>
    public void Remove(MarketEntry entry)
    {
        if (!byId.Remove(entry.Id))
        {
            return;
        }

        entry.IsGone = true;
        switch (entry.Item)
        {
            case ServiceAnnouncement service:
                services.Remove((service.Stake, service.Role));
                servicesByStake.Remove(entry);
                break;
            case HoldingAnnouncement holding:
                holdings.Remove(holding.Node);
                FromOf(entry).Remove(entry);
                Forget(holdingsFrom, KeyOf(entry), FromOf(entry).Count);
                break;
            case JobOffer offer:
                offers.Remove(offer.JobId);
                offersByFee.Remove(entry);
                OffersOf(offer.ClientKey).Remove(entry);
                Forget(offersOf, offer.ClientKey, OffersOf(offer.ClientKey).Count);
                break;
        }
    }

    /// <summary>The chain says something else of a stake now.</summary>
    public void Revalue(MarketEntry service, MarketStake stake)
    {
        servicesByStake.Remove(service);
        service.Stake = stake;
        servicesByStake.Add(service);
    }

    /// <summary>Forgets what is over.</summary>
    /// <param name="now">The clock, Unix seconds.</param>
    public void Expire(uint now)
    {
        while (byEnd.TryPeek(out MarketEntry? entry, out uint end) && (end <= now || entry.IsGone))
        {
            byEnd.Dequeue();
            Remove(entry);
        }

        // What was replaced long before its end would stay in this queue alone.
        if (byEnd.Count > (2 * byId.Count) + 1_000)
        {
            byEnd.Clear();
            byEnd.EnqueueRange(byId.Values.Select(entry => (entry, entry.Item.Expires)));
        }
    }

    /// <summary>What is kept about the same thing, or null.</summary>
    public MarketEntry? FindSame(MarketItem item) => item switch
    {
        ServiceAnnouncement service => services.GetValueOrDefault((service.Stake, service.Role)),
        HoldingAnnouncement holding => holdings.GetValueOrDefault(holding.Node),
        JobOffer offer => offers.GetValueOrDefault(offer.JobId),
        _ => null,
    };

    /// <summary>What goes for a new entry: others, or the entry itself where nothing lighter is there.</summary>
    private IEnumerable<MarketEntry?> Crowding(MarketEntry entry)
    {
        switch (entry.Item)
        {
            case ServiceAnnouncement when services.Count >= bounds.ServicesMax:
                yield return Lighter(servicesByStake.Min!, entry);
                break;
            case HoldingAnnouncement when holdings.Count >= bounds.HoldingsMax:
                yield return MostBrought(entry);
                break;
            case JobOffer offer:
                if (offersOf.TryGetValue(offer.ClientKey, out SortedSet<MarketEntry>? others)
                    && others.Count >= bounds.OffersPerClientMax)
                {
                    yield return Lighter(others.Min!, entry);
                }

                if (offers.Count >= bounds.OffersMax)
                {
                    yield return Lighter(offersByFee.Min!, entry);
                }

                break;
        }
    }

    private static MarketEntry Lighter(MarketEntry least, MarketEntry entry) =>
        ByWeight.Instance.Compare(least, entry) < 0 ? least : entry;

    /// <summary>The last one of the peer that brought the most; that peer itself gets no more room.</summary>
    private MarketEntry? MostBrought(MarketEntry entry)
    {
        (PeerId from, LinkedList<MarketEntry> most) = holdingsFrom.Where(pair => pair.Key != default)
            .OrderByDescending(pair => pair.Value.Count).ThenBy(pair => pair.Key.Number).FirstOrDefault();
        return most is null || (from == KeyOf(entry) && !entry.IsOwn) ? null : most.Last!.Value;
    }

    private static PeerId KeyOf(MarketEntry entry) => entry.From ?? default;

    private LinkedList<MarketEntry> FromOf(MarketEntry entry) => Get(holdingsFrom, KeyOf(entry), () => []);

    private SortedSet<MarketEntry> OffersOf(PublicKey client) =>
        Get(offersOf, client, () => new SortedSet<MarketEntry>(ByWeight.Instance));

    private static TValue Get<TKey, TValue>(Dictionary<TKey, TValue> all, TKey key, Func<TValue> make)
        where TKey : notnull
    {
        if (!all.TryGetValue(key, out TValue? found))
        {
            all[key] = found = make();
        }

        return found;
    }

    private static void Forget<TKey, TValue>(Dictionary<TKey, TValue> all, TKey key, int count)
        where TKey : notnull
    {
        if (count == 0)
        {
            all.Remove(key);
        }
    }
}
