namespace Camelid.Protocol.Peers.Addresses;

/// <summary>What the address book knows about one address. Times are Unix seconds, zero for never.</summary>
internal sealed class KnownAddress(PeerAddress address, NetworkGroup source)
{
    /// <summary>Most failed attempts that are counted.</summary>
    internal const int AttemptsMax = ushort.MaxValue;

    /// <summary>An address that nobody saw for so long is worth nothing: 30 days.</summary>
    private const uint HorizonSeconds = 30 * 86_400;

    /// <summary>Attempts after which an address that never answered is worth nothing.</summary>
    private const int RetriesMax = 3;

    /// <summary>Attempts after which an address that has not answered for a week is worth nothing.</summary>
    private const int FailuresMax = 10;

    private const uint FailureSeconds = 7 * 86_400;
    private const uint JustTriedSeconds = 60;
    private const uint LatelyTriedSeconds = 600;
    private const uint AheadSecondsMax = 600;

    /// <summary>0.66 to the power of the failed attempts, at most eight, in millionths.</summary>
    private static readonly int[] ChanceByAttempts =
        [1_000_000, 660_000, 435_600, 287_496, 189_747, 125_233, 82_653, 54_551, 36_003];

    /// <summary>Where the node listens.</summary>
    public PeerAddress Address { get; } = address;

    /// <summary>The group of whoever told of it first.</summary>
    public NetworkGroup Source { get; } = source;

    /// <summary>What it does for others: as told, and once reached as it says itself.</summary>
    public PeerServices Services { get; set; }

    /// <summary>Its id, where it is known.</summary>
    public NodeId Node { get; set; }

    /// <summary>When it was last there, as far as anybody told.</summary>
    public uint SeenAt { get; set; }

    /// <summary>When it was last dialled.</summary>
    public uint TriedAt { get; set; }

    /// <summary>When a failed attempt was last counted; not kept in the file.</summary>
    public uint CountedAt { get; set; }

    /// <summary>When its handshake last succeeded.</summary>
    public uint ReachedAt { get; set; }

    /// <summary>Failed attempts since then.</summary>
    public int Attempts { get; set; }

    /// <summary>True where it is in the tried table.</summary>
    public bool IsTried { get; set; }

    /// <summary>Its buckets in the new table; empty where it is tried.</summary>
    public List<int> NewBuckets { get; } = [];

    /// <summary>Its place in the list of all addresses.</summary>
    public int ListIndex { get; set; }

    /// <summary>The entry as it is told to others.</summary>
    public AddressEntry ToEntry() => new(
        Address, SeenAt, Services,
        IsTried ? PeerStatus.Reached : Attempts > 0 ? PeerStatus.Failed : PeerStatus.Heard, Node);

    /// <summary>Rule P-19: true where it may give way: not seen for a month, or from the future, or failing.</summary>
    public bool IsTerrible(uint now)
    {
        if (Age(TriedAt, now) <= JustTriedSeconds)
        {
            return false;
        }

        return SeenAt > (long)now + AheadSecondsMax
            || Age(SeenAt, now) > HorizonSeconds
            || (ReachedAt == 0 && Attempts >= RetriesMax)
            || (Age(ReachedAt, now) > FailureSeconds && Attempts >= FailuresMax);
    }

    /// <summary>
    /// Rule P-19: the chance of being taken when drawn, in millionths: less by each failure and if just tried.
    /// </summary>
    public long ChanceMillionths(uint now)
    {
        int chance = ChanceByAttempts[Math.Min(Attempts, ChanceByAttempts.Length - 1)];
        return Age(TriedAt, now) < LatelyTriedSeconds ? chance / 100 : chance;
    }

    /// <summary>Seconds since a time; negative where it lies ahead.</summary>
    internal static long Age(uint time, uint now) => (long)now - time;
}
