using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Peers.Relay;

/// <summary>Something to ask for at once.</summary>
/// <param name="Peer">Whom to ask.</param>
/// <param name="Item">What for.</param>
internal readonly record struct ItemRequest<T>(PeerId Peer, T Item);

/// <summary>How much is asked for at a time, and how long is waited.</summary>
internal sealed record RequestBounds
{
    /// <summary>How long an answer is waited for.</summary>
    public required TimeSpan Timeout { get; init; }

    /// <summary>When to try again where every peer has enough to answer.</summary>
    public required TimeSpan Retry { get; init; }

    /// <summary>Items that a peer is asked for at a time.</summary>
    public required int InFlightMax { get; init; }

    /// <summary>Announcements of a peer that wait.</summary>
    public required int AnnouncedMax { get; init; }

    /// <summary>Items that were announced and have not come, of all peers.</summary>
    public required int WantedMax { get; init; }

    /// <summary>Peers that are remembered for one item.</summary>
    public required int CandidatesMax { get; init; }

    /// <summary>Those of transactions.</summary>
    public static RequestBounds OfTransactions(PeerOptions options) => new()
    {
        Timeout = options.TransactionTimeout,
        Retry = options.TransactionRetry,
        InFlightMax = options.TransactionsInFlightMax,
        AnnouncedMax = options.TransactionsAnnouncedMax,
        WantedMax = options.TransactionsWantedMax,
        CandidatesMax = options.TransactionCandidatesMax,
    };
}

/// <summary>Rule P-46 for transactions.</summary>
internal sealed class TransactionRequests(PeerOptions options)
    : ItemRequests<Txid>(RequestBounds.OfTransactions(options));

/// <summary>
/// Rule P-46: which announced item is asked of whom. One peer at a time is asked; where it does not answer in
/// time, or says that it has not got it, the next one that announced it is. So a peer that announces first and never
/// sends can delay an item, and never keep it away.
/// </summary>
internal class ItemRequests<T>(RequestBounds bounds)
    where T : struct, IEquatable<T>
{
    private readonly Dictionary<T, Wanted> wanted = [];
    private readonly Dictionary<PeerId, Load> loads = [];
    private readonly PriorityQueue<T, TimeSpan> due = new();

    /// <summary>Items that were announced and have not come.</summary>
    public int Count => wanted.Count;

    /// <summary>Requests to a peer that it has not answered.</summary>
    public int InFlight(PeerId peer) => loads.TryGetValue(peer, out Load? load) ? load.InFlight : 0;

    /// <summary>Announcements of a peer that wait.</summary>
    public int Announced(PeerId peer) => loads.TryGetValue(peer, out Load? load) ? load.Items.Count : 0;

    /// <summary>A peer says that it has an item that we lack.</summary>
    /// <param name="peer">The peer.</param>
    /// <param name="item">The item.</param>
    /// <param name="delay">How long other peers are waited for: zero for peers that we chose ourselves.</param>
    /// <param name="now">The present.</param>
    /// <returns>False where the peer has announced too much already, and is not listened to.</returns>
    public bool Announce(PeerId peer, T item, TimeSpan delay, TimeSpan now)
    {
        if (!loads.TryGetValue(peer, out Load? load))
        {
            loads[peer] = load = new Load();
        }

        if (load.Items.Contains(item))
        {
            return true;
        }

        if (load.Items.Count >= bounds.AnnouncedMax)
        {
            return false;
        }

        if (!wanted.TryGetValue(item, out Wanted? entry))
        {
            if (wanted.Count >= bounds.WantedMax)
            {
                return false;
            }

            wanted[item] = entry = new Wanted();
        }

        if (entry.Candidates.Count >= bounds.CandidatesMax)
        {
            return true;
        }

        load.Items.Add(item);
        entry.Candidates.Add(new Candidate(peer, now + delay, delay == TimeSpan.Zero));
        due.Enqueue(item, now + delay);
        return true;
    }

    /// <summary>What is due to be asked for; each is then in flight until it is answered or its time is over.</summary>
    public IReadOnlyList<ItemRequest<T>> Due(TimeSpan now)
    {
        List<ItemRequest<T>> requests = [];
        List<T> postponed = [];
        while (due.TryPeek(out T item, out TimeSpan at) && at <= now)
        {
            due.Dequeue();
            if (!wanted.TryGetValue(item, out Wanted? entry))
            {
                continue;
            }

            if (entry.Asked is { } asked)
            {
                if (entry.AskedUntil > now)
                {
                    continue;
                }

                Withdraw(asked, item, entry);
            }

            if (entry.Candidates.Count > 0)
            {
                Ask(item, entry, now, requests, postponed);
            }
        }

        foreach (T item in postponed)
        {
            due.Enqueue(item, now + bounds.Retry);
        }

        return requests;
    }

    /// <summary>A peer has answered that it has not got an item.</summary>
    public void NotFound(PeerId peer, T item, TimeSpan now)
    {
        if (wanted.TryGetValue(item, out Wanted? entry) && entry.Asked == peer)
        {
            Withdraw(peer, item, entry);
            due.Enqueue(item, now);
        }
    }

    /// <summary>An item has come, or is not wanted any more.</summary>
    /// <returns>True where the peer had been asked for it.</returns>
    public bool Forget(T item, PeerId from = default)
    {
        if (!wanted.Remove(item, out Wanted? entry))
        {
            return false;
        }

        if (entry.Asked is { } asked)
        {
            loads[asked].InFlight--;
        }

        foreach (Candidate candidate in entry.Candidates)
        {
            loads[candidate.Peer].Items.Remove(item);
        }

        return entry.Asked == from;
    }

    /// <summary>A peer is gone: what was asked of it is asked of others.</summary>
    public void Forget(PeerId peer, TimeSpan now)
    {
        if (!loads.TryGetValue(peer, out Load? load))
        {
            return;
        }

        foreach (T item in load.Items.ToArray())
        {
            Withdraw(peer, item, wanted[item]);
            due.Enqueue(item, now);
        }

        loads.Remove(peer);
    }

    private void Ask(
        T item, Wanted entry, TimeSpan now, List<ItemRequest<T>> requests, List<T> postponed)
    {
        Candidate? best = null;
        bool anyReady = false;
        foreach (Candidate candidate in entry.Candidates)
        {
            bool ready = candidate.ReadyAt <= now;
            anyReady |= ready;
            if (ready && loads[candidate.Peer].InFlight < bounds.InFlightMax
                && (best is null || (candidate.IsPreferred && !best.Value.IsPreferred)))
            {
                best = candidate;
            }
        }

        if (best is { } chosen)
        {
            entry.Asked = chosen.Peer;
            entry.AskedUntil = now + bounds.Timeout;
            loads[chosen.Peer].InFlight++;
            due.Enqueue(item, entry.AskedUntil);
            requests.Add(new ItemRequest<T>(chosen.Peer, item));
        }
        else if (anyReady)
        {
            postponed.Add(item);
        }
    }

    /// <summary>A peer will not be asked for this one again.</summary>
    private void Withdraw(PeerId peer, T item, Wanted entry)
    {
        Load load = loads[peer];
        if (entry.Asked == peer)
        {
            entry.Asked = null;
            load.InFlight--;
        }

        entry.Candidates.RemoveAll(candidate => candidate.Peer == peer);
        load.Items.Remove(item);
        if (entry.Candidates.Count == 0)
        {
            wanted.Remove(item);
        }
    }

    private readonly record struct Candidate(PeerId Peer, TimeSpan ReadyAt, bool IsPreferred);

    private sealed class Wanted
    {
        public List<Candidate> Candidates { get; } = [];

        public PeerId? Asked { get; set; }

        public TimeSpan AskedUntil { get; set; }
    }

    private sealed class Load
    {
        public HashSet<T> Items { get; } = [];

        public int InFlight { get; set; }
    }
}
