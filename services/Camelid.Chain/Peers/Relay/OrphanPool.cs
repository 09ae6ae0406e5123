using Camelid.Protocol.Blocks;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Peers.Relay;

/// <summary>A transaction that spends what this node does not know yet.</summary>
/// <param name="Transaction">The transaction.</param>
/// <param name="From">Who sent it.</param>
/// <param name="ExpiresAt">When it is given up.</param>
internal sealed record Orphan(Transaction Transaction, PeerId From, TimeSpan ExpiresAt);

/// <summary>
/// Rule P-47: transactions whose parents are missing wait here: at most <see cref="PeerOptions.OrphansMax"/> of them,
/// each as large as a transaction may be, for <see cref="PeerOptions.OrphanLife"/>. Where there are too many, the peer
/// that sent the most loses one, drawn at random: a flood pushes out itself.
/// </summary>
internal sealed class OrphanPool(PeerOptions options, Random random)
{
    private readonly Dictionary<Txid, Orphan> orphans = [];
    private readonly Dictionary<OutPoint, HashSet<Txid>> spenders = [];
    private readonly Dictionary<PeerId, List<Txid>> byPeer = [];

    /// <summary>Orphans that wait.</summary>
    public int Count => orphans.Count;

    /// <summary>The orphans.</summary>
    public IEnumerable<Transaction> All => orphans.Values.Select(orphan => orphan.Transaction);

    /// <summary>True where it waits here.</summary>
    public bool Contains(Txid txid) => orphans.ContainsKey(txid);

    /// <summary>Orphans that a peer has sent.</summary>
    public int CountOf(PeerId peer) => byPeer.TryGetValue(peer, out List<Txid>? sent) ? sent.Count : 0;

    /// <summary>Lets a transaction wait; others may have to go for it.</summary>
    public void Add(Transaction transaction, PeerId from, TimeSpan now)
    {
        if (!orphans.TryAdd(transaction.Txid, new Orphan(transaction, from, now + options.OrphanLife)))
        {
            return;
        }

        if (!byPeer.TryGetValue(from, out List<Txid>? sent))
        {
            byPeer[from] = sent = [];
        }

        sent.Add(transaction.Txid);
        foreach (TxInput input in transaction.Inputs)
        {
            if (!spenders.TryGetValue(input.Previous, out HashSet<Txid>? waiting))
            {
                spenders[input.Previous] = waiting = [];
            }

            waiting.Add(transaction.Txid);
        }

        while (orphans.Count > options.OrphansMax)
        {
            // Ties go to the lower number, so that a run can be repeated.
            List<Txid> most = byPeer.OrderByDescending(pair => pair.Value.Count).ThenBy(pair => pair.Key.Number)
                .First().Value;
            Remove(most[random.Next(most.Count)]);
        }
    }

    /// <summary>The orphans that spend an output of a transaction.</summary>
    public IReadOnlyList<Orphan> ChildrenOf(Transaction parent)
    {
        if (orphans.Count == 0)
        {
            return [];
        }

        HashSet<Txid> found = [];
        List<Orphan> children = [];
        for (int i = 0; i < parent.Outputs.Count; i++)
        {
            if (spenders.TryGetValue(new OutPoint(parent.Txid, (uint)i), out HashSet<Txid>? waiting))
            {
                children.AddRange(waiting.Where(found.Add).Order().Select(txid => orphans[txid]));
            }
        }

        return children;
    }

    /// <summary>Forgets an orphan; nothing where it is not here.</summary>
    public void Remove(Txid txid)
    {
        if (!orphans.Remove(txid, out Orphan? orphan))
        {
            return;
        }

        List<Txid> sent = byPeer[orphan.From];
        sent.Remove(txid);
        if (sent.Count == 0)
        {
            byPeer.Remove(orphan.From);
        }

        foreach (TxInput input in orphan.Transaction.Inputs)
        {
            if (spenders.TryGetValue(input.Previous, out HashSet<Txid>? waiting))
            {
                waiting.Remove(txid);
                if (waiting.Count == 0)
                {
                    spenders.Remove(input.Previous);
                }
            }
        }
    }

    /// <summary>Forgets what a peer that is gone has sent.</summary>
    public void Remove(PeerId peer)
    {
        if (byPeer.TryGetValue(peer, out List<Txid>? sent))
        {
            foreach (Txid txid in sent.ToArray())
            {
                Remove(txid);
            }
        }
    }

    /// <summary>Forgets what a block holds, and what spends the same as it.</summary>
    public void Remove(Block block)
    {
        if (orphans.Count == 0)
        {
            return;
        }

        foreach (TxInput input in block.Transactions.SelectMany(transaction => transaction.Inputs))
        {
            if (spenders.TryGetValue(input.Previous, out HashSet<Txid>? waiting))
            {
                foreach (Txid txid in waiting.ToArray())
                {
                    Remove(txid);
                }
            }
        }
    }

    /// <summary>Forgets those that waited too long.</summary>
    public void Expire(TimeSpan now)
    {
        foreach (Orphan orphan in orphans.Values.Where(orphan => orphan.ExpiresAt <= now).ToArray())
        {
            Remove(orphan.Transaction.Txid);
        }
    }
}
