using Camelid.Protocol.Peers;
using Camelid.Protocol.Peers.Addresses;

namespace Camelid.Protocol.Tests.Peers;

/// <summary>Rules P-18 to P-20: what the address book takes, gives and keeps.</summary>
public sealed class AddressBookTests(ITestOutputHelper output)
{
    private const uint Now = PeerSamples.Now;
    private const uint Day = 86_400;

    [Fact]
    public void P_18_addresses_that_nobody_outside_reaches_are_passed_over_but_on_regtest()
    {
        AddressEntry[] told = [Entry("10.0.0.1:1"), Entry("8.8.8.8:1")];
        AddressBook main = Book(Network.Main);
        Assert.Equal(1, main.Heard(told, Address("9.9.9.9:1"), Now, new Random(1)));
        Assert.Null(main.Find(Address("10.0.0.1:1")));
        Assert.Equal(2, Book(Network.Regtest).Heard(told, Address("9.9.9.9:1"), Now, new Random(1)));
    }

    [Fact]
    public void P_18_an_address_told_again_and_again_by_one_source_has_one_place()
    {
        AddressBook book = Book(Network.Main);
        for (uint i = 0; i < 1_000; i++)
        {
            book.Heard([Entry("8.8.8.8:1", Now + (i * 7_200))], Address("9.9.9.9:1"), Now + (i * 7_200), new Random(1));
        }

        Assert.Equal(1, book.Count);
        Assert.Single(book.State.Find(Address("8.8.8.8:1"))!.NewBuckets);
    }

    [Fact]
    public void P_18_an_address_told_by_many_groups_has_at_most_eight_places()
    {
        AddressBook book = Book(Network.Main);
        Random random = new(1);
        for (int i = 0; i < 20_000; i++)
        {
            uint now = Now + (uint)i;
            book.Heard([Entry("8.8.8.8:1", now)], Address($"{20 + (i % 200)}.{i % 251}.1.1:1"), now, random);
        }

        Assert.Equal(1, book.Count);
        Assert.InRange(book.State.Find(Address("8.8.8.8:1"))!.NewBuckets.Count, 2, AddressBook.NewBucketsPerAddress);
    }

    /// <summary>Rule P-18, the eclipse measure: what N addresses can take is bounded by groups, not by N.</summary>
    [Fact]
    public void P_18_one_group_told_by_one_group_takes_one_bucket_however_many_addresses_it_has()
    {
        AddressBook book = Book(Network.Main);
        IEnumerable<AddressEntry> flood = Enumerable.Range(0, 20_000).Select(i => Entry($"6.6.{i / 200}.{i % 200}:1"));
        book.Heard(flood, Address("6.6.1.1:1"), Now, new Random(1));
        Assert.Single(book.State.New.OpenBuckets);
        Assert.InRange(book.Count, 1, AddressTable.BucketPlaces);
    }

    [Fact]
    public void P_18_any_addresses_told_by_one_group_take_at_most_64_of_1024_buckets()
    {
        AddressBook book = Book(Network.Main);
        Random random = new(2);
        IEnumerable<AddressEntry> flood = Enumerable.Range(0, 100_000).Select(_ => Entry(Anywhere(random)));
        book.Heard(flood, Address("6.6.1.1:1"), Now, random);
        Assert.InRange(book.State.New.OpenBuckets.Count, 2, AddressBuckets.NewPerSourceGroup);
        Assert.InRange(book.Count, 1, AddressBuckets.NewPerSourceGroup * AddressTable.BucketPlaces);
    }

    [Fact]
    public void P_18_one_group_that_is_reached_takes_at_most_8_of_256_tried_buckets()
    {
        AddressBook book = Book(Network.Main);
        for (int i = 0; i < 20_000; i++)
        {
            PeerAddress address = Address($"6.6.{i / 200}.{i % 200}:1");
            AddressEntry entry = new(address, Now, 0, 0, default);
            book.Heard([entry], Address($"{20 + (i % 70)}.1.1.1:1"), Now, new Random(i));
            book.Reached(address, PeerServices.Blocks, PeerSamples.Id(3), Now);
        }

        Assert.InRange(book.State.Tried.OpenBuckets.Count, 2, AddressBuckets.TriedPerGroup);
        Assert.InRange(book.TriedCount, 64, AddressBuckets.TriedPerGroup * AddressTable.BucketPlaces);
    }

    /// <summary>
    /// Rules P-18 and P-20: a flood from everywhere, each address even reached, moves no good old node.
    /// </summary>
    [Fact]
    public void P_20_good_old_nodes_survive_a_flood()
    {
        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        Random random = new(seed);
        AddressBook book = Book(Network.Main);
        List<PeerAddress> good = [];
        for (int i = 0; i < 200; i++)
        {
            PeerAddress address = Address(Anywhere(random));
            book.Heard([new AddressEntry(address, Now, 0, 0, default)], address, Now, random);
            book.Reached(address, PeerServices.Blocks, default, Now);
            if (book.IsTried(address))
            {
                good.Add(address);
            }
        }

        uint now = Now + Day;
        for (int i = 0; i < 30_000; i++)
        {
            PeerAddress address = Address(Anywhere(random));
            book.Heard([new AddressEntry(address, now, 0, 0, default)], Address(Anywhere(random)), now, random);
            book.Reached(address, PeerServices.Blocks, default, now);
            TestContested(book, good, now, random);
            now += 2;
        }

        Assert.InRange(good.Count, 190, 200);
        Assert.All(good, address => Assert.True(book.IsTried(address), $"{address} was pushed out"));
        Assert.True(book.TriedCount > 4_000, "the flood was none");
        Assert.InRange(book.Count, 1, AddressBook.EntriesMax);
    }

    /// <summary>The negative control: a holder that does not answer its test loses its place.</summary>
    [Fact]
    public void P_20_a_node_that_is_gone_gives_way_once_it_was_tested()
    {
        (AddressBook book, PeerAddress holder, PeerAddress challenger) = Contest();
        uint later = Now + Day;
        book.Reached(challenger, 0, default, later);
        book.Settle(later);
        Assert.True(book.IsTried(holder));
        Assert.Equal(holder, book.Contested(new Random(1)));
        book.Attempted(holder, later, countsAsFailure: true);
        book.Settle(later + 60);
        Assert.True(book.IsTried(holder));
        book.Settle(later + 61);
        Assert.False(book.IsTried(holder));
        Assert.True(book.IsTried(challenger));
        Assert.NotNull(book.Find(holder));
        Assert.Null(book.Contested(new Random(1)));
    }

    [Fact]
    public void P_20_a_node_that_answers_its_test_keeps_its_place()
    {
        (AddressBook book, PeerAddress holder, PeerAddress challenger) = Contest();
        uint later = Now + Day;
        book.Reached(challenger, 0, default, later);
        book.Attempted(holder, later, countsAsFailure: true);
        book.Reached(holder, 0, default, later + 1);
        book.Settle(later + 61);
        Assert.True(book.IsTried(holder));
        Assert.False(book.IsTried(challenger));
        Assert.Null(book.Contested(new Random(1)));
    }

    [Fact]
    public void P_20_time_alone_takes_nobodys_place()
    {
        (AddressBook book, PeerAddress holder, PeerAddress challenger) = Contest();
        uint later = Now + Day;
        book.Reached(challenger, 0, default, later);
        book.Settle(later + 2_400);
        Assert.Equal(holder, book.Contested(new Random(1)));
        book.Settle(later + 2_401);
        Assert.Null(book.Contested(new Random(1)));
        Assert.True(book.IsTried(holder));
    }

    [Theory]
    [InlineData(0, 30 * Day, 0, false)]
    [InlineData(0, (30 * Day) + 1, 0, true)]
    [InlineData(2, 0, 0, false)]
    [InlineData(3, 0, 0, true)]
    [InlineData(9, 0, 8 * Day, false)]
    [InlineData(10, 0, 8 * Day, true)]
    [InlineData(10, 0, 7 * Day, false)]
    public void P_19_an_address_is_terrible_when_unseen_or_failing(
        int attempts, uint seenAgo, uint reachedAgo, bool isSo)
    {
        KnownAddress known = Known(attempts, Now - seenAgo, reachedAgo == 0 ? 0 : Now - reachedAgo, Now - 61);
        Assert.Equal(isSo, known.IsTerrible(Now));
        Assert.False(Known(attempts, Now - seenAgo, 0, Now - 60).IsTerrible(Now));
    }

    [Theory]
    [InlineData(600, false)]
    [InlineData(601, true)]
    public void P_19_an_address_from_the_future_is_terrible(uint ahead, bool isSo) =>
        Assert.Equal(isSo, Known(0, Now + ahead, 0, 0).IsTerrible(Now));

    [Fact]
    public void P_19_each_failure_and_a_recent_try_make_an_address_less_likely()
    {
        Assert.Equal(1_000_000, Known(0, Now, 0, 0).ChanceMillionths(Now));
        Assert.Equal(660_000, Known(1, Now, 0, 0).ChanceMillionths(Now));
        Assert.Equal(36_003, Known(8, Now, 0, 0).ChanceMillionths(Now));
        Assert.Equal(36_003, Known(500, Now, 0, 0).ChanceMillionths(Now));
        Assert.Equal(10_000, Known(0, Now, 0, Now - 599).ChanceMillionths(Now));
        Assert.Equal(1_000_000, Known(0, Now, 0, Now - 600).ChanceMillionths(Now));
    }

    [Fact]
    public void P_19_a_draw_comes_from_either_table_and_a_feeler_from_the_new_one()
    {
        AddressBook book = Book(Network.Main);
        Random random = new(3);
        Assert.Null(book.Select(untried: false, Now, random));
        book.Heard([Entry("8.8.8.8:1"), Entry("9.1.1.1:1")], Address("7.7.7.7:1"), Now, random);
        book.Reached(Address("8.8.8.8:1"), PeerServices.Blocks, PeerSamples.Id(4), Now);
        HashSet<PeerAddress> any = [];
        for (int i = 0; i < 200; i++)
        {
            any.Add(book.Select(untried: false, Now, random)!.Value.Address);
            Assert.Equal(Address("9.1.1.1:1"), book.Select(untried: true, Now, random)!.Value.Address);
        }

        Assert.Equal(2, any.Count);
        book.Remove(Address("9.1.1.1:1"));
        Assert.Null(book.Select(untried: true, Now, random));
        Assert.Equal(PeerStatus.Reached, book.Find(Address("8.8.8.8:1"))!.Value.Status);
        Assert.Equal(PeerSamples.Id(4), book.Find(Address("8.8.8.8:1"))!.Value.Node);
    }

    [Fact]
    public void P_19_equal_calls_with_equal_draws_leave_equal_books()
    {
        byte[] first = AddressFile.Encode(Filled(5));
        Assert.Equal(first, AddressFile.Encode(Filled(5)));
        Assert.NotEqual(first, AddressFile.Encode(Filled(6)));
    }

    [Fact]
    public void P_19_failures_count_once_until_somebody_is_reached()
    {
        AddressBook book = Book(Network.Main);
        PeerAddress address = Address("8.8.8.8:1");
        book.Heard([Entry("8.8.8.8:1"), Entry("9.1.1.1:1")], Address("7.7.7.7:1"), Now, new Random(1));
        book.Attempted(address, Now, countsAsFailure: true);
        book.Attempted(address, Now + 1, countsAsFailure: true);
        Assert.Equal(1, book.State.Find(address)!.Attempts);
        book.Reached(Address("9.1.1.1:1"), 0, default, Now + 2);
        book.Attempted(address, Now + 3, countsAsFailure: false);
        Assert.Equal(1, book.State.Find(address)!.Attempts);
        book.Attempted(address, Now + 4, countsAsFailure: true);
        Assert.Equal(2, book.State.Find(address)!.Attempts);
        book.Reached(address, 0, default, Now + 5);
        Assert.Equal(0, book.State.Find(address)!.Attempts);
    }

    [Fact]
    public void P_18_a_sample_is_a_share_without_the_terrible()
    {
        AddressBook book = Book(Network.Main);
        Random random = new(4);
        book.Heard(Enumerable.Range(0, 2_000).Select(_ => Entry(Anywhere(random))), Address("6.6.1.1:1"), Now, random);
        IReadOnlyList<AddressEntry> sample = book.Sample(1_000, Now, random);
        Assert.Equal(book.Count * 23 / 100, sample.Count);
        Assert.Equal(sample.Count, sample.Distinct().Count());
        Assert.Equal(7, book.Sample(7, Now, random).Count);
        Assert.Empty(book.Sample(1_000, Now + (31 * Day), random));
    }

    private static void TestContested(AddressBook book, List<PeerAddress> good, uint now, Random random)
    {
        if (book.Contested(random) is { } holder)
        {
            book.Attempted(holder, now, countsAsFailure: true);
            if (good.Contains(holder))
            {
                book.Reached(holder, PeerServices.Blocks, default, now);
            }
        }

        book.Settle(now);
    }

    /// <summary>A book in which one address has the tried place that another one wants.</summary>
    private static (AddressBook Book, PeerAddress Holder, PeerAddress Challenger) Contest()
    {
        AddressBook book = Book(Network.Main);
        Random random = new(9);
        PeerAddress holder = Address("8.8.8.8:1");
        book.Heard([Entry("8.8.8.8:1")], holder, Now, random);
        book.Reached(holder, 0, default, Now);
        for (ushort port = 2; ; port++)
        {
            PeerAddress challenger = Address($"8.8.9.9:{port}");
            if (book.State.HolderOf(challenger)?.Address == holder)
            {
                book.Heard([Entry($"8.8.9.9:{port}")], Address("7.7.7.7:1"), Now, random);
                return (book, holder, challenger);
            }
        }
    }

    private static KnownAddress Known(int attempts, uint seen, uint reached, uint tried) =>
        new(Address("8.8.8.8:1"), default) { Attempts = attempts, SeenAt = seen, ReachedAt = reached, TriedAt = tried };

    internal static AddressBook Filled(int seed)
    {
        Random random = new(seed);
        AddressBook book = Book(Network.Main);
        for (int i = 0; i < 300; i++)
        {
            AddressEntry entry = Entry(Anywhere(random), Now - (uint)random.Next(1_000));
            book.Heard([entry], Address(Anywhere(random)), Now, random);
            book.Attempted(entry.Address, Now, random.Next(2) == 0);
            if (random.Next(3) == 0)
            {
                book.Reached(entry.Address, PeerServices.Blocks, PeerSamples.Id(3), Now);
            }
        }

        return book;
    }

    private static AddressBook Book(Network network) => new([.. Enumerable.Range(1, 16).Select(i => (byte)i)], network);

    private static PeerAddress Address(string text) => PeerSamples.Address(text);

    private static AddressEntry Entry(string text, uint time = Now) =>
        new(Address(text), time, PeerServices.Blocks, PeerStatus.Heard, default);

    /// <summary>An address of a drawn group; 20 to 99 are all routable.</summary>
    private static string Anywhere(Random random) =>
        $"{random.Next(20, 100)}.{random.Next(256)}.{random.Next(256)}.{random.Next(256)}:{random.Next(1, 60_000)}";
}
