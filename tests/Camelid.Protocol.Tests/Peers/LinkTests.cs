using Camelid.Protocol.Keys;
using Camelid.Protocol.Peers;
using Camelid.Protocol.Peers.Links;
using Camelid.Protocol.Tests.Transactions;

namespace Camelid.Protocol.Tests.Peers;

/// <summary>
/// Rules P-22 to P-24: two nodes agree on keys that nobody else has, and nothing passes that was changed.
/// </summary>
public sealed class LinkTests
{
    /// <summary>Computed apart from this code, from one-time keys 1 (the caller) and 2 on regtest.</summary>
    private const string CallerKey = "aef022bc39cfe8e1ae6a681c9711f40d5222ee5f7bb4cd9ebcff093d28b8a981";
    private const string AnswererKey = "b293f660f11b094559fa072abfd1114d7520f33e563dc34acb7c360ef9794d7d";
    private const string Link = "1be7604c6c1c3972d141a5ed120b91c014d90b5311a58e08380ba78e4b96f4c4";
    private const string FirstPacket =
        "a29bde98ab542337157d173238ec9c309d3012cdbd8445e48ac4f583f85aeba1bd4cd44530b1b5152f";

    [Fact]
    public void P_22_a_greeting_is_read_as_it_was_written()
    {
        PublicKey oneTime = Samples.Public(Samples.Key(3));
        byte[] greeting = LinkHello.Encode(oneTime, Network.Regtest);
        Assert.Equal(LinkHello.Bytes, greeting.Length);
        Assert.True(LinkHello.TryDecode(greeting, Network.Regtest, Samples.Curve, out PublicKey read));
        Assert.Equal(oneTime, read);
    }

    [Fact]
    public void P_22_a_greeting_of_another_network_length_or_curve_is_refused()
    {
        byte[] good = LinkHello.Encode(Samples.Public(Samples.Key(3)), Network.Regtest);
        Assert.False(IsRead(LinkHello.Encode(Samples.Public(Samples.Key(3)), Network.Main)));
        Assert.False(IsRead(good[..^1]));
        Assert.False(IsRead([.. good, 0]));
        Assert.False(IsRead([]));
        Assert.False(IsRead([.. good[..4], 4, .. good[5..]]));
        Assert.False(IsRead([.. good[..5], .. Enumerable.Repeat((byte)0xff, 32)]));
        static bool IsRead(byte[] bytes) =>
            LinkHello.TryDecode(bytes, Network.Regtest, Samples.Curve, out PublicKey _);
    }

    /// <summary>One port takes both kinds of links: their first bytes differ on every pair of networks.</summary>
    [Fact]
    public void P_22_no_plain_frame_begins_like_a_greeting()
    {
        Network[] networks = [Network.Main, Network.Test, Network.Regtest];
        Assert.All(networks, network =>
        {
            byte[] frame = PeerFrame.Encode(PeerPacket.ToNeighbour(PeerSamples.Id(3), new VerackMessage([])), network);
            Assert.All(networks, other => Assert.False(LinkHello.IsMarked(frame, other)));
        });
    }

    [Fact]
    public void P_23_both_sides_have_the_same_keys_the_other_way_round()
    {
        LinkKeys caller = Agree(3, 4, isCaller: true);
        LinkKeys answerer = Agree(4, 3, isCaller: false);
        Assert.Equal(caller.Sending, answerer.Receiving);
        Assert.Equal(caller.Receiving, answerer.Sending);
        Assert.Equal(caller.Link, answerer.Link);
        Assert.NotEqual(caller.Sending, caller.Receiving);
    }

    [Fact]
    public void P_23_keys_and_name_are_those_of_the_vector()
    {
        LinkKeys caller = Agree(1, 2, isCaller: true);
        Assert.Equal(CallerKey, Convert.ToHexStringLower(caller.Sending));
        Assert.Equal(AnswererKey, Convert.ToHexStringLower(caller.Receiving));
        Assert.Equal(Link, Convert.ToHexStringLower(caller.Link.ToBytes()));
        byte[] packet = new byte[LinkPacket.BytesMax];
        using LinkSealer sealer = new(caller.Sending);
        Assert.Equal(FirstPacket, Convert.ToHexStringLower(packet.AsSpan(0, sealer.Seal("camelid"u8, packet))));
    }

    [Fact]
    public void P_23_another_key_side_or_network_gives_another_link()
    {
        HashSet<Hash256> names =
        [
            Agree(3, 4, isCaller: true).Link,
            Agree(3, 5, isCaller: true).Link,
            Agree(3, 4, isCaller: false).Link,
            LinkKeys.Agree(Samples.Key(3), Samples.Public(Samples.Key(4)), true, Network.Main, Samples.Curve).Link,
        ];
        Assert.Equal(4, names.Count);
    }

    /// <summary>A middleman has a link with each side; what is signed for one is nothing on the other.</summary>
    [Fact]
    public void P_07_a_verack_of_one_link_is_refused_on_another()
    {
        VersionMessage ours = PeerSamples.Version(3, 1);
        VersionMessage theirs = PeerSamples.Version(4, 2);
        Hash256 near = Agree(5, 6, isCaller: true).Link;
        Hash256 far = Agree(7, 8, isCaller: true).Link;
        VerackMessage verack = PeerHandshake.Sign(theirs, ours, Samples.Key(4), Samples.Curve, near);
        Assert.Equal(RuleCode.Accepted, Check(near));
        Assert.Equal(RuleCode.PeerKeyUnproved, Check(far));
        Assert.Equal(RuleCode.PeerKeyUnproved, Check(default));
        RuleCode Check(Hash256 link) => PeerHandshake.CheckVerack(verack, theirs, ours, Samples.Curve, link);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(17)]
    [InlineData(1_000)]
    [InlineData(100_000)]
    public void P_24_what_is_sealed_is_opened_in_whatever_pieces_it_comes(int pieceBytes)
    {
        byte[][] contents = [[7], [.. new byte[LinkPacket.ContentBytesMax]], "camelid"u8.ToArray(), new byte[500]];
        byte[] sealedBytes = Seal(contents);
        Assert.Equal(contents.Sum(content => content.Length + LinkPacket.OverheadBytes), sealedBytes.Length);
        List<byte[]> opened = [];
        using LinkOpener opener = new(Agree(4, 3, isCaller: false).Receiving);
        foreach (byte[] piece in sealedBytes.Chunk(pieceBytes))
        {
            Assert.True(Take(opener, piece, opened));
        }

        Assert.Equal(contents, opened);
    }

    [Fact]
    public void P_24_a_changed_bit_anywhere_breaks_the_link_for_good()
    {
        byte[] good = Seal([[1, 2, 3], [4]]);
        for (int at = 0; at < good.Length; at++)
        {
            byte[] bad = [.. good];
            bad[at] ^= 0x10;
            List<byte[]> opened = [];
            using LinkOpener opener = new(Agree(4, 3, isCaller: false).Receiving);
            Assert.False(Take(opener, bad, opened));
            Assert.True(opened.Count <= 1);
            Assert.False(Take(opener, good, opened));
        }
    }

    [Fact]
    public void P_24_a_packet_that_is_left_out_doubled_or_moved_breaks_the_link()
    {
        byte[] first = Seal([[1]]);
        byte[] both = Seal([[1], [2]]);
        byte[] second = both[first.Length..];
        Assert.False(IsTaken(second));
        Assert.False(IsTaken([.. first, .. first]));
        Assert.False(IsTaken([.. second, .. first]));
        Assert.True(IsTaken(both));
        static bool IsTaken(byte[] bytes)
        {
            using LinkOpener opener = new(Agree(4, 3, isCaller: false).Receiving);
            return Take(opener, bytes, []);
        }
    }

    [Fact]
    public void P_24_what_one_side_sent_is_not_taken_when_it_comes_back()
    {
        using LinkOpener opener = new(Agree(3, 4, isCaller: true).Receiving);
        Assert.False(Take(opener, Seal([[1]]), []));
    }

    [Fact]
    public void P_24_content_has_one_to_16384_bytes()
    {
        byte[] packet = new byte[LinkPacket.BytesMax + 1];
        using LinkSealer sealer = new(Agree(3, 4, isCaller: true).Sending);
        Assert.Throws<ArgumentOutOfRangeException>(() => sealer.Seal([], packet));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => sealer.Seal(new byte[LinkPacket.ContentBytesMax + 1], packet));
        Assert.Equal(LinkPacket.BytesMax, sealer.Seal(new byte[LinkPacket.ContentBytesMax], packet));
    }

    private static LinkKeys Agree(byte own, byte other, bool isCaller) => LinkKeys.Agree(
        Samples.Key(own), Samples.Public(Samples.Key(other)), isCaller, Network.Regtest, Samples.Curve);

    private static byte[] Seal(IEnumerable<byte[]> contents)
    {
        byte[] packet = new byte[LinkPacket.BytesMax];
        using LinkSealer sealer = new(Agree(3, 4, isCaller: true).Sending);
        List<byte> all = [];
        foreach (byte[] content in contents)
        {
            all.AddRange(packet[..sealer.Seal(content, packet)]);
        }

        return [.. all];
    }

    private static bool Take(LinkOpener opener, byte[] bytes, List<byte[]> opened)
    {
        ReadOnlySpan<byte> left = bytes;
        while (left.Length > 0)
        {
            if (!opener.TryTake(ref left, out ReadOnlySpan<byte> content))
            {
                return false;
            }

            if (content.Length > 0)
            {
                opened.Add(content.ToArray());
            }
        }

        return true;
    }
}
