using System.Collections.Concurrent;
using Camelid.Chain.Blocks;
using Camelid.Chain.Peers.Limits;
using Camelid.Chain.Peers.Market;
using Camelid.Chain.Peers.Relay;
using Camelid.Chain.Peers.Slots;
using Camelid.Chain.Peers.Sync;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Peers;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Peers;

/// <summary>
/// A node among its peers: a synchronous, deterministic state machine. Its inputs are connections that open and close,
/// bytes that come, the passing of time, and what the chain and the operator say; its outputs go through
/// <see cref="IPeerTransport"/>. The same inputs with the same randomness give the same outputs, so that a simulation
/// can run a hundred of them in one thread.
/// </summary>
/// <remarks>
/// One caller at a time, except for <see cref="Note(BlockAcceptance)"/>: any thread may call it, and what it says is
/// taken up by the next input. An input never throws for what a peer sent.
/// </remarks>
internal sealed class PeerEngine
{
    private readonly PeerParts parts;
    private readonly PeerDesks desks;
    private readonly PeerDispatch dispatch;
    private readonly ConcurrentQueue<BlockAcceptance> changes = [];
    private readonly ConcurrentQueue<Txid> ownTransactions = [];

    /// <summary>An engine without connections.</summary>
    public PeerEngine(PeerSetting setting)
    {
        parts = new PeerParts(setting);
        BlockDownload download = new(parts, setting.Loggers.CreateLogger<BlockDownload>());
        BlockArrivals arrivals = new(parts, download);
        HeaderGate gate = new(parts);
        HeaderSync headers = new(parts, gate, setting.Loggers.CreateLogger<HeaderSync>());
        TransactionRelay transactions = new(parts, setting.Loggers.CreateLogger<TransactionRelay>());
        MarketGossip market = new(parts, setting.Loggers.CreateLogger<MarketGossip>());
        AddressGossip gossip = new(parts);
        OutboundSlots slots = new(parts, gossip.Book, setting.Loggers.CreateLogger<OutboundSlots>());
        desks = new PeerDesks(
            new PeerHandshakes(parts, setting.Loggers.CreateLogger<PeerHandshakes>()), new PeerPulse(parts), headers,
            download, arrivals)
        {
            Compact = new CompactRelay(parts, headers, download, arrivals, transactions),
            Server = new BlockServer(parts, market.Table),
            Announcer = new BlockAnnouncer(parts),
            Transactions = transactions,
            Market = market,
            Gossip = gossip,
            Pace = new ReadPace(parts),
            Envelopes = new EnvelopeRelay(parts),
            Slots = slots,
            Watch = new OutboundWatch(parts, slots, headers),
        };
        dispatch = new PeerDispatch(parts, desks);
        desks.Handshakes.Done = Ready;
        desks.Handshakes.IsSelf = desks.Slots.OnSelf;
        gate.BlocksKnown = download.Wake;
        arrivals.GaveTip = desks.Announcer.GaveTip;
        View = new PeerView(parts, desks);
        Operator = new PeerOperator(parts, slots, Wake);
    }

    /// <summary>What an operator and the metrics are shown.</summary>
    public PeerView View { get; }

    /// <summary>What the operator orders.</summary>
    public PeerOperator Operator { get; }

    /// <summary>Whom we connect to.</summary>
    public OutboundSlots Slots => desks.Slots;

    /// <summary>What operators tell everybody.</summary>
    public MarketGossip Market => desks.Market;

    /// <summary>Envelopes of this node go out here.</summary>
    public EnvelopeRelay Envelopes => desks.Envelopes;

    /// <summary>Somebody opens a connection to us.</summary>
    /// <param name="remote">Who calls, with the port that he calls from.</param>
    /// <returns>Its number; null where it is refused, and to be closed.</returns>
    public PeerId? Accept(PeerAddress remote)
    {
        parts.Clock.Advance();
        PeerId? accepted = null;
        if (!parts.Judge.IsRefused(remote) && desks.Slots.TryMakeRoom())
        {
            Peer peer = desks.Slots.Add(PeerKind.Inbound, remote);
            desks.Handshakes.Opened(peer, default);
            accepted = peer.Id;
        }

        End();
        return accepted;
    }

    /// <summary>A connection of ours is open, or one of others is encrypted.</summary>
    public void Opened(PeerId id, Hash256 link = default)
    {
        parts.Clock.Advance();
        if (parts.Peers.TryFind(id, out Peer? peer))
        {
            desks.Handshakes.Opened(peer, link);
        }

        End();
    }

    /// <summary>A connection could not be opened, or the other side has ended it.</summary>
    public void Closed(PeerId id)
    {
        parts.Clock.Advance();
        if (parts.Peers.TryFind(id, out Peer? peer))
        {
            parts.Peers.Close(peer);
        }

        End();
    }

    /// <summary>Bytes of a peer, in whatever pieces.</summary>
    /// <returns>
    /// How long to read no further from it: it costs more than it may, or does not take what waits for it. Zero where
    /// the next bytes are welcome.
    /// </returns>
    public TimeSpan Received(PeerId id, ReadOnlySpan<byte> bytes)
    {
        parts.Clock.Advance();
        if (!parts.Peers.TryFind(id, out Peer? peer))
        {
            return TimeSpan.Zero;
        }

        desks.Pace.Received(peer, bytes.Length);
        Read(peer, bytes);
        End();
        return peer.Stage == PeerStage.Closed ? TimeSpan.Zero : desks.Pace.PauseFor(peer);
    }

    /// <summary>A peer has taken bytes that waited: it may be served on.</summary>
    public void Drained(PeerId id)
    {
        parts.Clock.Advance();
        if (parts.Peers.TryFind(id, out Peer? peer))
        {
            peer.Traffic.Waiting(parts.Post.QueuedFor(peer), parts.Now);
        }

        End();
    }

    /// <summary>Time has passed; to be called about ten times in a second.</summary>
    public void Tick()
    {
        parts.Clock.Advance();
        parts.Setting.Core.ReleaseHeld();
        desks.Tick();
        parts.Judge.Expire();
        End();
    }

    /// <summary>The active chain has changed; taken up by the next input. Any thread may call.</summary>
    public void Note(BlockAcceptance change) => changes.Enqueue(change);

    /// <summary>A transaction of our own waits; told again until it does not. Any thread may call.</summary>
    public void NoteOwn(Txid txid) => ownTransactions.Enqueue(txid);

    /// <summary>Peers are told on which port this node listens; 0 for none.</summary>
    public void Listens(ushort port) => parts.ListeningPort = port;

    /// <summary>Takes up what was noted, at once.</summary>
    public void Wake()
    {
        parts.Clock.Advance();
        End();
    }

    /// <summary>Ends every connection and writes what is to be kept.</summary>
    public void Stop()
    {
        parts.Clock.Advance();
        desks.Gossip.Save();
        foreach (Peer peer in parts.Peers.All.ToArray())
        {
            parts.Judge.Close(peer, RuleCode.PeerNodeStops);
        }

        parts.Peers.Reap();
    }

    private void Read(Peer peer, ReadOnlySpan<byte> bytes)
    {
        while (peer.Stage != PeerStage.Closed)
        {
            RuleCode code = peer.Frames.Next(
                ref bytes, header => PeerDispatch.Admit(peer, header), out PeerPacket? packet);
            if (code == RuleCode.Unset)
            {
                desks.Pulse.Note(peer);
                return;
            }

            peer.Traffic.FrameDueAt = null;
            peer.Traffic.ReceivedFrames++;
            if (packet is not null)
            {
                dispatch.Take(peer, packet);
                continue;
            }

            parts.Judge.Blame(peer, code);
            if (!IsPassedOver(code))
            {
                parts.Judge.Close(peer, code);
            }
        }
    }

    /// <summary>True where the frame was read to its end: the next one begins where it should.</summary>
    private static bool IsPassedOver(RuleCode code) =>
        code is RuleCode.PeerUnknownCommand or RuleCode.PeerMessageForm or RuleCode.PeerEnvelopeForm;

    private void Ready(Peer peer)
    {
        desks.Pulse.Start(peer);
        desks.Slots.Ready(peer);
        if (peer.Kind is PeerKind.Feeler)
        {
            parts.Judge.Close(peer, RuleCode.PeerFeelerDone);
            return;
        }

        desks.Gossip.Start(peer);
        if (peer.Kind is not PeerKind.Seed)
        {
            parts.Post.Send(peer, new SendHeadersMessage());
            parts.Post.Send(peer, new SendCmpctMessage(false, SendCmpctMessage.VersionCurrent));
            desks.Transactions.Start(peer);
            desks.Market.Start(peer);
            desks.Headers.Survey();
        }
    }

    /// <summary>What every input ends with: what was noted is told, work is done, the gone are forgotten.</summary>
    private void End()
    {
        while (changes.TryDequeue(out BlockAcceptance? change))
        {
            TakeUp(change);
        }

        while (ownTransactions.TryDequeue(out Txid txid))
        {
            desks.Transactions.NoteOwn(txid);
        }

        desks.Download.Run();
        desks.Server.Run();
        for (IReadOnlyList<Peer> gone = parts.Peers.Reap(); gone.Count > 0; gone = parts.Peers.Reap())
        {
            foreach (Peer peer in gone)
            {
                desks.Gone(peer);
            }

            desks.Download.Run();
        }
    }

    private void TakeUp(BlockAcceptance change)
    {
        foreach (Block block in change.Connected.Select(parts.State.TryReadBlock).OfType<Block>())
        {
            desks.Transactions.Connected(block);
        }

        desks.Transactions.TipChanged(change.Disconnected.Count > 0);
        desks.Market.TipChanged();
        desks.Compact.TipChanged();
        desks.Watch.TipChanged();
        desks.Announcer.Announce(change);
        desks.Download.Wake();
    }
}
