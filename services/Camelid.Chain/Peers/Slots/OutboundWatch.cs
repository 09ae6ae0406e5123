using Camelid.Chain.Blocks;
using Camelid.Chain.Peers.Sync;
using Camelid.Protocol;

namespace Camelid.Chain.Peers.Slots;

/// <summary>
/// Rule P-50: peers of our choice must keep up. One that has less work than we for
/// <see cref="PeerOptions.BehindTimeout"/> is asked, and replaced where that brings nothing. Where no new tip came for
/// <see cref="PeerOptions.StaleTip"/>, everybody is asked for headers and one more connection is opened; when it is,
/// the one that gave a block the longest ago goes.
/// </summary>
internal sealed class OutboundWatch(PeerParts parts, OutboundSlots slots, HeaderSync headers)
{
    /// <summary>How long a peer that was asked because it is behind may take.</summary>
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromMinutes(2);

    /// <summary>A connection younger than this has not had its chance.</summary>
    private static readonly TimeSpan ChanceTime = TimeSpan.FromSeconds(30);

    private TimeSpan tipAt;
    private TimeSpan askedAt;

    /// <summary>The tip is another.</summary>
    public void TipChanged()
    {
        tipAt = parts.Now;
        slots.WantsExtra = false;
    }

    /// <summary>Looks at who is behind, and whether the tip is stale.</summary>
    public void Tick()
    {
        BlockEntry tip = parts.State.Read(reading => reading.Tip);
        foreach (Peer peer in parts.Peers.Ready.ToArray())
        {
            if (peer.Kind is PeerKind.Full or PeerKind.BlocksOnly)
            {
                Watch(peer, tip);
            }
        }

        if (parts.Now - tipAt > parts.Options.StaleTip && parts.Now - askedAt > parts.Options.StaleTip)
        {
            askedAt = parts.Now;
            slots.WantsExtra = parts.Options.Discovers;
            foreach (Peer peer in parts.Peers.Ready.Where(peer => peer.ServesBlocks).ToArray())
            {
                headers.Ask(peer);
            }
        }

        DropExtra();
    }

    private void Watch(Peer peer, BlockEntry tip)
    {
        if (peer.Chain.Best is { } best && best.Work >= tip.Work)
        {
            peer.Chain.BehindSince = null;
            peer.Chain.BehindAsked = false;
            return;
        }

        peer.Chain.BehindSince ??= parts.Now;
        TimeSpan behind = parts.Now - peer.Chain.BehindSince.Value;
        if (behind > parts.Options.BehindTimeout + AnswerTimeout)
        {
            parts.Judge.Close(peer, RuleCode.PeerBehind);
        }
        else if (behind > parts.Options.BehindTimeout && !peer.Chain.BehindAsked)
        {
            peer.Chain.BehindAsked = true;
            headers.Ask(peer);
        }
    }

    private void DropExtra()
    {
        Peer[] full = [.. parts.Peers.Ready.Where(peer => peer.Kind == PeerKind.Full)];
        if (full.Length <= parts.Options.FullOutboundMax)
        {
            return;
        }

        Peer? worst = full.Where(peer => parts.Now - peer.Since > ChanceTime)
            .OrderBy(peer => peer.Chain.LastNewAt).ThenByDescending(peer => peer.Id.Number).FirstOrDefault();
        if (worst is not null)
        {
            parts.Judge.Close(worst, RuleCode.PeerBehind);
        }
    }
}
