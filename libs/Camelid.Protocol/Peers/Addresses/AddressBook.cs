namespace Camelid.Protocol.Peers.Addresses;

/// <summary>
/// Rules P-18 to P-20: the nodes that this node knows of, in two tables as in Bitcoin Core: <i>new</i> for those that
/// others told of, <i>tried</i> for those that were reached. Every table, bucket and list is bounded, so whoever tells
/// of many addresses pushes out few that are good.
/// </summary>
/// <remarks>
/// Single-threaded. Clock and chance are arguments: equal calls with equal draws leave equal books. At most
/// <see cref="EntriesMax"/> addresses are held.
/// </remarks>
public sealed class AddressBook
{
    /// <summary>The most addresses: every place of both tables.</summary>
    public const int EntriesMax = (AddressBuckets.NewCount + AddressBuckets.TriedCount) * AddressTable.BucketPlaces;

    /// <summary>Bytes of the secret key.</summary>
    public const int SecretBytes = SipHash.KeyBytes;

    /// <summary>The most buckets of the new table that one address is in.</summary>
    internal const int NewBucketsPerAddress = 8;

    private const uint HeardPenaltySeconds = 7_200;
    private const uint SeenIntervalSeconds = 1_200;
    private const uint AheadSecondsMax = 600;
    private const uint DoubtfulAgeSeconds = 5 * 86_400;
    private const uint PlausibleTime = 1_000_000_000;
    private const int SamplePercent = 23;
    private const int SampleMin = 10;

    private readonly byte[] secret;
    private readonly BookState state;
    private readonly TriedContest contest;

    // When any node was last reached: without a success in between, a second failure may be our own line's.
    private uint lastReached = 1;

    /// <summary>An empty book.</summary>
    /// <param name="secret">16 random bytes, drawn once and kept in the file.</param>
    /// <param name="network">On regtest local addresses are taken too.</param>
    /// <exception cref="ArgumentException">The secret has another length.</exception>
    public AddressBook(ReadOnlySpan<byte> secret, Network network)
    {
        this.secret = secret.Length == SecretBytes
            ? secret.ToArray()
            : throw new ArgumentException($"the secret has {SecretBytes} bytes", nameof(secret));
        state = new BookState(new AddressBuckets(secret), network);
        contest = new TriedContest(state);
    }

    /// <summary>All addresses.</summary>
    public int Count => state.All.Count;

    /// <summary>Addresses that were reached.</summary>
    public int TriedCount => state.TriedCount;

    internal ReadOnlySpan<byte> Secret => secret;

    internal BookState State => state;

    /// <summary>What is known about an address, or null.</summary>
    public AddressEntry? Find(PeerAddress address) => state.Find(address)?.ToEntry();

    /// <summary>True where an address is in the tried table.</summary>
    public bool IsTried(PeerAddress address) => state.Find(address) is { IsTried: true };

    /// <summary>Rule P-18: somebody tells of addresses. How many of them were new to the book.</summary>
    /// <param name="entries">The addresses; those that can't be reached from anywhere are passed over.</param>
    /// <param name="source">Who tells: its group decides on the buckets.</param>
    /// <param name="now">Unix seconds.</param>
    /// <param name="random">Chance.</param>
    public int Heard(IEnumerable<AddressEntry> entries, PeerAddress source, uint now, Random random)
    {
        int added = 0;
        NetworkGroup from = state.GroupOf(source);
        foreach (AddressEntry entry in entries)
        {
            if (state.Accepts(entry.Address))
            {
                uint penalty = entry.Address == source ? 0 : HeardPenaltySeconds;
                bool isNew = state.Find(entry.Address) is null;
                Hear(entry with { Time = Plausible(entry.Time, now) }, from, penalty, new Chance(now, random));
                added += isNew && state.Find(entry.Address) is not null ? 1 : 0;
            }
        }

        return added;
    }

    /// <summary>An address is being dialled.</summary>
    /// <param name="address">The address; nothing happens where it is not known.</param>
    /// <param name="now">Unix seconds.</param>
    /// <param name="countsAsFailure">
    /// False where a failure would say nothing, as when all others fail too. A success takes it back.
    /// </param>
    public void Attempted(PeerAddress address, uint now, bool countsAsFailure)
    {
        if (state.Find(address) is not { } known)
        {
            return;
        }

        known.TriedAt = now;
        if (countsAsFailure && known.CountedAt < lastReached)
        {
            known.CountedAt = now;
            known.Attempts = Math.Min(known.Attempts + 1, KnownAddress.AttemptsMax);
        }
    }

    /// <summary>
    /// Rule P-20: a handshake succeeded: the address moves to the tried table, or, where somebody else has its place
    /// there, waits until that one was tested (<see cref="Contested"/>, <see cref="Settle"/>).
    /// </summary>
    /// <param name="address">The address; nothing happens where it is not known.</param>
    /// <param name="services">As the node says itself.</param>
    /// <param name="node">As the node proved.</param>
    /// <param name="now">Unix seconds.</param>
    public void Reached(PeerAddress address, PeerServices services, NodeId node, uint now)
    {
        lastReached = now;
        if (state.Find(address) is not { } known)
        {
            return;
        }

        known.Services = services;
        known.Node = node;
        known.TriedAt = now;
        known.ReachedAt = now;
        known.Attempts = 0;
        if (!known.IsTried)
        {
            contest.Enter(known);
        }
    }

    /// <summary>A connection was there until now; call when it ends, not more often.</summary>
    public void Seen(PeerAddress address, uint now)
    {
        if (state.Find(address) is { } known && KnownAddress.Age(known.SeenAt, now) > SeenIntervalSeconds)
        {
            known.SeenAt = now;
        }
    }

    /// <summary>Forgets an address: it is ourselves, or of another network.</summary>
    public void Remove(PeerAddress address)
    {
        if (state.Find(address) is { } known)
        {
            state.Remove(known);
        }
    }

    /// <summary>Rule P-19: an address to dial; null where there is none.</summary>
    /// <param name="untried">True for the new table only (a feeler); else either table with equal chance.</param>
    /// <param name="now">Unix seconds.</param>
    /// <param name="random">Chance.</param>
    public AddressEntry? Select(bool untried, uint now, Random random)
    {
        bool fromTried = !untried && TriedCount > 0 && (state.NewCount == 0 || random.Next(2) == 0);
        AddressTable table = fromTried ? state.Tried : state.New;

        // Each draw makes the next more generous by a fifth: after 60 draws whatever is drawn is taken.
        for (long factorMillionths = 1_000_000; ; factorMillionths = factorMillionths * 6 / 5)
        {
            if (table.Draw(random) is not { } known)
            {
                return null;
            }

            Int128 chance = (Int128)factorMillionths * known.ChanceMillionths(now) / 1_000_000;
            if (random.Next(1_000_000) < chance)
            {
                return known.ToEntry();
            }
        }
    }

    /// <summary>
    /// Addresses to tell a stranger, drawn anew: 23 % of all (but ten, where there are so many), at most
    /// <paramref name="countMax"/>, none terrible.
    /// </summary>
    public IReadOnlyList<AddressEntry> Sample(int countMax, uint now, Random random)
    {
        int wanted = Math.Min(countMax, Math.Max(SampleMin, state.All.Count * SamplePercent / 100));
        int[] order = [.. Enumerable.Range(0, state.All.Count)];
        List<AddressEntry> sample = [];
        for (int i = 0; i < order.Length && sample.Count < wanted; i++)
        {
            int other = random.Next(i, order.Length);
            (order[i], order[other]) = (order[other], order[i]);
            KnownAddress known = state.All[order[i]];
            if (!known.IsTerrible(now))
            {
                sample.Add(known.ToEntry());
            }
        }

        return sample;
    }

    /// <summary>
    /// Rule P-20: an address whose tried place another one wants: dial it, to see whether it is there.
    /// </summary>
    public PeerAddress? Contested(Random random) => contest.Draw(random);

    /// <summary>
    /// Rule P-20: decides who has a contested place, where that can be decided. Call every few minutes.
    /// </summary>
    public void Settle(uint now) => contest.Settle(now);

    private void Hear(AddressEntry entry, NetworkGroup source, uint penaltySeconds, Chance chance)
    {
        uint time = entry.Time > penaltySeconds ? entry.Time - penaltySeconds : 0;
        if (state.Find(entry.Address) is not { } known)
        {
            known = new KnownAddress(entry.Address, source)
            {
                Services = entry.Services, Node = entry.Node, SeenAt = time,
            };
            state.Add(known);
        }
        else if (!IsNews(known, entry, time, chance))
        {
            return;
        }

        state.PutNew(known, source, chance.Now);
    }

    /// <summary>
    /// Takes over a later time; then true where a known address deserves another place: half the chance for each place
    /// that it has, so that repeating it is of little use.
    /// </summary>
    private static bool IsNews(KnownAddress known, AddressEntry entry, uint time, Chance chance)
    {
        bool isOnline = KnownAddress.Age(entry.Time, chance.Now) < 86_400;
        bool isLater = entry.Time > known.SeenAt;
        if (known.SeenAt + (isOnline ? 3_600L : 86_400L) < time)
        {
            known.SeenAt = time;
        }

        if (!known.IsTried)
        {
            known.Services |= entry.Services;
        }

        return isLater && !known.IsTried && known.NewBuckets.Count < NewBucketsPerAddress
            && chance.Random.Next(1 << known.NewBuckets.Count) == 0;
    }

    /// <summary>
    /// A time that cannot be right is made doubtful, not refused: the address may be good all the same.
    /// </summary>
    private static uint Plausible(uint time, uint now) =>
        time > PlausibleTime && time <= (long)now + AheadSecondsMax
            ? time
            : now > DoubtfulAgeSeconds ? now - DoubtfulAgeSeconds : 0;

    private readonly record struct Chance(uint Now, Random Random);
}
