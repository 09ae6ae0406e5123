using Camelid.Chain.Peers.Slots;
using Camelid.Protocol;
using Camelid.Protocol.Peers;

namespace Camelid.Chain.Peers.Relay;

/// <summary>
/// Rule P-48: addresses of nodes spread slowly: each peer of ours is asked once, each that chose us is answered once;
/// who tells more than its share is not listened to; a fresh address goes on to two peers, the same two for a day, so
/// that repeating it spreads it no further.
/// </summary>
internal sealed class AddressGossip
{
    /// <summary>Addresses told at once that are passed on; more are an answer, not news.</summary>
    public const int NewsMax = 10;

    /// <summary>Peers to which news is passed on.</summary>
    public const int Spread = 2;

    /// <summary>News older than this is none.</summary>
    private const uint NewsSeconds = 600;

    private static readonly TimeSpan TellInterval = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan SampleLife = TimeSpan.FromHours(24);

    private readonly PeerParts parts;
    private readonly ulong spreadSalt;
    private IReadOnlyList<AddressEntry> sample = [];
    private TimeSpan sampledAt;
    private TimeSpan savedAt;

    /// <summary>Reads the addresses of the last run.</summary>
    public AddressGossip(PeerParts parts)
    {
        this.parts = parts;
        spreadSalt = parts.Nonce();
        Book = new KnownAddresses(parts);
    }

    /// <summary>What is known.</summary>
    public KnownAddresses Book { get; }

    /// <summary>A handshake is done.</summary>
    public void Start(Peer peer)
    {
        peer.Gossip.TellAt = parts.Now + parts.Exponential(TellInterval);
        peer.Gossip.AdvertiseAt = parts.Now;
        if (peer.Kind is PeerKind.Full or PeerKind.Manual or PeerKind.Seed)
        {
            peer.Gossip.AnswerIsDue = true;
            peer.Gossip.Allowance.Grant(AddrMessage.EntriesMax);
            parts.Post.Send(peer, new GetAddrMessage());
        }
    }

    /// <summary>A peer asks for addresses. Only who chose us is answered: else he could tell our peers.</summary>
    public void OnGetAddr(Peer peer)
    {
        if (!peer.IsInbound || peer.Gossip.HasAsked)
        {
            return;
        }

        peer.Gossip.HasAsked = true;
        if (sample.Count == 0 || parts.Now - sampledAt > SampleLife)
        {
            // The same answer for a day: asking again and again must not list all that is known.
            sample = Book.Sample();
            sampledAt = parts.Now;
        }

        if (sample.Count > 0)
        {
            parts.Post.Send(peer, new AddrMessage(sample));
        }
    }

    /// <summary>A peer tells of addresses.</summary>
    public void OnAddr(Peer peer, IReadOnlyList<AddressEntry> entries)
    {
        if (peer.Kind is PeerKind.BlocksOnly or PeerKind.Feeler)
        {
            parts.Judge.Blame(peer, RuleCode.PeerUnasked);
            return;
        }

        bool isNews = entries.Count <= NewsMax && !peer.Gossip.AnswerIsDue;
        peer.Gossip.AnswerIsDue = false;
        List<AddressEntry> heard = [];
        foreach (AddressEntry entry in entries)
        {
            if (!peer.Gossip.Allowance.TryTake(1, parts.Now))
            {
                break;
            }

            peer.Gossip.Known.Add(KeyOf(entry.Address));
            heard.Add(entry);
            if (isNews && parts.Clock.UnixSeconds - (long)entry.Time < NewsSeconds)
            {
                PassOn(peer, entry);
            }
        }

        Book.Heard(heard, peer.Address);
        if (peer.Kind == PeerKind.Seed && entries.Count > 1)
        {
            parts.Judge.Close(peer, RuleCode.PeerFeelerDone);
        }
    }

    /// <summary>Tells what is due, and writes the addresses from time to time.</summary>
    public void Tick()
    {
        foreach (Peer peer in parts.Peers.Ready.Where(peer => peer.RelaysAll).ToArray())
        {
            if (peer.Gossip.AdvertiseAt <= parts.Now && parts.Setting.PublicAddress is { } own)
            {
                peer.Gossip.AdvertiseAt = parts.Now + parts.Exponential(parts.Options.AdvertiseInterval);
                Tell(peer, new AddressEntry(
                    own, parts.Clock.UnixSeconds, PeerHandshakes.OwnServices, PeerStatus.Reached, parts.Identity.Id));
            }

            if (peer.Gossip.TellAt <= parts.Now)
            {
                peer.Gossip.TellAt = parts.Now + parts.Exponential(TellInterval);
                Flush(peer);
            }
        }

        Book.Tick();
        if (parts.Now - savedAt >= parts.Options.SaveInterval)
        {
            Save();
        }
    }

    /// <summary>Writes the addresses.</summary>
    public void Save()
    {
        savedAt = parts.Now;
        Book.Save();
    }

    private static Hash256 KeyOf(PeerAddress address) =>
        Hashes.Sha256(new CanonicalWriter().Raw(address.IpToBytes()).UInt16(address.Port).Written);

    /// <summary>The two peers differ by address and day, and cannot be foreseen.</summary>
    private void PassOn(Peer from, AddressEntry entry)
    {
        Hash256 key = KeyOf(entry.Address);
        long day = parts.Clock.UnixSeconds / 86_400;
        IEnumerable<Peer> chosen = parts.Peers.Ready.Where(peer => peer.RelaysAll && peer != from)
            .OrderBy(peer => Hashes.Sha256(new CanonicalWriter()
                .UInt64(spreadSalt).Hash(key).Int64(day).Int64(peer.Id.Number).Written))
            .Take(Spread);
        foreach (Peer peer in chosen)
        {
            Tell(peer, entry);
        }
    }

    private static void Tell(Peer peer, AddressEntry entry)
    {
        Hash256 key = KeyOf(entry.Address);
        if (!peer.Gossip.Known.Contains(key) && peer.Gossip.ToTell.Count < PeerGossip.ToTellMax)
        {
            peer.Gossip.Known.Add(key);
            peer.Gossip.ToTell.Add(entry);
        }
    }

    private void Flush(Peer peer)
    {
        if (peer.Gossip.ToTell.Count > 0)
        {
            parts.Post.Send(peer, new AddrMessage(peer.Gossip.ToTell));
            peer.Gossip.ToTell.Clear();
        }
    }
}
