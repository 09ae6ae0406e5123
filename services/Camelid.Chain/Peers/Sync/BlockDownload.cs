using Camelid.Chain.Blocks;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Peers;

namespace Camelid.Chain.Peers.Sync;

/// <summary>
/// Rule P-38: blocks are fetched from many peers at once, at most <see cref="PeerOptions.BlocksInFlightMax"/> from each
/// and <see cref="PeerOptions.BlockWindow"/> ahead of the tip, lowest first. Who alone holds up the window, or does not
/// send what it was asked for, is replaced, and others are asked.
/// </summary>
internal sealed partial class BlockDownload(PeerParts parts, ILogger<BlockDownload> logger)
{
    private static readonly TimeSpan FullDiskPause = TimeSpan.FromSeconds(30);

    private readonly Dictionary<BlockHash, Request> inFlight = [];
    private TimeSpan stallTimeout = parts.Options.StallTimeoutMin;
    private TimeSpan pausedUntil;
    private bool isDue;

    /// <summary>Blocks that were asked for and have not come.</summary>
    public int Count => inFlight.Count;

    /// <summary>Something has changed: look for more at the end of this input.</summary>
    public void Wake() => isDue = true;

    /// <summary>The disk takes no blocks: none is asked for until it may have room again.</summary>
    public void Pause() => pausedUntil = parts.Now + FullDiskPause;

    /// <summary>True where a block was asked for; of whom.</summary>
    public bool IsAsked(BlockHash hash, out PeerId peer)
    {
        bool found = inFlight.TryGetValue(hash, out Request? request);
        peer = found ? request!.Peer : default;
        return found;
    }

    /// <summary>Notes that a peer is to send a block, in whatever form.</summary>
    /// <returns>False where it has enough to send, or somebody was asked for it.</returns>
    public bool TryAsk(Peer peer, BlockHash hash)
    {
        if (peer.Chain.InFlight.Count >= parts.Options.BlocksInFlightMax || inFlight.ContainsKey(hash))
        {
            return false;
        }

        inFlight.Add(hash, new Request(peer.Id, parts.Now));
        peer.Chain.InFlight.Add(hash);
        return true;
    }

    /// <summary>A block has come, from whomever.</summary>
    /// <returns>True where this peer had been asked for it.</returns>
    public bool Arrived(Peer peer, BlockHash hash)
    {
        bool wasAsked = inFlight.TryGetValue(hash, out Request? request) && request.Peer == peer.Id;
        Withdraw(hash);
        if (wasAsked)
        {
            peer.Chain.StallingSince = null;
            TimeSpan shorter = stallTimeout * 0.85;
            stallTimeout = shorter > parts.Options.StallTimeoutMin ? shorter : parts.Options.StallTimeoutMin;

            // The others' time begins when this one's is over: a peer answers in order.
            foreach (BlockHash next in peer.Chain.InFlight.Take(1))
            {
                inFlight[next] = inFlight[next] with { At = parts.Now };
            }
        }

        isDue = true;
        return wasAsked;
    }

    /// <summary>A peer has not got a block that it was asked for.</summary>
    public void NotFound(Peer peer, BlockHash hash)
    {
        if (inFlight.TryGetValue(hash, out Request? request) && request.Peer == peer.Id)
        {
            // It said that it had it: it may have lost it, or never had it. Its headers are asked for again at the next
            // announcement.
            peer.Chain.ForgetBest();
            Withdraw(hash);
            isDue = true;
        }
    }

    /// <summary>A block is to be asked for of somebody again.</summary>
    public void Withdraw(BlockHash hash)
    {
        if (!inFlight.Remove(hash, out Request? request))
        {
            return;
        }

        if (parts.Peers.TryFind(request.Peer, out Peer? peer))
        {
            peer.Chain.InFlight.Remove(hash);
        }
    }

    /// <summary>A peer is gone: what it was asked for is asked of others.</summary>
    public void Gone(Peer peer)
    {
        foreach (BlockHash hash in peer.Chain.InFlight)
        {
            inFlight.Remove(hash);
        }

        peer.Chain.InFlight.Clear();
        isDue = true;
    }

    /// <summary>Asks for what is missing, where something has changed.</summary>
    public void Run()
    {
        if (!isDue || parts.Now < pausedUntil)
        {
            return;
        }

        isDue = false;
        Dictionary<BlockEntry, DownloadWindow> windows = [];
        foreach (Peer peer in parts.Peers.Ready.Where(peer => peer.ServesBlocks && peer.Chain.Best is not null)
            .OrderBy(peer => peer.IsInbound).ThenBy(peer => peer.Chain.InFlight.Count).ToArray())
        {
            AskFor(peer, windows);
        }
    }

    /// <summary>Replaces who stalls.</summary>
    public void Tick()
    {
        int busy = parts.Peers.Ready.Count(peer => peer.Chain.InFlight.Count > 0);
        TimeSpan limit = parts.Options.BlockTimeout * (1 + (0.5 * Math.Max(0, busy - 1)));
        foreach (Peer peer in parts.Peers.Ready.ToArray())
        {
            if (peer.Chain.StallingSince is { } since && parts.Now - since > stallTimeout)
            {
                TimeSpan longer = stallTimeout * 2;
                stallTimeout = longer < parts.Options.StallTimeoutMax ? longer : parts.Options.StallTimeoutMax;
                LogStalled(peer.Id, peer.Chain.InFlight.Count, stallTimeout);
                parts.Judge.Close(peer, RuleCode.PeerStalled);
            }
            else if (peer.Chain.InFlight.Count > 0 && parts.Now - inFlight[peer.Chain.InFlight[0]].At > limit)
            {
                parts.Judge.Close(peer, RuleCode.PeerStalled);
            }
        }

        isDue = true;
    }

    private void AskFor(Peer peer, Dictionary<BlockEntry, DownloadWindow> windows)
    {
        int room = parts.Options.BlocksInFlightMax - peer.Chain.InFlight.Count;
        BlockEntry best = peer.Chain.Best!;
        if (room <= 0)
        {
            return;
        }

        if (!windows.TryGetValue(best, out DownloadWindow? window))
        {
            windows[best] = window = parts.State.Read(
                reading => DownloadWindow.Towards(best, reading, parts.Options.BlockWindow));
        }

        List<InventoryEntry> wanted = [];
        BlockHash? blocker = null;
        foreach (BlockEntry entry in window.Missing)
        {
            if (wanted.Count == room)
            {
                break;
            }

            if (TryAsk(peer, entry.Hash))
            {
                wanted.Add(new InventoryEntry(
                    MayBeCompact(peer, entry, window) ? InventoryKind.CompactBlock : InventoryKind.Block,
                    entry.Hash.Value));
            }
            else
            {
                blocker ??= entry.Hash;
            }
        }

        if (wanted.Count > 0)
        {
            parts.Post.Send(peer, new GetDataMessage(new InventoryList(wanted)));
        }
        else if (window.IsCut && blocker is { } hash && inFlight.TryGetValue(hash, out Request? request)
            && request.Peer != peer.Id && parts.Peers.TryFind(request.Peer, out Peer? holder))
        {
            // This peer could go on, and the window can't: whoever was asked for its first block holds it up.
            holder.Chain.StallingSince ??= parts.Now;
        }
    }

    /// <summary>The one block that is missing is likely to be made of what the mempool has.</summary>
    private static bool MayBeCompact(Peer peer, BlockEntry entry, DownloadWindow window) =>
        peer.Chain.ReadsCompact && !window.IsRepair && window.Missing.Count == 1 && !window.IsCut
        && entry.Parent!.HasAncestorBlocks;

    private sealed record Request(PeerId Peer, TimeSpan At);

    [LoggerMessage(1144, LogLevel.Information,
        "Peer {Peer} holds up the download with {Count} blocks; the next one has {Timeout}")]
    private partial void LogStalled(PeerId peer, int count, TimeSpan timeout);
}
