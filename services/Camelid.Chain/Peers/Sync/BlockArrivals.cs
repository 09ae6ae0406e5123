using Camelid.Chain.Blocks;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;

namespace Camelid.Chain.Peers.Sync;

/// <summary>
/// Rule P-39: hands blocks of peers to the chain and judges who sent them. A block counts against its sender where it
/// breaks a rule; transactions that do not belong to their header count against the sender alone, never against the
/// block. Blocks ahead of the clock are held by the chain.
/// </summary>
internal sealed class BlockArrivals(PeerParts parts, BlockDownload download)
{
    /// <summary>Senders that are remembered until their blocks are connected.</summary>
    public const int SendersMax = 4_096;

    private readonly Dictionary<BlockHash, PeerId> senders = [];
    private readonly Queue<BlockHash> order = [];

    /// <summary>Called where a peer gave the block that became the tip, and we had asked nobody.</summary>
    public Action<Peer>? GaveTip { get; set; }

    /// <summary>A whole block from a peer.</summary>
    /// <param name="peer">The sender.</param>
    /// <param name="block">The block.</param>
    /// <param name="isOwnWord">
    /// False where the sender passed a compact block on, which others do before they have judged it: then it is not
    /// blamed for what the rules say of its transactions.
    /// </param>
    public void Take(Peer peer, Block block, bool isOwnWord)
    {
        bool wasAsked = download.Arrived(peer, block.Hash);
        if (!wasAsked && !IsWelcome(block))
        {
            parts.Judge.Blame(peer, RuleCode.PeerUnasked);
            return;
        }

        Remember(block.Hash, peer.Id);
        BlockAcceptance acceptance = parts.Setting.Core.Submit(block);
        foreach ((BlockEntry entry, RuleCode code) in acceptance.Refused)
        {
            BlameSender(entry.Hash, code, isOwnWord);
        }

        if (acceptance.Code == RuleCode.BlockNotStored)
        {
            download.Pause();
        }
        else if (acceptance.Code is not (RuleCode.Accepted or RuleCode.BlockTimeTooLate or RuleCode.WrongPreviousBlock))
        {
            BlameSender(block.Hash, acceptance.Code, isOwnWord);
        }
        else if (acceptance.Connected.Count > 0)
        {
            peer.Chain.LastNewAt = parts.Now;
            if (acceptance.Connected[^1].Hash == block.Hash)
            {
                GaveTip?.Invoke(peer);
            }
        }

        if (acceptance.Refused.Count > 0 || acceptance.Code is not RuleCode.Accepted)
        {
            ForgetRefused();
        }
    }

    /// <summary>
    /// A block that nobody was asked for is judged where its header is known and it may matter: else such blocks could
    /// fill the disk with branches that nobody wants.
    /// </summary>
    private bool IsWelcome(Block block) => parts.State.Read(reading =>
        reading.Find(block.Hash) is { IsRefused: false } entry && entry.Work >= reading.Tip.Work
            && entry.Height <= reading.Tip.Height + parts.Options.BlockWindow);

    private void BlameSender(BlockHash hash, RuleCode code, bool isOwnWord)
    {
        if (senders.TryGetValue(hash, out PeerId id) && parts.Peers.TryFind(id, out Peer? sender)
            && (isOwnWord || code is RuleCode.ProofOfWorkTooLow or RuleCode.WrongBits))
        {
            parts.Judge.BlameForBlock(sender, code);
        }
    }

    /// <summary>A chain that broke a rule is nobody's best any more.</summary>
    private void ForgetRefused()
    {
        foreach (Peer peer in parts.Peers.Ready)
        {
            if (peer.Chain.Best is { IsRefused: true })
            {
                peer.Chain.ForgetBest();
            }
        }
    }

    private void Remember(BlockHash hash, PeerId peer)
    {
        if (senders.TryAdd(hash, peer))
        {
            order.Enqueue(hash);
        }
        else
        {
            senders[hash] = peer;
        }

        while (order.Count > SendersMax)
        {
            senders.Remove(order.Dequeue());
        }
    }
}
