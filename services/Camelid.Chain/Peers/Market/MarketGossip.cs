using Camelid.Chain.Peers.Limits;
using Camelid.Chain.Peers.Relay;
using Camelid.Protocol;
using Camelid.Protocol.Market;
using Camelid.Protocol.Peers;

namespace Camelid.Chain.Peers.Market;

/// <summary>
/// Rule P-60: the market goes by announcement, question and answer. What was judged and has stake or money behind it is
/// told to each peer once, at the moments at which transactions are (P-45), offers of high fee first; a new peer is
/// told all of it. One peer at a time is asked for an item, and what nobody asked for is not taken.
/// </summary>
internal sealed partial class MarketGossip(PeerParts parts, ILogger<MarketGossip> logger)
{
    /// <summary>Ids that are remembered as refused.</summary>
    public const int RefusedMax = 20_000;

    /// <summary>What an item costs its sender in reading pace (P-33): a signature is to be checked.</summary>
    private const int ItemCost = 2;

    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RetellInterval = TimeSpan.FromSeconds(30);

    private readonly MarketBacking backing = new(parts.State, parts.Setting.Pool);
    private readonly MarketWaiting waiting = new();
    private readonly RollingFilter refused = new(RefusedMax, parts.Nonce());
    private readonly Dictionary<PeerId, MarketPeer> peers = [];
    private readonly ItemRequests<InventoryEntry> requests = new(RequestBounds.OfTransactions(parts.Options) with
    {
        WantedMax = new MarketBounds().ItemsMax,
    });

    private TimeSpan lookAt;
    private TimeSpan retellAt;

    /// <summary>What is known.</summary>
    public MarketTable Table { get; } = new(parts.Options.Market);

    /// <summary>Items that wait for stake or money.</summary>
    public int WaitingCount => waiting.Count;

    /// <summary>Items that were announced and have not come.</summary>
    public int WantedCount => requests.Count;

    /// <summary>A handshake is done: the peer will be told what is known, the heaviest first.</summary>
    public void Start(Peer peer)
    {
        if (peer.RelaysAll && (peer.Theirs!.Services & PeerServices.Relay) != 0)
        {
            MarketPeer told = new(parts.Nonce());
            peers[peer.Id] = told;
            foreach (MarketEntry entry in Table.All)
            {
                told.Tell(entry, Table.Bounds.ItemsMax);
            }
        }
    }

    /// <summary>A peer says that it has an item.</summary>
    public void OnAnnounced(Peer peer, InventoryEntry entry)
    {
        if (!peers.TryGetValue(peer.Id, out MarketPeer? told))
        {
            parts.Judge.Blame(peer, RuleCode.PeerUnasked);
            return;
        }

        told.Known.Add(entry.Hash);
        if (Table.Find(entry.Hash) is null && !waiting.Contains(entry.Hash) && !refused.Contains(entry.Hash))
        {
            requests.Announce(peer.Id, entry, TimeSpan.Zero, parts.Now);
        }
    }

    /// <summary>An item from a peer.</summary>
    public void OnItem(Peer peer, MarketItem item)
    {
        InventoryEntry entry = InventoryEntry.Of(item.Kind, item.Id);
        peer.Traffic.Cost(ItemCost, parts.Now);
        if (!requests.Forget(entry, peer.Id))
        {
            // An answer that comes after others were asked is late, not wrong.
            bool isLate = peers.TryGetValue(peer.Id, out MarketPeer? told) && told.Known.Contains(entry.Hash);
            parts.Judge.Blame(peer, isLate ? RuleCode.Accepted : RuleCode.PeerUnasked);
            return;
        }

        RuleCode code = Table.CheckNews(item);
        if (code == RuleCode.Accepted)
        {
            code = MarketRules.Check(item, parts.Identity.Genesis, parts.Clock.UnixSeconds, parts.Identity.Curve);
        }

        if (code == RuleCode.Accepted)
        {
            code = Place(item, peer.Id);
        }

        if (IsOnItsWay(code) && waiting.TryAdd(item, entry.Hash, peer.Id, parts.Now))
        {
            return;
        }

        Settle(entry, peer, code);
    }

    /// <summary>A peer has not got what it announced.</summary>
    public void OnNotFound(Peer peer, InventoryEntry entry) => requests.NotFound(peer.Id, entry, parts.Now);

    /// <summary>Keeps and tells an item of this node, where stake or money is behind it.</summary>
    public RuleCode Publish(MarketItem own)
    {
        RuleCode code = MarketRules.Check(
            own, parts.Identity.Genesis, parts.Clock.UnixSeconds, parts.Identity.Curve);
        return code == RuleCode.Accepted ? Place(own, null) : code;
    }

    /// <summary>Neighbours that are told of the market.</summary>
    public int ToldCount => peers.Count;

    /// <summary>Asks, looks, tells, forgets: what is due.</summary>
    public void Tick()
    {
        Table.Expire(parts.Clock.UnixSeconds);
        AskDue();
        waiting.Look(parts.Now, WaitsOn);
        if (lookAt <= parts.Now)
        {
            lookAt = parts.Now + LookInterval;
            LookAgain();
        }

        Retell();
        foreach (Peer peer in parts.Peers.Ready.Where(peer => peer.Inventory.AnnounceAt <= parts.Now).ToArray())
        {
            if (peers.TryGetValue(peer.Id, out MarketPeer? told) && !parts.Post.IsFull(peer))
            {
                Send(peer, told.Take(parts.Options.TrickleMax));
            }
        }
    }

    /// <summary>Asks for what is due now.</summary>
    public void AskDue()
    {
        foreach (IGrouping<PeerId, ItemRequest<InventoryEntry>> group in
            requests.Due(parts.Now).GroupBy(due => due.Peer))
        {
            if (parts.Peers.TryFind(group.Key, out Peer? peer))
            {
                parts.Post.Send(peer, new GetDataMessage(new InventoryList(group.Select(due => due.Item))));
            }
        }
    }

    /// <summary>The tip is another: what was refused may be good now, and stakes may be spent.</summary>
    public void TipChanged()
    {
        refused.Clear();
        lookAt = parts.Now;
    }

    /// <summary>A peer is gone.</summary>
    public void Gone(Peer peer)
    {
        peers.Remove(peer.Id);
        requests.Forget(peer.Id, parts.Now);
    }

    private static bool IsOnItsWay(RuleCode code) =>
        code is RuleCode.MarketStakeUnknown or RuleCode.OfferTransactionUnknown;

    /// <summary>Judges an item by the chain, keeps it, and lets it be told to all but who brought it.</summary>
    private RuleCode Place(MarketItem item, PeerId? from)
    {
        RuleCode code = backing.Check(item, out MarketStake stake);
        if (code != RuleCode.Accepted)
        {
            return code;
        }

        MarketEntry entry = new(item, from) { Stake = stake };
        code = Table.Add(entry);
        if (code == RuleCode.Accepted)
        {
            foreach (MarketPeer told in peers.Values)
            {
                told.Tell(entry, Table.Bounds.ItemsMax);
            }
        }

        return code;
    }

    private bool WaitsOn(MarketItem item, PeerId from, bool isOver)
    {
        RuleCode code = item.Expires <= parts.Clock.UnixSeconds ? RuleCode.MarketExpired : Place(item, from);
        if (IsOnItsWay(code) && !isOver)
        {
            return true;
        }

        parts.Peers.TryFind(from, out Peer? peer);
        Settle(InventoryEntry.Of(item.Kind, item.Id), peer, code);
        return false;
    }

    /// <summary>
    /// What was refused is not asked for again until the tip changes, and costs what it costs. What only lacked its J0
    /// or stake may be told again: on a slow node both may have been on their way for longer.
    /// </summary>
    private void Settle(InventoryEntry entry, Peer? peer, RuleCode code)
    {
        if (code == RuleCode.Accepted)
        {
            return;
        }

        if (!IsOnItsWay(code))
        {
            refused.Add(entry.Hash);
        }

        if (peer is not null)
        {
            LogRefused(entry.Kind, peer.Id, code.ToReason());
            parts.Judge.Blame(peer, code);
        }
    }

    /// <summary>A stake that was spent and an offer that was taken or given up are told no more.</summary>
    private void LookAgain()
    {
        foreach (MarketEntry entry in Table.Services.Concat(Table.Offers).ToArray())
        {
            RuleCode code = backing.Check(entry.Item, out MarketStake stake);
            if (code != RuleCode.Accepted)
            {
                Table.Remove(entry);
                refused.Add(entry.Id);
            }
            else if (stake != entry.Stake)
            {
                Table.Revalue(entry, stake);
            }
        }
    }

    /// <summary>A peer may have refused what this node says because it was behind: it is told again.</summary>
    private void Retell()
    {
        if (retellAt > parts.Now)
        {
            return;
        }

        retellAt = parts.Now + RetellInterval;
        MarketEntry[] own = [.. Table.All.Where(entry => entry.IsOwn).OrderBy(entry => entry.Id)];
        foreach (Peer peer in parts.Peers.Ready.Where(peer => peers.ContainsKey(peer.Id)).ToArray())
        {
            Send(peer, own.Take(parts.Options.TrickleMax));
        }
    }

    private void Send(Peer peer, IEnumerable<MarketEntry> entries)
    {
        InventoryEntry[] list = [.. entries.Select(entry => InventoryEntry.Of(entry.Item.Kind, entry.Id))];
        if (list.Length > 0)
        {
            parts.Post.Send(peer, new InvMessage(new InventoryList(list)));
        }
    }

    [LoggerMessage(1171, LogLevel.Debug, "{Kind} of peer {Peer} refused: {Reason}")]
    private partial void LogRefused(InventoryKind kind, PeerId peer, string reason);
}
