using System.Buffers.Binary;
using Camelid.Chain.Peers.Limits;
using Camelid.Chain.Peers.Relay;
using Camelid.Chain.Peers.Sync;
using Camelid.Protocol;
using Camelid.Protocol.Peers;

namespace Camelid.Chain.Peers.Slots;

/// <summary>
/// Rule P-52: whom we connect to: the operator's nodes, the anchors of the last run, then as many others as there are
/// slots for, each in a network group of its own, so that no one network can surround us. A feeler now and then tries
/// an address that nobody has tried.
/// </summary>
internal sealed partial class OutboundSlots(PeerParts parts, KnownAddresses book, ILogger<OutboundSlots> logger)
{
    /// <summary>Between two questions to seed nodes.</summary>
    private static readonly TimeSpan SeedInterval = TimeSpan.FromSeconds(30);

    /// <summary>How long a connection to a seed node or of a feeler may last.</summary>
    private static readonly TimeSpan ShortLife = TimeSpan.FromSeconds(60);

    private readonly ManualPeers manual = new(parts);
    private readonly Anchors anchors = new(parts);
    private readonly List<PeerAddress> seeds = [];
    private readonly HashSet<PeerAddress> ourselves = [];
    private readonly ulong groupSalt = parts.Nonce();
    private int nextSeed;
    private TimeSpan dialAt;
    private TimeSpan feelerAt = parts.Options.FeelerInterval;
    private TimeSpan seedAt;

    /// <summary>True where one connection more than usual is wanted: the tip is stale.</summary>
    public bool WantsExtra { get; set; }

    /// <summary>The operator's nodes.</summary>
    public ManualPeers Manual => manual;

    /// <summary>Says where seed nodes are; they are asked where no other addresses are known.</summary>
    public void SetSeeds(IEnumerable<PeerAddress> addresses)
    {
        seeds.Clear();
        seeds.AddRange(addresses);
    }

    /// <summary>Makes a connection known under the next number.</summary>
    public Peer Add(PeerKind kind, PeerAddress address)
    {
        Peer peer = new()
        {
            Id = parts.Peers.NextId(),
            Kind = kind,
            Address = address,
            Since = parts.Now,
            Frames = new FrameAssembler(parts.Network),
            Traffic = new PeerTraffic(parts.Options, parts.Now),
            Chain = new PeerChain(HeaderGate.SideHeaders(parts.Options, parts.Now)),
            Inventory = new PeerInventory(parts.Nonce()),
            Gossip = new PeerGossip(parts.Nonce(), parts.Now),
        };
        parts.Peers.Add(peer);
        return peer;
    }

    /// <summary>Room for one more connection that others open; one may have to go for it.</summary>
    public bool TryMakeRoom()
    {
        Peer[] inbound = [.. parts.Peers.All.Where(peer => peer.IsInbound)];
        if (inbound.Length < parts.Options.InboundMax)
        {
            return true;
        }

        PeerId? evicted = InboundEviction.Choose(inbound.Select(peer => new EvictionCandidate
        {
            Peer = peer.Id,
            GroupKey = GroupKeyOf(peer.Address),
            ConnectedAt = peer.Since,
            PingMin = peer.PingMin,
            LastBlockAt = peer.Chain.LastNewAt,
            LastTransactionAt = peer.Inventory.LastNewAt,
        }));
        if (evicted is not { } id || !parts.Peers.TryFind(id, out Peer? loser))
        {
            return false;
        }

        parts.Judge.Close(loser, RuleCode.PeerEvicted);
        return true;
    }

    /// <summary>A handshake is done.</summary>
    public void Ready(Peer peer)
    {
        if (peer.IsInbound)
        {
            return;
        }

        book.Reached(peer.Address, peer.Theirs!.Services, peer.Node);
        manual.Ready(peer.Id);
        if (peer.Kind == PeerKind.BlocksOnly)
        {
            anchors.Keep();
        }
    }

    /// <summary>An address leads to ourselves.</summary>
    public void OnSelf(Peer peer)
    {
        ourselves.Add(peer.Address);
        book.Drop(peer.Address);
    }

    /// <summary>A connection has ended, or was never opened.</summary>
    public void Gone(Peer peer)
    {
        manual.Gone(peer.Id);
        if (!peer.IsInbound && peer.Theirs is not null && peer.Score == 0)
        {
            book.Seen(peer.Address);
        }
    }

    /// <summary>Opens what is wanted.</summary>
    public void Tick()
    {
        foreach (ManualPeer wanted in manual.Due())
        {
            if (ourselves.Contains(wanted.Address!.Value))
            {
                wanted.RetryAt = parts.Now + parts.Options.RedialMax;
                continue;
            }

            wanted.Peer = Dial(PeerKind.Manual, wanted.Address.Value).Id;
        }

        foreach (Peer peer in parts.Peers.Ready.Where(peer => peer.Kind is PeerKind.Seed or PeerKind.Feeler
            && parts.Now - peer.Since > ShortLife).ToArray())
        {
            parts.Judge.Close(peer, RuleCode.PeerFeelerDone);
        }

        if (parts.Options.Discovers && dialAt <= parts.Now)
        {
            dialAt = parts.Now + parts.Options.DialInterval;
            DialNext();
        }
    }

    /// <summary>Opens a connection of the operator's choice that is not kept.</summary>
    public Peer Dial(PeerKind kind, PeerAddress address)
    {
        Peer peer = Add(kind, address);
        LogDial(peer.Id, kind, address);
        parts.Setting.Transport.Open(peer.Id, address);
        return peer;
    }

    /// <summary>The keyed hash of an address's network group.</summary>
    public ulong GroupKeyOf(PeerAddress address)
    {
        Span<byte> hash = stackalloc byte[Hash256.Bytes];
        Hash256 digest = Hashes.Tagged(
            "camelid/group", new CanonicalWriter().UInt64(groupSalt).Raw(GroupOf(address).Span).Written);
        digest.CopyTo(hash);
        return BinaryPrimitives.ReadUInt64LittleEndian(hash);
    }

    private void DialNext()
    {
        if (parts.Peers.CountOf(PeerKind.BlocksOnly) < parts.Options.BlocksOnlyOutboundMax)
        {
            PeerAddress? anchor = anchors.Next();
            if (anchor is { } known && IsFree(known))
            {
                Dial(PeerKind.BlocksOnly, known);
                return;
            }
        }

        if (parts.Peers.CountOf(PeerKind.Full) < parts.Options.FullOutboundMax + (WantsExtra ? 1 : 0))
        {
            DialFromBook(PeerKind.Full);
        }
        else if (parts.Peers.CountOf(PeerKind.BlocksOnly) < parts.Options.BlocksOnlyOutboundMax)
        {
            DialFromBook(PeerKind.BlocksOnly);
        }
        else if (feelerAt <= parts.Now && parts.Peers.CountOf(PeerKind.Feeler) == 0)
        {
            feelerAt = parts.Now + parts.Exponential(parts.Options.FeelerInterval);
            DialFromBook(PeerKind.Feeler);
        }
    }

    private void DialFromBook(PeerKind kind)
    {
        HashSet<NetworkGroup> groups = [.. parts.Peers.All
            .Where(peer => peer.Kind is PeerKind.Full or PeerKind.BlocksOnly)
            .Select(peer => GroupOf(peer.Address))];
        PeerAddress? found = book.Pick(
            kind == PeerKind.Feeler, address => IsFree(address) && !groups.Contains(GroupOf(address)));
        if (found is { } address)
        {
            book.Attempted(address);
            Dial(kind, address);
        }
        else if (seeds.Count > 0 && seedAt <= parts.Now)
        {
            seedAt = parts.Now + SeedInterval;
            PeerAddress seed = seeds[nextSeed++ % seeds.Count];
            if (IsFree(seed))
            {
                Dial(PeerKind.Seed, seed);
            }
        }
    }

    private NetworkGroup GroupOf(PeerAddress address) => NetworkGroup.Of(address, parts.Network);

    private bool IsFree(PeerAddress address) => !ourselves.Contains(address) && !parts.Judge.IsRefused(address)
        && parts.Peers.All.All(peer => peer.Address != address);

    [LoggerMessage(1146, LogLevel.Debug, "Peer {Peer} ({Kind}) {Address} is dialed")]
    private partial void LogDial(PeerId peer, PeerKind kind, PeerAddress address);
}
