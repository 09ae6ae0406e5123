using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Peers.Relay;

/// <summary>A transaction to ask for at once.</summary>
/// <param name="Peer">Whom to ask.</param>
/// <param name="Txid">What for.</param>
internal readonly record struct TransactionRequest(PeerId Peer, Txid Txid);

/// <summary>
/// Rule P-46: which announced transaction is asked of whom. One peer at a time is asked; where it does not answer in
/// time, or says that it has not got it, the next one that announced it is. So a peer that announces first and never
/// sends can delay a transaction, and never keep it away.
/// </summary>
internal sealed class TransactionRequests(PeerOptions options)
{
    private readonly Dictionary<Txid, Wanted> wanted = [];
    private readonly Dictionary<PeerId, Load> loads = [];
    private readonly PriorityQueue<Txid, TimeSpan> due = new();

    /// <summary>Transactions that were announced and have not come.</summary>
    public int Count => wanted.Count;

    /// <summary>Requests to a peer that it has not answered.</summary>
    public int InFlight(PeerId peer) => loads.TryGetValue(peer, out Load? load) ? load.InFlight : 0;

    /// <summary>Announcements of a peer that wait.</summary>
    public int Announced(PeerId peer) => loads.TryGetValue(peer, out Load? load) ? load.Txids.Count : 0;

    /// <summary>A peer says that it has a transaction that we lack.</summary>
    /// <param name="peer">The peer.</param>
    /// <param name="txid">The transaction.</param>
    /// <param name="delay">How long other peers are waited for: zero for peers that we chose ourselves.</param>
    /// <param name="now">The present.</param>
    /// <returns>False where the peer has announced too much already, and is not listened to.</returns>
    public bool Announce(PeerId peer, Txid txid, TimeSpan delay, TimeSpan now)
    {
        if (!loads.TryGetValue(peer, out Load? load))
        {
            loads[peer] = load = new Load();
        }

        if (load.Txids.Contains(txid))
        {
            return true;
        }

        if (load.Txids.Count >= options.TransactionsAnnouncedMax)
        {
            return false;
        }

        if (!wanted.TryGetValue(txid, out Wanted? entry))
        {
            if (wanted.Count >= options.TransactionsWantedMax)
            {
                return false;
            }

            wanted[txid] = entry = new Wanted();
        }

        if (entry.Candidates.Count >= options.TransactionCandidatesMax)
        {
            return true;
        }

        load.Txids.Add(txid);
        entry.Candidates.Add(new Candidate(peer, now + delay, delay == TimeSpan.Zero));
        due.Enqueue(txid, now + delay);
        return true;
    }

    /// <summary>What is due to be asked for; each is then in flight until it is answered or its time is over.</summary>
    public IReadOnlyList<TransactionRequest> Due(TimeSpan now)
    {
        List<TransactionRequest> requests = [];
        List<Txid> postponed = [];
        while (due.TryPeek(out Txid txid, out TimeSpan at) && at <= now)
        {
            due.Dequeue();
            if (!wanted.TryGetValue(txid, out Wanted? entry))
            {
                continue;
            }

            if (entry.Asked is { } asked)
            {
                if (entry.AskedUntil > now)
                {
                    continue;
                }

                Withdraw(asked, txid, entry);
            }

            if (entry.Candidates.Count > 0)
            {
                Ask(txid, entry, now, requests, postponed);
            }
        }

        foreach (Txid txid in postponed)
        {
            due.Enqueue(txid, now + options.TransactionRetry);
        }

        return requests;
    }

    /// <summary>A peer has answered that it has not got a transaction.</summary>
    public void NotFound(PeerId peer, Txid txid, TimeSpan now)
    {
        if (wanted.TryGetValue(txid, out Wanted? entry) && entry.Asked == peer)
        {
            Withdraw(peer, txid, entry);
            due.Enqueue(txid, now);
        }
    }

    /// <summary>A transaction has come, or is not wanted any more.</summary>
    /// <returns>True where the peer had been asked for it.</returns>
    public bool Forget(Txid txid, PeerId from = default)
    {
        if (!wanted.Remove(txid, out Wanted? entry))
        {
            return false;
        }

        if (entry.Asked is { } asked)
        {
            loads[asked].InFlight--;
        }

        foreach (Candidate candidate in entry.Candidates)
        {
            loads[candidate.Peer].Txids.Remove(txid);
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

        foreach (Txid txid in load.Txids.ToArray())
        {
            Withdraw(peer, txid, wanted[txid]);
            due.Enqueue(txid, now);
        }

        loads.Remove(peer);
    }

    private void Ask(
        Txid txid, Wanted entry, TimeSpan now, List<TransactionRequest> requests, List<Txid> postponed)
    {
        Candidate? best = null;
        bool anyReady = false;
        foreach (Candidate candidate in entry.Candidates)
        {
            bool ready = candidate.ReadyAt <= now;
            anyReady |= ready;
            if (ready && loads[candidate.Peer].InFlight < options.TransactionsInFlightMax
                && (best is null || (candidate.IsPreferred && !best.Value.IsPreferred)))
            {
                best = candidate;
            }
        }

        if (best is { } chosen)
        {
            entry.Asked = chosen.Peer;
            entry.AskedUntil = now + options.TransactionTimeout;
            loads[chosen.Peer].InFlight++;
            due.Enqueue(txid, entry.AskedUntil);
            requests.Add(new TransactionRequest(chosen.Peer, txid));
        }
        else if (anyReady)
        {
            postponed.Add(txid);
        }
    }

    /// <summary>A peer will not be asked for this one again.</summary>
    private void Withdraw(PeerId peer, Txid txid, Wanted entry)
    {
        Load load = loads[peer];
        if (entry.Asked == peer)
        {
            entry.Asked = null;
            load.InFlight--;
        }

        entry.Candidates.RemoveAll(candidate => candidate.Peer == peer);
        load.Txids.Remove(txid);
        if (entry.Candidates.Count == 0)
        {
            wanted.Remove(txid);
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
        public HashSet<Txid> Txids { get; } = [];

        public int InFlight { get; set; }
    }
}
