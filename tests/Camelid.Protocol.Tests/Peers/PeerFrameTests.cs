using System.Text;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Peers;
using Camelid.Protocol.Peers.Compact;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Tests.Transactions;
using Camelid.Protocol.Transactions;

namespace Camelid.Protocol.Tests.Peers;

/// <summary>Rules P-01 to P-05 and P-07: frames, envelopes and the handshake.</summary>
public sealed class PeerFrameTests
{
    private static readonly NodeId Here = PeerSamples.Id(3);
    private static readonly NodeId There = PeerSamples.Id(4);
    private static readonly PeerPacket Ping = PeerPacket.ToNeighbour(Here, new PingMessage(5));

    [Fact]
    public void P_02_a_frame_of_each_message_comes_back_equal()
    {
        foreach (PeerMessage message in PeerSamples.All)
        {
            PeerPacket packet = new(Here, There, 3, message);
            byte[] frame = PeerFrame.Encode(packet, PeerSamples.Network);
            Assert.Equal(RuleCode.Accepted, PeerFrame.Read(frame, PeerSamples.Network, out PeerPacket? read));
            Assert.Equal(packet, read);
            Assert.True(frame.Length - PeerFrame.HeaderBytes <= PeerFrame.BodyBytesMax);
        }
    }

    [Fact]
    public void P_02_the_layout_is_magic_command_length_checksum_body()
    {
        byte[] frame = PeerFrame.Encode(Ping, PeerSamples.Network);
        Assert.Equal(24 + 41 + 8, frame.Length);
        Assert.Equal([0xe5, 0x43, 0x4d, 0x4c], frame[..4]);
        Assert.Equal("ping\0\0\0\0\0\0\0\0", Encoding.ASCII.GetString(frame, 4, 12));
        Assert.Equal([49, 0, 0, 0], frame[16..20]);
        Assert.Equal(Hashes.Sha256d(frame.AsSpan(24)).ToBytes()[..4], frame[20..24]);
        Assert.Equal(Here.Value.ToBytes(), frame[24..44]);
        Assert.Equal(new byte[20], frame[44..64]);
        Assert.Equal([1, 5, 0, 0, 0, 0, 0, 0, 0], frame[64..]);
    }

    /// <summary>Rule P-02: each byte of the header that is changed is refused with its own code.</summary>
    [Theory]
    [InlineData(0, RuleCode.PeerMagic)]
    [InlineData(3, RuleCode.PeerMagic)]
    [InlineData(16, RuleCode.PeerFrameBytes)]
    [InlineData(19, RuleCode.PeerFrameBytes)]
    [InlineData(20, RuleCode.PeerChecksum)]
    [InlineData(23, RuleCode.PeerChecksum)]
    [InlineData(30, RuleCode.PeerChecksum)]
    public void P_02_a_changed_byte_is_refused(int at, RuleCode expected)
    {
        byte[] frame = PeerFrame.Encode(Ping, PeerSamples.Network);
        frame[at] ^= 0x10;
        Assert.Equal(expected, PeerFrame.Read(frame, PeerSamples.Network, out PeerPacket? packet));
        Assert.Null(packet);
    }

    [Theory]
    [InlineData("ping", true, PeerCommand.Ping)]
    [InlineData("getblocktxn", true, PeerCommand.GetBlockTxn)]
    [InlineData("abcdefghijkl", true, PeerCommand.Unknown)]
    [InlineData("x2", true, PeerCommand.Unknown)]
    [InlineData("unknown", true, PeerCommand.Unknown)]
    [InlineData("Ping", false, PeerCommand.Unknown)]
    [InlineData("pi\0g", false, PeerCommand.Unknown)]
    [InlineData("pi g", false, PeerCommand.Unknown)]
    [InlineData("", false, PeerCommand.Unknown)]
    public void P_02_a_command_is_lower_case_and_padded_with_zeros(string name, bool isForm, PeerCommand expected)
    {
        byte[] bytes = Encoding.ASCII.GetBytes(name.PadRight(PeerCommands.NameBytes, '\0'));
        Assert.Equal(isForm, PeerCommands.TryRead(bytes, out PeerCommand command));
        Assert.Equal(expected, command);
    }

    /// <summary>Rule P-03: the bound is judged by the header alone, before the body is there.</summary>
    [Fact]
    public void P_03_a_header_that_announces_more_than_its_command_may_have_is_refused()
    {
        foreach (PeerCommand command in PeerCommands.All)
        {
            uint most = (uint)(PeerPacket.HeadBytes + command.PayloadBytesMax());
            Assert.Equal(RuleCode.Accepted, ReadHeader(command.Name(), most));
            Assert.Equal(RuleCode.PeerFrameBytes, ReadHeader(command.Name(), most + 1));
            Assert.Equal(RuleCode.PeerFrameBytes, ReadHeader(command.Name(), PeerPacket.HeadBytes - 1));
            Assert.Equal(RuleCode.PeerFrameBytes, ReadHeader(command.Name(), uint.MaxValue));
        }
    }

    [Fact]
    public void P_03_an_unknown_command_is_small_and_passed_over()
    {
        const uint Most = PeerPacket.HeadBytes + PeerCommands.UnknownBytesMax;
        Assert.Equal(RuleCode.Accepted, ReadHeader("future1", Most));
        Assert.Equal(RuleCode.PeerFrameBytes, ReadHeader("future1", Most + 1));
        byte[] frame = PeerFrame.Encode(Ping, PeerSamples.Network);
        "future1"u8.CopyTo(frame.AsSpan(4));
        Assert.Equal(RuleCode.PeerUnknownCommand, PeerFrame.Read(frame, PeerSamples.Network, out _));
    }

    [Fact]
    public void P_03_what_is_above_the_bound_is_not_written()
    {
        PeerMessage large = new BlockTxnMessage(default, Enumerable.Repeat(Large(), 401));
        Assert.Throws<ArgumentException>(
            () => PeerFrame.Encode(PeerPacket.ToNeighbour(Here, large), PeerSamples.Network));
    }

    [Theory]
    [InlineData(0, RuleCode.PeerEnvelopeForm)]
    [InlineData(1, RuleCode.Accepted)]
    [InlineData(PeerPacket.HopsMax, RuleCode.Accepted)]
    [InlineData(PeerPacket.HopsMax + 1, RuleCode.PeerEnvelopeForm)]
    [InlineData(255, RuleCode.PeerEnvelopeForm)]
    public void P_04_hops_left_are_1_to_8(int hops, RuleCode expected) =>
        Assert.Equal(expected, PeerFrame.Read(Frame(Ping with { HopsLeft = hops }), PeerSamples.Network, out _));

    [Fact]
    public void P_04_an_envelope_names_its_sender() => Assert.Equal(
        RuleCode.PeerEnvelopeForm,
        PeerFrame.Read(Frame(Ping with { Sender = NodeId.None }), PeerSamples.Network, out _));

    [Fact]
    public void P_04_a_neighbour_sends_in_its_own_name_to_its_neighbour_only()
    {
        Assert.Equal(RuleCode.Accepted, Ping.CheckNeighbour(Here, There));
        Assert.Equal(RuleCode.Accepted, (Ping with { Receiver = There }).CheckNeighbour(Here, There));
        PeerPacket[] wrong =
        [
            Ping with { Sender = There }, Ping with { Receiver = PeerSamples.Id(5) }, Ping with { HopsLeft = 2 },
        ];
        Assert.All(wrong, packet =>
            Assert.Equal(RuleCode.PeerWrongAddressee, packet.CheckNeighbour(Here, There)));
    }

    [Fact]
    public void P_05_the_id_covers_sender_receiver_and_payload_and_not_the_hops()
    {
        Assert.Equal(Ping.Id, (Ping with { HopsLeft = 7 }).Id);
        Hash256[] ids =
        [
            Ping.Id, (Ping with { Sender = There }).Id, (Ping with { Receiver = There }).Id,
            (Ping with { Message = new PingMessage(6) }).Id,
        ];
        Assert.Equal(ids.Length, ids.Distinct().Count());
    }

    [Fact]
    public void P_01_a_node_is_named_by_the_hash_of_its_key()
    {
        PublicKey key = Samples.Public(Samples.Key(3));
        Assert.Equal(Hash160.Of(key.Span), NodeId.Of(key).Value);
        Assert.True(NodeId.None.IsNone);
    }

    [Fact]
    public void P_07_a_version_of_this_network_and_another_node_is_accepted()
    {
        VersionMessage ours = PeerSamples.Version(3, 1);
        VersionMessage theirs = PeerSamples.Version(4, 2);
        Assert.Equal(RuleCode.Accepted, Check(theirs));
        Assert.Equal(RuleCode.PeerOtherNetwork, Check(theirs with { Genesis = Hash256.Zero }));
        Assert.Equal(RuleCode.PeerVersionTooOld, Check(theirs with { Protocol = 0 }));
        Assert.Equal(RuleCode.Accepted, Check(theirs with { Protocol = 2 }));
        Assert.Equal(RuleCode.PeerIsSelf, Check(theirs with { NodeKey = ours.NodeKey }));
        Assert.Equal(RuleCode.PeerIsSelf, Check(theirs with { Nonce = ours.Nonce }));
        Assert.True(PublicKey.TryFromBytes([2, .. Enumerable.Repeat((byte)0xff, 32)], out PublicKey offCurve));
        Assert.Equal(RuleCode.PeerKeyUnproved, Check(theirs with { NodeKey = offCurve }));
        RuleCode Check(VersionMessage version) => PeerHandshake.CheckVersion(version, ours, Samples.Curve);
    }

    /// <summary>Rule P-07: the signature serves one author, one reader and one connection.</summary>
    [Fact]
    public void P_07_a_verack_proves_the_key_for_one_connection_only()
    {
        VersionMessage ours = PeerSamples.Version(3, 1);
        VersionMessage theirs = PeerSamples.Version(4, 2);
        VerackMessage verack = PeerHandshake.Sign(theirs, ours, Samples.Key(4), Samples.Curve);
        Assert.Equal(RuleCode.Accepted, Check(verack, theirs, ours));
        Assert.Equal(RuleCode.PeerKeyUnproved, Check(verack, theirs, ours with { Nonce = 3 }));
        Assert.Equal(RuleCode.PeerKeyUnproved, Check(verack, theirs with { Nonce = 3 }, ours));
        Assert.Equal(RuleCode.PeerKeyUnproved, Check(verack, theirs, PeerSamples.Version(5, 1)));
        Assert.Equal(RuleCode.PeerKeyUnproved, Check(verack, ours, theirs));
        Assert.Equal(RuleCode.PeerKeyUnproved, Check(new VerackMessage([]), theirs, ours));
        VerackMessage stranger = PeerHandshake.Sign(theirs, ours, Samples.Key(5), Samples.Curve);
        Assert.Equal(RuleCode.PeerKeyUnproved, Check(stranger, theirs, ours));
        static RuleCode Check(VerackMessage verack, VersionMessage author, VersionMessage reader) =>
            PeerHandshake.CheckVerack(verack, author, reader, Samples.Curve);
    }

    private static Transaction Large()
    {
        TxOutput output = new(Amount.Zero, new Script(new byte[9_980]));
        return Transaction.Create(1, [], [output], 0, default);
    }

    private static RuleCode ReadHeader(string name, uint length)
    {
        byte[] command = Encoding.ASCII.GetBytes(name.PadRight(PeerCommands.NameBytes, '\0'));
        byte[] header = new CanonicalWriter().UInt32(PeerSamples.Network.Magic).Raw(command).UInt32(length).UInt32(0)
            .ToArray();
        return PeerFrame.ReadHeader(header, PeerSamples.Network, out _);
    }

    private static byte[] Frame(PeerPacket packet) => PeerFrame.Encode(packet, PeerSamples.Network);
}
