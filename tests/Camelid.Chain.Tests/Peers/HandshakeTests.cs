using Camelid.Chain.Peers;
using Camelid.Protocol;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Peers;

namespace Camelid.Chain.Tests.Peers;

/// <summary>Rule P-30: nothing passes before both sides are known to each other.</summary>
public sealed class HandshakeTests : NetBed
{
    [Fact]
    public void Two_nodes_know_each_others_names_after_the_handshake()
    {
        NetNode first = Node();
        NetNode second = Node();
        second.ConnectTo(first);
        Assert.True(Net.RunUntil(() => first.ReadyCount == 1 && second.ReadyCount == 1, 5));
        Assert.Equal(NodeId.Of(first.State.Keys[KeyRole.Node].Public), second.Peers[0].Node);
        Assert.Equal(PeerKind.Manual, second.Peers[0].Kind);
        Assert.Equal(PeerKind.Inbound, first.Peers[0].Kind);
    }

    [Fact]
    public void A_name_is_proved_over_the_link_that_both_sides_have()
    {
        NetNode first = Node();
        NetNode second = Node();
        first.Link = second.Link = Hashes.Sha256("one link"u8);
        second.ConnectTo(first);
        Assert.True(Net.RunUntil(() => first.ReadyCount == 1 && second.ReadyCount == 1, 5));
        Assert.True(first.Peers[0].IsEncrypted && second.Peers[0].IsEncrypted);
    }

    /// <summary>Rule P-23: whoever speaks with both sides over links of his own can pass no proof on.</summary>
    [Fact]
    public void A_middleman_between_two_links_is_found_out()
    {
        NetNode first = Node();
        NetNode second = Node();
        (first.Link, second.Link) = (Hashes.Sha256("his link"u8), Hashes.Sha256("her link"u8));
        second.ConnectTo(first);
        Net.Run(5);
        Assert.Equal(0, first.ReadyCount + second.ReadyCount);
        Assert.True(first.Engine.View.Counts().Ended.ContainsKey(RuleCode.PeerKeyUnproved)
            || second.Engine.View.Counts().Ended.ContainsKey(RuleCode.PeerKeyUnproved));
    }

    [Fact]
    public void A_node_that_is_led_to_itself_hangs_up_and_does_not_call_again()
    {
        NetNode node = Node();
        node.ConnectTo(node);
        Net.Run(30);
        Assert.Empty(node.Peers);
        Assert.InRange(Net.OpenedCount, 1, 2);
    }

    [Fact]
    public void Two_nodes_that_call_each_other_at_once_keep_one_connection()
    {
        NetNode first = Node();
        NetNode second = Node();
        first.ConnectTo(second);
        second.ConnectTo(first);
        Net.Run(3);
        Assert.Equal(1, first.ReadyCount);
        Assert.Equal(1, second.ReadyCount);
    }

    [Fact]
    public void A_node_of_another_network_is_not_spoken_to()
    {
        NetNode node = Node();
        RawPeer stranger = new RawPeer(Net, 9, Network.Test).Dial(node);
        Assert.True(stranger.WasClosed);
        Assert.Empty(node.Peers);
    }

    [Fact]
    public void The_right_magic_with_another_genesis_is_another_network()
    {
        NetNode node = Node();
        RawPeer stranger = new(Net, 9);
        stranger.Ours = stranger.Ours with { Genesis = Network.Main.GenesisHash.Value };
        stranger.Dial(node);
        Assert.True(stranger.WasClosed);
        Assert.Empty(node.Peers);
    }

    [Fact]
    public void A_protocol_that_is_too_old_is_not_spoken()
    {
        NetNode node = Node();
        RawPeer old = new(Net, 9);
        old.Ours = old.Ours with { Protocol = VersionMessage.ProtocolMin - 1 };
        Assert.True(old.Dial(node).WasClosed);
    }

    [Fact]
    public void A_name_whose_key_did_not_sign_this_connection_is_not_believed()
    {
        NetNode node = Node();
        NetNode victim = Node();
        RawPeer thief = new(Net, 9);
        thief.Ours = thief.Ours with { NodeKey = victim.State.Keys[KeyRole.Node].Public };
        thief.Dial(node);
        Net.Run(1);
        Assert.True(thief.WasClosed);

        // The true owner of the name is welcome.
        victim.ConnectTo(node);
        Assert.True(Net.RunUntil(() => node.ReadyCount == 1, 5));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Whoever_says_nothing_or_stops_in_the_middle_is_hung_up_on_in_time(bool greets)
    {
        NetNode node = Node();
        RawPeer silent = new(Net, 9, greets: false);
        silent.Dial(node);
        if (greets)
        {
            silent.Send(silent.Ours);
        }

        Net.Run(NetNode.Quick.HandshakeTimeout.TotalSeconds - 1);
        Assert.False(silent.WasClosed);
        Net.Run(2);
        Assert.True(silent.WasClosed);
        Assert.Empty(node.Peers);
    }

    [Fact]
    public void A_message_before_the_handshake_ends_the_connection()
    {
        NetNode node = Node();
        RawPeer hasty = new(Net, 9, greets: false);
        hasty.Dial(node);
        hasty.Send(new PingMessage(1));
        Net.Run(1);
        Assert.True(hasty.WasClosed);
    }

    [Fact]
    public void A_second_version_is_held_against_its_sender()
    {
        NetNode node = Node();
        RawPeer peer = new RawPeer(Net, 9).Dial(node);
        Assert.Equal(0, node.Peers[0].Score);
        peer.Send(peer.Ours);
        Net.Run(1);
        Assert.True(peer.WasClosed || node.Peers[0].Score > 0);
    }

    [Fact]
    public void A_clock_that_is_wrong_is_shown_and_changes_nothing()
    {
        NetNode node = Node();
        RawPeer peer = new(Net, 9);
        peer.Ours = peer.Ours with { Time = peer.Ours.Time + 3_600 };
        peer.Dial(node);
        Assert.Equal(3_600, node.Peers[0].ClockOffsetSeconds);
        Assert.True(peer.IsOpen);
    }
}
