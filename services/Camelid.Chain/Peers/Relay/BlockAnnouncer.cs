using Camelid.Chain.Blocks;
using Camelid.Protocol.Peers;
using Camelid.Protocol.Peers.Compact;

namespace Camelid.Chain.Peers.Relay;

/// <summary>
/// Rule P-41: tells of blocks that have joined the active chain, which therefore are judged and on the disk: pushed as
/// a compact block to whom asked for that, else by their headers, else by the hash of the tip. Nothing is told while we
/// ourselves are far behind.
/// </summary>
internal sealed class BlockAnnouncer(PeerParts parts)
{
    /// <summary>Headers in one announcement; more blocks at once are told by the tip's hash alone.</summary>
    public const int HeadersMax = 8;

    /// <summary>Blocks that we lack of the best chain known, from which on nothing is told.</summary>
    public const int BehindMax = 8;

    /// <summary>Peers that push compact blocks to us, the latest useful one last.</summary>
    private readonly List<PeerId> pushers = [];

    /// <summary>The active chain has changed.</summary>
    public void Announce(BlockAcceptance change)
    {
        if (change.Connected.Count == 0)
        {
            return;
        }

        (BlockEntry tip, int behind) = parts.State.Read(
            reading => (reading.Tip, reading.BestHeader.Height - reading.Tip.Height));
        if (tip != change.Connected[^1] || behind > BehindMax)
        {
            // A later change tells of it, or nobody is to hear of it yet.
            return;
        }

        byte[]? push = null;
        foreach (Peer peer in parts.Peers.Ready.Where(peer => !peer.Chain.Has(tip)).ToArray())
        {
            if (peer.Kind is PeerKind.Feeler or PeerKind.Seed)
            {
                continue;
            }

            if (peer.Chain.WantsPush && tip.Parent is { } parent && peer.Chain.Has(parent)
                && (push ??= Compact(tip)) is { } bytes)
            {
                parts.Post.Send(peer, bytes);
            }
            else
            {
                Tell(peer, change.Connected);
            }

            peer.Chain.LastTold = tip;
        }
    }

    /// <summary>A block in its compact form, or null where the disk has lost it.</summary>
    private byte[]? Compact(BlockEntry entry) => parts.State.TryReadBlock(entry) is { } block
        ? parts.Post.Frame(new CmpctBlockMessage(CompactBlockEncoding.Encode(block, parts.Nonce())))
        : null;

    /// <summary>A peer asks how it wants to be told.</summary>
    public static void OnSendCompact(Peer peer, SendCmpctMessage message)
    {
        if (message.Version == SendCmpctMessage.VersionCurrent)
        {
            peer.Chain.ReadsCompact = true;
            peer.Chain.WantsPush = message.Announce;
        }
    }

    /// <summary>A peer was the first to give us a tip: it may push the next one.</summary>
    public void GaveTip(Peer peer)
    {
        if (!peer.Chain.ReadsCompact || (pushers.Count > 0 && pushers[^1] == peer.Id))
        {
            return;
        }

        pushers.Remove(peer.Id);
        pushers.Add(peer.Id);
        if (!peer.Chain.PushesToUs)
        {
            peer.Chain.PushesToUs = true;
            parts.Post.Send(peer, new SendCmpctMessage(true, SendCmpctMessage.VersionCurrent));
        }

        while (pushers.Count > parts.Options.CompactPushersMax)
        {
            if (parts.Peers.TryFind(pushers[0], out Peer? last))
            {
                last.Chain.PushesToUs = false;
                parts.Post.Send(last, new SendCmpctMessage(false, SendCmpctMessage.VersionCurrent));
            }

            pushers.RemoveAt(0);
        }
    }

    /// <summary>A peer is gone.</summary>
    public void Gone(Peer peer) => pushers.Remove(peer.Id);

    private void Tell(Peer peer, IReadOnlyList<BlockEntry> connected)
    {
        BlockEntry[] unknown = [.. connected.SkipWhile(peer.Chain.Has)];
        bool links = unknown.Length <= HeadersMax && unknown[0].Parent is { } parent && peer.Chain.Has(parent);
        parts.Post.Send(peer, peer.Chain.WantsHeaders && links
            ? new HeadersMessage(unknown.Select(entry => entry.Header))
            : new InvMessage(new InventoryList([InventoryEntry.Of(connected[^1].Hash)])));
    }
}
