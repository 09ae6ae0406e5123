using Camelid.Chain.Blocks;
using Camelid.Chain.Peers.Sync;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Peers;
using Camelid.Protocol.Peers.Compact;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Peers.Relay;

/// <summary>
/// Rule P-42: a compact block is looked at once its header has its work and its place. What the mempool lacks is asked
/// of its sender; where short ids cannot be told apart, or the answer does not come in time, the whole block is.
/// </summary>
internal sealed class CompactRelay(
    PeerParts parts, HeaderSync headers, BlockDownload download, BlockArrivals arrivals, TransactionRelay transactions)
{
    /// <summary>Blocks ahead of the tip that are worth putting together; others are fetched in their turn.</summary>
    public const int AheadMax = 2;

    private readonly Dictionary<PeerId, Pending> pending = [];

    /// <summary>A compact block, pushed or asked for.</summary>
    public void OnCompact(Peer peer, CompactBlock compact)
    {
        bool isAsked = download.IsAsked(compact.Header.Hash, out PeerId asked);
        BlockEntry? entry = headers.Keep(peer, compact.Header);
        if (entry is not { HasBlock: false, IsRefused: false })
        {
            GiveUp(peer, compact.Header.Hash);
            return;
        }

        // One that was asked for is wanted, however much work it has: another may build on it.
        if (isAsked ? asked != peer.Id : !IsNear(entry) || !download.TryAsk(peer, entry.Hash))
        {
            // Somebody else is sending it, or this one has enough to send, or it is fetched in its turn.
            return;
        }

        RuleCode code = CompactReconstruction.Start(compact, AtHand(), out CompactReconstruction? reconstruction);
        if (code != RuleCode.Accepted)
        {
            AskWhole(peer, entry.Hash);
        }
        else if (reconstruction!.Question is { } question)
        {
            pending[peer.Id] = new Pending(entry.Hash, reconstruction, parts.Now);
            parts.Post.Send(peer, question);
        }
        else
        {
            Build(peer, reconstruction);
        }
    }

    /// <summary>What was missing of a compact block.</summary>
    public void OnMissing(Peer peer, BlockTxnMessage answer)
    {
        if (!pending.TryGetValue(peer.Id, out Pending? open) || open.Hash != answer.BlockHash)
        {
            // The block may have come from elsewhere since.
            peer.Traffic.Cost(UnaskedCost, parts.Now);
            return;
        }

        pending.Remove(peer.Id);
        RuleCode code = open.Reconstruction.Fill(answer);
        if (code == RuleCode.Accepted)
        {
            Build(peer, open.Reconstruction);
            return;
        }

        parts.Judge.Blame(peer, code);
        AskOthers(peer, open.Hash);
    }

    /// <summary>Asks for the whole block where what is missing does not come.</summary>
    public void Tick()
    {
        foreach ((PeerId id, Pending open) in pending.ToArray())
        {
            if (parts.Now - open.At > parts.Options.CompactTimeout)
            {
                pending.Remove(id);
                if (parts.Peers.TryFind(id, out Peer? peer))
                {
                    AskOthers(peer, open.Hash);
                }
            }
        }
    }

    /// <summary>The tip is another: what came in whole need not be put together.</summary>
    public void TipChanged()
    {
        foreach ((PeerId id, Pending open) in pending.ToArray())
        {
            if (parts.State.Read(reading => reading.Find(open.Hash)) is not { HasBlock: false })
            {
                pending.Remove(id);
            }
        }
    }

    /// <summary>A peer is gone.</summary>
    public void Gone(Peer peer) => pending.Remove(peer.Id);

    private const int UnaskedCost = 5;

    /// <summary>
    /// What was asked for in this form is fetched whole where it is wanted still: asked in the same form again, it
    /// could be given up for the same reason for ever.
    /// </summary>
    private void GiveUp(Peer peer, BlockHash hash)
    {
        if (!download.IsAsked(hash, out PeerId asked) || asked != peer.Id)
        {
            return;
        }

        if (parts.State.Read(reading => reading.Find(hash)) is { HasBlock: false, IsRefused: false })
        {
            AskWhole(peer, hash);
            return;
        }

        download.Withdraw(hash);
        download.Wake();
    }

    private bool IsNear(BlockEntry entry) => parts.State.Read(reading =>
        entry.Work > reading.Tip.Work && entry.Height <= reading.Tip.Height + AheadMax);

    private IEnumerable<Transaction> AtHand() =>
        parts.Setting.Pool.List().Select(entry => entry.Transaction).Concat(transactions.Orphans);

    private void Build(Peer peer, CompactReconstruction reconstruction)
    {
        if (reconstruction.Build(out Block? block) == RuleCode.Accepted)
        {
            arrivals.Take(peer, block!, isOwnWord: false);
        }
        else
        {
            AskWhole(peer, reconstruction.BlockHash);
        }
    }

    /// <summary>It stays the one that was asked, for the block as a whole.</summary>
    private void AskWhole(Peer peer, BlockHash hash) =>
        parts.Post.Send(peer, new GetDataMessage(new InventoryList([InventoryEntry.Of(hash)])));

    private void AskOthers(Peer peer, BlockHash hash)
    {
        BlockEntry? entry = parts.State.Read(reading => reading.Find(hash));
        download.Withdraw(hash);
        Peer? other = entry is null ? null : parts.Peers.Ready.Where(candidate => candidate != peer
            && candidate.ServesBlocks && candidate.Chain.Has(entry)).OrderBy(candidate => candidate.IsInbound)
            .FirstOrDefault();
        Peer asked = other ?? peer;
        if (asked.IsReady && download.TryAsk(asked, hash))
        {
            AskWhole(asked, hash);
        }
    }

    private sealed record Pending(BlockHash Hash, CompactReconstruction Reconstruction, TimeSpan At);
}
