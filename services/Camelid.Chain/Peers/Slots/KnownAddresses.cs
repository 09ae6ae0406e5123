using Camelid.Protocol;
using Camelid.Protocol.Peers;
using Camelid.Protocol.Peers.Addresses;

namespace Camelid.Chain.Peers.Slots;

/// <summary>
/// Rule P-49: the address book of this node: its file is written every <see cref="PeerOptions.SaveInterval"/> and at
/// the end; where it is damaged, the node begins with an empty one.
/// </summary>
internal sealed class KnownAddresses
{
    private const int DrawsMax = 100;
    private const string FileName = "addresses";
    private static readonly TimeSpan SettleInterval = TimeSpan.FromMinutes(2);

    private readonly PeerParts parts;
    private readonly AddressBook book;
    private TimeSpan settledAt;

    /// <summary>Reads what an earlier run has left.</summary>
    public KnownAddresses(PeerParts parts)
    {
        this.parts = parts;
        RuleCode code = AddressFile.Decode(parts.Setting.Store.Read(FileName), parts.Network, out AddressBook? read);
        byte[] secret = new byte[AddressBook.SecretBytes];
        parts.Random.NextBytes(secret);
        book = code == RuleCode.Accepted ? read! : new AddressBook(secret, parts.Network);
    }

    /// <summary>Addresses that are known.</summary>
    public int Count => book.Count;

    private uint Now => parts.Clock.UnixSeconds;

    /// <summary>A peer tells of addresses; what it says of them is its word only.</summary>
    public void Heard(IReadOnlyList<AddressEntry> entries, PeerAddress source) =>
        book.Heard(entries, source, Now, parts.Random);

    /// <summary>An address is dialed.</summary>
    public void Attempted(PeerAddress address) =>
        book.Attempted(address, Now, countsAsFailure: parts.Peers.Ready.Any(peer => !peer.IsInbound));

    /// <summary>A node was reached at an address.</summary>
    public void Reached(PeerAddress address, PeerServices services, NodeId node)
    {
        book.Heard([new AddressEntry(address, Now, services, PeerStatus.Reached, node)], address, Now, parts.Random);
        book.Reached(address, services, node, Now);
    }

    /// <summary>A connection to an address was good until now.</summary>
    public void Seen(PeerAddress address) => book.Seen(address, Now);

    /// <summary>Forgets an address.</summary>
    public void Drop(PeerAddress address) => book.Remove(address);

    /// <summary>A random address that may be dialed; null where none was found in a few draws.</summary>
    /// <param name="isFeeler">True for one that nobody has tried, or whose place another wants.</param>
    /// <param name="isWanted">What else it must be.</param>
    public PeerAddress? Pick(bool isFeeler, Func<PeerAddress, bool> isWanted)
    {
        if (isFeeler && book.Contested(parts.Random) is { } contested && isWanted(contested))
        {
            return contested;
        }

        for (int i = 0; i < DrawsMax; i++)
        {
            if (book.Select(isFeeler, Now, parts.Random) is not { } drawn)
            {
                return null;
            }

            if (isWanted(drawn.Address))
            {
                return drawn.Address;
            }
        }

        return null;
    }

    /// <summary>Random addresses for who asks.</summary>
    public IReadOnlyList<AddressEntry> Sample() => book.Sample(AddrMessage.EntriesMax, Now, parts.Random);

    /// <summary>Decides now and then who has a contested place.</summary>
    public void Tick()
    {
        if (parts.Now - settledAt >= SettleInterval)
        {
            settledAt = parts.Now;
            book.Settle(Now);
        }
    }

    /// <summary>Writes them.</summary>
    public void Save() => parts.Setting.Store.Write(FileName, AddressFile.Encode(book));
}
