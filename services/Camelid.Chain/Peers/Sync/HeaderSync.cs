using Camelid.Chain.Blocks;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Peers;

namespace Camelid.Chain.Peers.Sync;

/// <summary>
/// Rule P-35: headers come first. While we are far behind, one peer at a time is asked for them, and replaced where it
/// does not answer; then every peer is asked once, so that it is known who has which blocks. Each header is judged by
/// the rules before it is kept, and kept only where its chain has, or leads to, enough work (rule P-36).
/// </summary>
internal sealed partial class HeaderSync(PeerParts parts, HeaderGate gate, ILogger<HeaderSync> logger)
{
    /// <summary>A best header older than this means that we are far behind.</summary>
    public static readonly TimeSpan FarBehind = TimeSpan.FromHours(24);

    /// <summary>Messages in a row that link to nothing, before a peer is blamed.</summary>
    public const int UnlinkedMax = 8;

    /// <summary>Chains that are followed without being kept, at a time.</summary>
    public const int PresyncMax = 4;

    private PeerId? syncing;

    private BlockEntry Best => parts.State.Read(reading => reading.BestHeader);

    /// <summary>Asks whoever is to be asked next about its chain: a handshake is done, or an answer came.</summary>
    public void Survey()
    {
        bool farBehind = parts.Clock.Wall - DateTimeOffset.FromUnixTimeSeconds(Best.Header.Time) > FarBehind;
        foreach (Peer peer in parts.Peers.Ready.OrderBy(peer => peer.IsInbound).ToArray())
        {
            if (peer.Chain.IsSurveyed || peer.Chain.AskedAt is not null || !peer.ServesBlocks)
            {
                continue;
            }

            if (farBehind && syncing is not null)
            {
                return;
            }

            syncing = farBehind ? peer.Id : syncing;
            Ask(peer);
        }
    }

    /// <summary>Asks a peer for the headers behind what we have; once, until it has answered.</summary>
    /// <remarks>
    /// From one before the best: who has the same chain answers with one header, and so shows that it has it.
    /// </remarks>
    public void Ask(Peer peer) => Ask(peer, ChainReading.Locator(Best.Parent ?? Best));

    /// <summary>A peer announces a block by its hash.</summary>
    public void OnAnnounced(Peer peer, BlockHash hash)
    {
        if (parts.State.Read(reading => reading.Find(hash)) is { } entry)
        {
            peer.Chain.Knows(entry);
            gate.BlocksKnown?.Invoke();
            return;
        }

        peer.Chain.Unknown = hash;
        Ask(peer);
    }

    /// <summary>Headers, asked for or announced.</summary>
    public void OnHeaders(Peer peer, IReadOnlyList<BlockHeader> headers)
    {
        peer.Chain.AskedAt = null;
        if (headers.Count == 0)
        {
            peer.Chain.Presync = null;
            Finish(peer);
            return;
        }

        RuleCode code = gate.CheckAlone(headers);
        if (code != RuleCode.Accepted)
        {
            Refuse(peer, code);
            return;
        }

        bool isFull = headers.Count == HeadersMessage.HeadersMax;
        if (peer.Chain.Presync is { } presync && headers[0].PreviousHash == presync.Last)
        {
            Follow(peer, presync, headers, isFull);
            return;
        }

        BlockEntry? parent = parts.State.Read(reading => reading.Find(headers[0].PreviousHash));
        if (parent is null)
        {
            OnUnlinked(peer);
            return;
        }

        peer.Chain.Unlinked = 0;
        if (gate.IsEnough(parent, headers))
        {
            Keep(peer, headers, isFull);
        }
        else if (isFull && parts.Peers.All.Count(other => other.Chain.Presync is not null) < PresyncMax)
        {
            presync = new HeaderPresync(
                parts.Network, parent, gate.WorkWanted(), parts.Clock.UnixSeconds, parts.Nonce());
            peer.Chain.Presync = presync;
            Follow(peer, presync, headers, isFull);
        }
        else
        {
            // Less work than ours, and no more to come: nothing to remember.
            Finish(peer);
        }
    }

    /// <summary>A header that came with more than itself: a compact block.</summary>
    /// <returns>Its entry; null where it is not kept.</returns>
    public BlockEntry? Keep(Peer peer, BlockHeader header)
    {
        RuleCode code = gate.KeepOne(peer, header);
        if (code == RuleCode.WrongPreviousBlock)
        {
            OnUnlinked(peer);
            return null;
        }

        parts.Judge.Blame(peer, code);
        return code == RuleCode.Accepted ? parts.State.Read(reading => reading.Find(header.Hash)) : null;
    }

    /// <summary>Replaces who does not answer; asks again who had a header of the future.</summary>
    public void Tick()
    {
        foreach (Peer peer in parts.Peers.Ready.ToArray())
        {
            if (peer.Chain.AskedAt is { } asked && parts.Now - asked > parts.Options.HeadersTimeout)
            {
                parts.Judge.Close(peer, RuleCode.PeerStalled);
            }
            else if (peer.Chain.RetryAt is { } retry && retry <= parts.Now)
            {
                peer.Chain.RetryAt = null;
                Ask(peer);
            }
        }
    }

    /// <summary>A peer is gone.</summary>
    public void Gone(Peer peer)
    {
        if (syncing == peer.Id)
        {
            syncing = null;
            Survey();
        }
    }

    private void Ask(Peer peer, IReadOnlyList<BlockHash> locator)
    {
        if (peer.Chain.AskedAt is not null)
        {
            peer.Chain.AskAgain = true;
            return;
        }

        peer.Chain.AskedAt = parts.Now;
        parts.Post.Send(peer, new GetHeadersMessage(locator, default));
    }

    private void Follow(Peer peer, HeaderPresync presync, IReadOnlyList<BlockHeader> headers, bool isFull)
    {
        bool wasFetching = presync.IsFetching;
        RuleCode code = presync.Take(headers, out IReadOnlyList<BlockHeader> released);
        if (code != RuleCode.Accepted)
        {
            peer.Chain.Presync = null;
            Refuse(peer, code);
            return;
        }

        bool begins = presync.IsFetching && !wasFetching;
        if (!isFull && !begins && !presync.IsOver)
        {
            peer.Chain.Presync = null;
            Finish(peer);
            return;
        }

        if (presync.IsOver)
        {
            peer.Chain.Presync = null;
        }

        if (released.Count > 0 && !TryKeep(peer, released))
        {
            return;
        }

        if (presync.IsOver && !isFull)
        {
            Finish(peer);
        }
        else
        {
            Ask(peer, presync.IsOver ? [headers[^1].Hash] : [presync.Last, presync.Start.Hash]);
        }
    }

    private void Keep(Peer peer, IReadOnlyList<BlockHeader> headers, bool isFull)
    {
        if (!TryKeep(peer, headers))
        {
            return;
        }

        // A message that brought nothing new is not followed by a question: else it could be sent for ever.
        BlockEntry? last = parts.State.Read(reading => reading.Find(headers[^1].Hash));
        if (isFull && last is not null && last != peer.Chain.AskedFrom)
        {
            peer.Chain.AskedFrom = last;
            Ask(peer, ChainReading.Locator(last));
        }
        else
        {
            Finish(peer);
        }
    }

    private bool TryKeep(Peer peer, IReadOnlyList<BlockHeader> headers)
    {
        RuleCode code = gate.Keep(peer, headers);
        if (code != RuleCode.Accepted)
        {
            Refuse(peer, code);
        }

        return code == RuleCode.Accepted;
    }

    private void OnUnlinked(Peer peer)
    {
        if (++peer.Chain.Unlinked > UnlinkedMax)
        {
            peer.Chain.Unlinked = 0;
            parts.Judge.Blame(peer, RuleCode.PeerHeadersUnconnected);
        }

        Ask(peer);
    }

    private void Refuse(Peer peer, RuleCode code)
    {
        parts.Judge.Blame(peer, code);
        if (peer.IsReady)
        {
            Finish(peer);
        }
    }

    /// <summary>A peer has told all that it has; it is asked again where something came between.</summary>
    private void Finish(Peer peer)
    {
        if (!peer.Chain.IsSurveyed)
        {
            peer.Chain.IsSurveyed = true;
            LogSurveyed(peer.Id, Best.Height);
        }

        if (syncing == peer.Id)
        {
            syncing = null;
        }

        if (peer.Chain.AskAgain)
        {
            peer.Chain.AskAgain = false;
            Ask(peer);
        }

        Survey();
    }

    [LoggerMessage(1143, LogLevel.Information, "Peer {Peer} has told its headers; the best one has height {Height}")]
    private partial void LogSurveyed(PeerId peer, int height);
}
