using Camelid.Protocol.Blocks;
using Camelid.Protocol.Peers;
using Camelid.Protocol.Peers.Compact;
using FsCheck;
using FsCheck.Fluent;

namespace Camelid.Protocol.Tests.Peers;

/// <summary>Rules P-06 to P-11: one encoding for each message, and no other is read.</summary>
public sealed class PeerMessageTests
{
    private static readonly Config Quiet = Config.QuickThrowOnFailure.WithMaxTest(400);

    public static TheoryData<PeerCommand> Commands => [.. PeerCommands.All];

    [Fact]
    public void There_is_a_sample_of_each_command() =>
        Assert.Equal(PeerCommands.All, PeerSamples.All.Select(message => message.Command).Order());

    [Theory]
    [MemberData(nameof(Commands))]
    public void A_message_comes_back_equal(PeerCommand command)
    {
        PeerMessage message = Sample(command);
        byte[] bytes = message.Encode();
        Assert.Equal(RuleCode.Accepted, PeerMessage.Decode(command, bytes, out PeerMessage? read));
        Assert.Equal(message, read);
        Assert.Equal(bytes, read!.Encode());
        Assert.Equal(message.GetHashCode(), read.GetHashCode());
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void A_message_cut_short_or_with_a_byte_more_is_refused(PeerCommand command)
    {
        byte[] bytes = Sample(command).Encode();
        for (int length = 0; length < bytes.Length; length++)
        {
            Assert.NotEqual(RuleCode.Accepted, PeerMessage.Decode(command, bytes.AsSpan(0, length), out _));
        }

        Assert.NotEqual(RuleCode.Accepted, PeerMessage.Decode(command, [.. bytes, 0], out _));
    }

    /// <summary>Rule P-06 for hostile bytes: read and written again they are the same, or they are refused.</summary>
    [Fact]
    public void Drawn_bytes_are_refused_or_are_canonical() => Prop.ForAll<int, byte[], int>((which, noise, cut) =>
    {
        PeerMessage message = PeerSamples.All[(int)((uint)which % PeerSamples.All.Count)];
        byte[] bytes = message.Encode();
        int at = (int)((uint)cut % (bytes.Length + 1));
        byte[] mixed = [.. bytes.AsSpan(0, at), .. noise, .. bytes.AsSpan(Math.Min(bytes.Length, at + noise.Length))];
        RuleCode code = PeerMessage.Decode(message.Command, mixed, out PeerMessage? read);
        return code == RuleCode.Accepted == (read is not null) && (read is null || read.Encode().SequenceEqual(mixed));
    }).Check(Quiet);

    [Fact]
    public void An_unknown_command_is_no_message() =>
        Assert.Equal(RuleCode.PeerUnknownCommand, PeerMessage.Decode(PeerCommand.Unknown, [], out _));

    [Theory]
    [InlineData(1, true)]
    [InlineData(InventoryList.EntriesMax, true)]
    [InlineData(InventoryList.EntriesMax + 1, false)]
    [InlineData(0, false)]
    public void P_09_an_inventory_has_1_to_4096_entries(int count, bool isGood)
    {
        InventoryEntry[] entries = new InventoryEntry[count];
        Array.Fill(entries, new InventoryEntry(InventoryKind.Block, default));
        Assert.Equal(isGood, Record.Exception(() => new InventoryList(entries)) is null);
        CanonicalWriter writer = new();
        writer.CompactSize((ulong)count);
        foreach (InventoryEntry entry in entries)
        {
            writer.Byte((byte)entry.Kind).Hash(entry.Hash);
        }

        Assert.Equal(isGood, IsRead(PeerCommand.Inv, writer.ToArray()));
        Assert.True(!isGood || writer.Written.Length <= PeerCommand.Inv.PayloadBytesMax());
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, true)]
    [InlineData(3, true)]
    [InlineData(6, true)]
    [InlineData(7, false)]
    public void P_09_an_inventory_names_known_kinds_only(byte kind, bool isGood) =>
        Assert.Equal(isGood, IsRead(PeerCommand.GetData, [1, kind, .. new byte[32]]));

    [Theory]
    [InlineData(0, true)]
    [InlineData(HeadersMessage.HeadersMax, true)]
    [InlineData(HeadersMessage.HeadersMax + 1, false)]
    public void P_10_at_most_2000_headers_come_at_once(int count, bool isGood)
    {
        byte[] header = PeerSamples.Network.Genesis.Header.Encode();
        CanonicalWriter writer = new();
        writer.CompactSize((ulong)count);
        for (int i = 0; i < count; i++)
        {
            writer.Raw(header);
        }

        Assert.Equal(isGood, IsRead(PeerCommand.Headers, writer.ToArray()));
        Assert.True(!isGood || writer.Written.Length <= PeerCommand.Headers.PayloadBytesMax());
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, true)]
    [InlineData(GetHeadersMessage.LocatorMax, true)]
    [InlineData(GetHeadersMessage.LocatorMax + 1, false)]
    public void P_10_a_locator_has_1_to_101_hashes(int count, bool isGood) => Assert.Equal(
        isGood, IsRead(PeerCommand.GetHeaders, [(byte)count, .. new byte[32 * (count + 1)]]));

    [Fact]
    public void P_10_headers_are_linked_where_each_names_the_one_before()
    {
        BlockHeader first = PeerSamples.Network.Genesis.Header;
        BlockHeader second = first with { PreviousHash = first.Hash };
        Assert.True(new HeadersMessage([first, second]).IsLinked());
        Assert.False(new HeadersMessage([second, first]).IsLinked());
        Assert.True(new HeadersMessage([]).IsLinked());
    }

    [Theory]
    [InlineData("203.0.113.9:8333", "203.0.113.9:8333")]
    [InlineData("[2001:DB8::1]:1", "[2001:db8::1]:1")]
    [InlineData("203.0.113.9:0", null)]
    [InlineData("203.0.113.9", null)]
    [InlineData("0.0.0.0:1", null)]
    [InlineData("[::]:1", null)]
    [InlineData("1:80", null)]
    [InlineData("example:80", null)]
    [InlineData(null, null)]
    public void P_08_an_address_has_a_host_and_a_port(string? text, string? shown)
    {
        Assert.Equal(shown is not null, PeerAddress.TryParse(text, out PeerAddress address));
        Assert.Equal(shown ?? "none", address.ToString());
    }

    [Fact]
    public void P_08_at_most_1000_addresses_come_at_once()
    {
        AddressEntry entry = PeerSamples.Entry("203.0.113.9:8333");
        AddrMessage most = new(Enumerable.Repeat(entry, AddrMessage.EntriesMax));
        Assert.Equal(AddrMessage.BytesMax, most.Encode().Length);
        Assert.True(IsRead(PeerCommand.Addr, most.Encode()));
        Assert.Throws<ArgumentException>(() => new AddrMessage(Enumerable.Repeat(entry, AddrMessage.EntriesMax + 1)));
        Assert.False(IsRead(PeerCommand.Addr, [0]));
    }

    /// <summary>Rule P-11: a place twice, or beyond the block, is not ascending.</summary>
    [Fact]
    public void P_11_places_ascend_and_stay_inside_a_block()
    {
        Assert.Throws<ArgumentException>(() => new GetBlockTxnMessage(default, [1, 1]));
        Assert.Throws<ArgumentException>(() => new GetBlockTxnMessage(default, [2, 1]));
        Assert.Throws<ArgumentException>(() => new GetBlockTxnMessage(default, [CompactBlock.TransactionsMax]));
        GetBlockTxnMessage last = new(default, [0, CompactBlock.TransactionsMax - 1]);
        Assert.True(IsRead(PeerCommand.GetBlockTxn, last.Encode()));
        byte[] beyond = new CanonicalWriter().Hash(default).CompactSize(2).CompactSize(1)
            .CompactSize(CompactBlock.TransactionsMax - 2).ToArray();
        Assert.False(IsRead(PeerCommand.GetBlockTxn, beyond));
    }

    [Fact]
    public void P_11_every_place_of_the_largest_block_can_be_asked_for()
    {
        GetBlockTxnMessage all = new(default, Enumerable.Range(0, CompactBlock.TransactionsMax));
        Assert.True(all.Encode().Length <= PeerCommand.GetBlockTxn.PayloadBytesMax());
        Assert.True(IsRead(PeerCommand.GetBlockTxn, all.Encode()));
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("/camelid:0.1/ ~", true)]
    [InlineData("tab\t", false)]
    [InlineData("\u007f", false)]
    [InlineData("é", false)]
    public void P_07_a_user_agent_is_printable_ascii(string agent, bool isGood)
    {
        byte[] bytes = PeerSamples.Version(3).Encode();
        byte[] before = bytes[..^18];
        Assert.Equal((byte)13, before[^1]);
        byte[] changed = [.. before[..^1], (byte)agent.Length, .. agent.Select(letter => (byte)letter), .. bytes[^5..]];
        Assert.Equal(isGood, IsRead(PeerCommand.Version, changed));
        VersionMessage named = PeerSamples.Version(3) with { UserAgent = agent };
        Assert.Equal(isGood, Record.Exception(() => named.Encode()) is null);
    }

    [Fact]
    public void P_07_the_longest_version_fits_its_bound()
    {
        VersionMessage longest = PeerSamples.Version(3) with { UserAgent = new string('x', 256) };
        Assert.Equal(VersionMessage.BytesMax, longest.Encode().Length);
        Assert.True(IsRead(PeerCommand.Version, longest.Encode()));
        Assert.Throws<InvalidOperationException>(
            () => (longest with { UserAgent = new string('x', 257) }).Encode());
    }

    private static PeerMessage Sample(PeerCommand command) =>
        PeerSamples.All.Single(message => message.Command == command);

    private static bool IsRead(PeerCommand command, byte[] payload)
    {
        RuleCode code = PeerMessage.Decode(command, payload, out PeerMessage? message);
        Assert.Equal(code == RuleCode.Accepted, message is not null);
        return message is not null;
    }
}
