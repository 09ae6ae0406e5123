using Camelid.Protocol.Peers;
using Camelid.Protocol.Peers.Addresses;

namespace Camelid.Protocol.Tests.Peers;

/// <summary>Rule P-21: files come back equal or are refused.</summary>
public sealed class AddressFileTests
{
    private static readonly byte[] Whole = AddressFile.Encode(AddressBookTests.Filled(11));

    [Fact]
    public void P_21_a_book_comes_back_equal()
    {
        Assert.Equal(RuleCode.Accepted, AddressFile.Decode(Whole, Network.Main, out AddressBook? book));
        AddressBook before = AddressBookTests.Filled(11);
        Assert.Equal(Whole, AddressFile.Encode(book!));
        Assert.Equal((before.Count, before.TriedCount), (book!.Count, book.TriedCount));
        Assert.True(before.TriedCount is > 50 and < 150);
        AddressEntry? drawn = book.Select(untried: false, PeerSamples.Now, new Random(3));
        Assert.Equal(before.Find(drawn!.Value.Address), drawn);
    }

    [Fact]
    public void P_21_an_empty_book_comes_back_empty()
    {
        byte[] file = AddressFile.Encode(new AddressBook(new byte[16], Network.Test));
        Assert.Equal(RuleCode.Accepted, AddressFile.Decode(file, Network.Test, out AddressBook? book));
        Assert.Equal(0, book!.Count);
    }

    [Fact]
    public void P_21_a_file_of_another_network_or_kind_is_refused()
    {
        Assert.Equal(RuleCode.PeerFileOther, AddressFile.Decode(Whole, Network.Test, out AddressBook? book));
        Assert.Null(book);
        byte[] anchors = AnchorFile.Encode([], Network.Main);
        Assert.Equal(RuleCode.PeerFileOther, AddressFile.Decode(anchors, Network.Main, out _));
        Assert.Equal(RuleCode.PeerFileOther, AnchorFile.Decode(Whole, Network.Main, out _));
    }

    /// <summary>A bit that flipped, a tail that is missing, a byte more: none of it is read.</summary>
    [Fact]
    public void P_21_a_damaged_file_is_refused()
    {
        for (int at = 0; at < Whole.Length; at += 97)
        {
            byte[] damaged = (byte[])Whole.Clone();
            damaged[at] ^= 1;
            Assert.Equal(RuleCode.PeerFileDamaged, AddressFile.Decode(damaged, Network.Main, out _));
            Assert.Equal(RuleCode.PeerFileDamaged, AddressFile.Decode(Whole.AsSpan(0, at), Network.Main, out _));
        }

        Assert.Equal(RuleCode.PeerFileDamaged, AddressFile.Decode([.. Whole, 0], Network.Main, out _));
        Assert.Equal(RuleCode.PeerFileDamaged, AddressFile.Decode([], Network.Main, out _));
    }

    /// <summary>
    /// The checksum is no protection against a hand: what the book could not hold is refused behind it, too.
    /// </summary>
    [Fact]
    public void P_21_a_file_with_a_right_checksum_that_no_book_wrote_is_refused()
    {
        byte[] content = Whole[5..^32];
        const int Entries = AddressBook.SecretBytes + 4;
        const int Port = Entries + PeerAddress.IpBytes;
        const int Places = Entries + 68;
        Assert.Equal(RuleCode.Accepted, Decode(content));
        Assert.Equal(RuleCode.PeerFileDamaged, Decode(Changed(AddressBook.SecretBytes, 0xff)));
        Assert.Equal(RuleCode.PeerFileDamaged, Decode(Changed(AddressBook.SecretBytes + 3, 0xff)));
        Assert.Equal(RuleCode.PeerFileDamaged, Decode(Changed(Places, 9)));
        Assert.Equal(RuleCode.PeerFileDamaged, Decode(Changed(Places, 0xff)));
        Assert.Equal(RuleCode.PeerFileDamaged, Decode([.. content, 0]));
        Assert.Equal(RuleCode.PeerFileDamaged, Decode(content[..^1]));
        byte[] noPort = (byte[])content.Clone();
        noPort[Port] = 0;
        noPort[Port + 1] = 0;
        Assert.Equal(RuleCode.PeerFileDamaged, Decode(noPort));
        byte[] local = (byte[])content.Clone();
        local[Entries + 12] = 127;
        Assert.Equal(RuleCode.PeerFileDamaged, Decode(local));

        byte[] Changed(int at, byte value)
        {
            byte[] changed = (byte[])content.Clone();
            changed[at] = value;
            return changed;
        }

        static RuleCode Decode(byte[] content) =>
            AddressFile.Decode(PeerFile.Seal(1, Network.Main, content), Network.Main, out _);
    }

    [Fact]
    public void P_21_an_address_that_stands_twice_is_refused()
    {
        AddressBook one = new(new byte[16], Network.Main);
        PeerAddress address = PeerSamples.Address("8.8.8.8:1");
        one.Heard([new AddressEntry(address, PeerSamples.Now, 0, 0, default)], address, PeerSamples.Now, new Random(1));
        byte[] content = AddressFile.Encode(one)[5..^32];
        byte[] entry = content[20..];
        byte[] twice = [.. content[..16], 2, 0, 0, 0, .. entry, .. entry];
        byte[] file = PeerFile.Seal(1, Network.Main, twice);
        Assert.Equal(RuleCode.PeerFileDamaged, AddressFile.Decode(file, Network.Main, out _));
    }

    [Fact]
    public void P_21_anchors_come_back_equal_and_are_at_most_eight()
    {
        PeerAddress[] anchors = [.. Enumerable.Range(1, 8).Select(i => PeerSamples.Address($"8.8.8.{i}:1"))];
        byte[] file = AnchorFile.Encode(anchors, Network.Main);
        Assert.Equal(RuleCode.Accepted, AnchorFile.Decode(file, Network.Main, out IReadOnlyList<PeerAddress> read));
        Assert.Equal(anchors, read);
        Assert.Throws<ArgumentException>(() => AnchorFile.Encode([.. anchors, default], Network.Main));
        Assert.Throws<ArgumentException>(() => AnchorFile.Encode([anchors[0], anchors[0]], Network.Main));
        for (int at = 0; at < file.Length; at++)
        {
            byte[] damaged = (byte[])file.Clone();
            damaged[at] ^= 1;
            Assert.Equal(RuleCode.PeerFileDamaged, AnchorFile.Decode(damaged, Network.Main, out read));
            Assert.Empty(read);
        }
    }

    [Fact]
    public void P_21_anchors_beyond_the_bound_or_twice_are_refused_behind_a_right_checksum()
    {
        byte[] one = [.. PeerSamples.Address("8.8.8.8:1").IpToBytes(), 1, 0];
        Assert.Equal(RuleCode.PeerFileDamaged, Decode([2, .. one, .. one]));
        Assert.Equal(RuleCode.PeerFileDamaged, Decode([9, .. Enumerable.Repeat(one, 9).SelectMany(bytes => bytes)]));
        Assert.Equal(RuleCode.PeerFileDamaged, Decode([0, 0]));
        Assert.Equal(RuleCode.Accepted, Decode([1, .. one]));
        static RuleCode Decode(byte[] content) =>
            AnchorFile.Decode(PeerFile.Seal(2, Network.Main, content), Network.Main, out _);
    }
}
