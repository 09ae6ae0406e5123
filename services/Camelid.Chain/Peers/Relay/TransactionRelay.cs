using Camelid.Chain.Mempool;
using Camelid.Chain.Peers.Limits;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Peers;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Peers.Relay;

/// <summary>
/// Rule P-45: transactions go by announcement, question and answer. What the mempool took is told to each peer at
/// moments of its own, drawn at random, so that nobody learns from whom a transaction came; once to each peer, and not
/// below the price that it asked for.
/// </summary>
internal sealed partial class TransactionRelay(PeerParts parts, ILogger<TransactionRelay> logger)
{
    /// <summary>Transactions that are remembered as refused, or as being in a block.</summary>
    public const int SettledMax = 50_000;

    /// <summary>Own transactions that are told again.</summary>
    public const int OwnMax = 1_000;

    private const int UnaskedCost = 5;

    private readonly TransactionRequests requests = new(parts.Options);
    private readonly OrphanPool orphans = new(parts.Options, parts.Random);
    private readonly RollingFilter refused = new(SettledMax, parts.Nonce());
    private readonly RollingFilter mined = new(SettledMax, parts.Nonce());
    private readonly HashSet<Txid> own = [];
    private TimeSpan rebroadcastAt;

    /// <summary>Transactions whose parents are missing.</summary>
    public int OrphanCount => orphans.Count;

    /// <summary>Those transactions.</summary>
    public IEnumerable<Transaction> Orphans => orphans.All;

    /// <summary>Transactions that were announced and have not come.</summary>
    public int WantedCount => requests.Count;

    /// <summary>A handshake is done.</summary>
    public void Start(Peer peer)
    {
        peer.Inventory.WantsTransactions = peer.RelaysAll && peer.Theirs!.WantsTransactions;
        peer.Inventory.AnnounceAt = parts.Now + Pause(peer);
        TellFeeFilter(peer);
    }

    /// <summary>A peer says that it has a transaction.</summary>
    public void OnAnnounced(Peer peer, Txid txid)
    {
        if (!peer.RelaysAll)
        {
            parts.Judge.Blame(peer, RuleCode.PeerUnasked);
            return;
        }

        peer.Inventory.Known.Add(txid.Value);
        if (!IsSettled(txid))
        {
            requests.Announce(
                peer.Id, txid, peer.IsInbound ? parts.Options.InboundTransactionDelay : TimeSpan.Zero, parts.Now);
        }
    }

    /// <summary>A transaction from a peer.</summary>
    public void OnTransaction(Peer peer, Transaction transaction)
    {
        if (!peer.RelaysAll)
        {
            parts.Judge.Blame(peer, RuleCode.PeerUnasked);
            return;
        }

        // What it was not asked for is judged all the same, but no faster than such messages are allowed.
        peer.Inventory.Known.Add(transaction.Txid.Value);
        bool wasAsked = requests.Forget(transaction.Txid, peer.Id);
        peer.Traffic.Cost(wasAsked ? 0 : UnaskedCost, parts.Now);

        if (!IsSettled(transaction.Txid))
        {
            Judge(peer, transaction);
        }
    }

    /// <summary>A peer has not got what it announced.</summary>
    public void OnNotFound(Peer peer, Txid txid) => requests.NotFound(peer.Id, txid, parts.Now);

    /// <summary>A peer asks for what the mempool holds.</summary>
    public void OnMempool(Peer peer)
    {
        if (!parts.Options.ServesMempool || !peer.Inventory.WantsTransactions)
        {
            parts.Judge.Blame(peer, RuleCode.PeerAsksTooMuch);
            return;
        }

        peer.Inventory.AnnouncedSequence = 0;
        peer.Inventory.AnnounceAt = parts.Now;
    }

    /// <summary>A transaction of our own waits: it is told again until it does not.</summary>
    public void NoteOwn(Txid txid)
    {
        if (own.Count < OwnMax)
        {
            own.Add(txid);
        }
    }

    /// <summary>A block joined the active chain.</summary>
    public void Connected(Block block)
    {
        foreach (Transaction transaction in block.Transactions)
        {
            mined.Add(transaction.Txid.Value);
            requests.Forget(transaction.Txid);
            own.Remove(transaction.Txid);
        }

        orphans.Remove(block);
    }

    /// <summary>The tip is another: what was refused may be good now.</summary>
    public void TipChanged(bool isReorg)
    {
        refused.Clear();
        if (isReorg)
        {
            mined.Clear();
        }
    }

    /// <summary>Asks, announces, forgets: what is due.</summary>
    public void Tick()
    {
        AskDue();
        orphans.Expire(parts.Now);
        Rebroadcast();
        foreach (Peer peer in parts.Peers.Ready.Where(peer => peer.Inventory.AnnounceAt <= parts.Now).ToArray())
        {
            peer.Inventory.AnnounceAt = parts.Now + Pause(peer);
            if (peer.Inventory.WantsTransactions && !parts.Post.IsFull(peer))
            {
                Announce(peer);
            }

            if (peer.Inventory.FeeFilterAt <= parts.Now)
            {
                TellFeeFilter(peer);
            }
        }
    }

    /// <summary>Asks for what is due now.</summary>
    public void AskDue()
    {
        foreach (IGrouping<PeerId, ItemRequest<Txid>> group in requests.Due(parts.Now).GroupBy(due => due.Peer))
        {
            if (parts.Peers.TryFind(group.Key, out Peer? peer))
            {
                parts.Post.Send(peer, new GetDataMessage(new InventoryList(
                    group.Select(due => InventoryEntry.Of(due.Item)))));
            }
        }
    }

    /// <summary>A peer is gone.</summary>
    public void Gone(Peer peer)
    {
        requests.Forget(peer.Id, parts.Now);
        orphans.Remove(peer.Id);
    }

    private bool IsSettled(Txid txid) => parts.Setting.Pool.TryFind(txid, out PoolEntry? _) || orphans.Contains(txid)
        || refused.Contains(txid.Value) || mined.Contains(txid.Value);

    private void Judge(Peer peer, Transaction transaction)
    {
        Queue<(PeerId From, Transaction Transaction)> open = new([(peer.Id, transaction)]);
        while (open.TryDequeue(out (PeerId From, Transaction Transaction) next))
        {
            orphans.Remove(next.Transaction.Txid);
            PoolVerdict verdict = parts.Setting.Pool.Accept(next.Transaction);
            if (verdict.IsAccepted)
            {
                if (parts.Peers.TryFind(next.From, out Peer? giver))
                {
                    giver.Inventory.LastNewAt = parts.Now;
                }

                foreach (Orphan child in orphans.ChildrenOf(next.Transaction))
                {
                    open.Enqueue((child.From, child.Transaction));
                }
            }
            else
            {
                Refuse(next.From, next.Transaction, verdict);
            }
        }
    }

    private void Refuse(PeerId from, Transaction transaction, PoolVerdict verdict)
    {
        parts.Peers.TryFind(from, out Peer? peer);
        if (verdict.Blame == PoolBlame.MissingInput)
        {
            LetWait(peer, transaction);
            return;
        }

        refused.Add(transaction.Txid.Value);
        LogRefused(transaction.Txid, from, verdict.Reason);
        if (verdict.Blame == PoolBlame.Invalid && peer is not null)
        {
            parts.Judge.Blame(peer, verdict.Code);
        }
    }

    /// <summary>Its parents are asked of who sent it; without them it would wait for nothing.</summary>
    private void LetWait(Peer? peer, Transaction transaction)
    {
        IReadOnlyList<Txid> parents = parts.Setting.Pool.MissingParents(transaction);
        if (peer is null || parents.Any(parent => refused.Contains(parent.Value)))
        {
            refused.Add(transaction.Txid.Value);
            return;
        }

        orphans.Add(transaction, peer.Id, parts.Now);
        foreach (Txid parent in parents.Where(parent => !orphans.Contains(parent)))
        {
            peer.Inventory.Known.Add(parent.Value);
            requests.Announce(peer.Id, parent, TimeSpan.Zero, parts.Now);
        }
    }

    private void Announce(Peer peer)
    {
        List<InventoryEntry> list = [];
        long sequence = peer.Inventory.AnnouncedSequence;
        foreach (PoolEntry entry in parts.Setting.Pool.ArrivedAfter(sequence, parts.Options.TrickleMax))
        {
            sequence = entry.Sequence;
            if (entry.Rate.GrainsPerKilobyte >= peer.Inventory.FeeFilter
                && !peer.Inventory.Known.Contains(entry.Txid.Value))
            {
                peer.Inventory.Known.Add(entry.Txid.Value);
                list.Add(InventoryEntry.Of(entry.Txid));
            }
        }

        peer.Inventory.AnnouncedSequence = sequence;
        if (list.Count > 0)
        {
            parts.Post.Send(peer, new InvMessage(new InventoryList(list)));
        }
    }

    private void Rebroadcast()
    {
        if (rebroadcastAt > parts.Now)
        {
            return;
        }

        bool isFirst = rebroadcastAt == TimeSpan.Zero;
        rebroadcastAt = parts.Now + parts.Options.RebroadcastInterval + parts.Exponential(parts.Options.TrickleInbound);
        own.RemoveWhere(txid => !parts.Setting.Pool.TryFind(txid, out PoolEntry? _));
        if (isFirst || own.Count == 0)
        {
            return;
        }

        InvMessage message = new(new InventoryList(own.Order().Select(InventoryEntry.Of)));
        foreach (Peer peer in parts.Peers.Ready.Where(peer => peer.Inventory.WantsTransactions).ToArray())
        {
            parts.Post.Send(peer, message);
        }
    }

    private TimeSpan Pause(Peer peer) => parts.Exponential(
        peer.IsInbound ? parts.Options.TrickleInbound : parts.Options.TrickleOutbound);

    private void TellFeeFilter(Peer peer)
    {
        peer.Inventory.FeeFilterAt = parts.Now + parts.Options.FeeFilterInterval;
        long rate = parts.Setting.Pool.MinimumRate.GrainsPerKilobyte;
        if (peer.RelaysAll && rate != peer.Inventory.FeeFilterSent)
        {
            peer.Inventory.FeeFilterSent = rate;
            parts.Post.Send(peer, new FeeFilterMessage(rate));
        }
    }

    [LoggerMessage(1145, LogLevel.Debug, "Transaction {Txid} of peer {Peer} refused: {Reason}")]
    private partial void LogRefused(Txid txid, PeerId peer, string reason);
}
