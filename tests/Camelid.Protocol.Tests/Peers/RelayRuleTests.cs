using Camelid.Protocol.Peers;
using Camelid.Protocol.Tests.Transactions;

namespace Camelid.Protocol.Tests.Peers;

/// <summary>
/// Rules P-12 and P-13: a message for somebody else goes towards its receiver, once, and has an author.
/// </summary>
public sealed class RelayRuleTests
{
    private static readonly NodeId Self = PeerSamples.Id(1);
    private static readonly NodeId From = PeerSamples.Id(2);
    private static readonly NodeId Sender = PeerSamples.Id(3);
    private static readonly NodeId Far = PeerSamples.Id(99);

    [Fact]
    public void P_13_a_message_for_this_node_is_delivered_and_goes_no_further()
    {
        RelayDecision decision = Decide(PeerSamples.Relay(3, Self), Standing());
        Assert.Equal(RuleCode.Accepted, decision.Code);
        Assert.True(decision.Deliver);
        Assert.Empty(decision.Targets);
        Assert.Null(decision.Onward);
    }

    [Fact]
    public void P_13_a_message_for_a_neighbour_goes_to_it_alone_with_one_hop_less()
    {
        PeerPacket packet = PeerSamples.Relay(3, PeerSamples.Id(12));
        RelayDecision decision = Decide(packet, Standing());
        Assert.False(decision.Deliver);
        Assert.Equal([PeerSamples.Id(12)], decision.Targets);
        Assert.Equal(packet with { HopsLeft = 7 }, decision.Onward);
        Assert.Equal(packet.Id, decision.Onward!.Id);
    }

    [Fact]
    public void P_13_a_message_for_a_stranger_is_spread_to_eight_forwarders_but_not_back()
    {
        RelayDecision decision = Decide(PeerSamples.Relay(3, Far), Standing());
        Assert.Equal(RelayRule.FanOutMax, decision.Targets.Count);
        Assert.Equal(decision.Targets.Count, decision.Targets.Distinct().Count());
        Assert.DoesNotContain(From, decision.Targets);
        Assert.DoesNotContain(Sender, decision.Targets);
        Assert.DoesNotContain(PeerSamples.Id(20), decision.Targets);
    }

    [Fact]
    public void P_13_other_messages_are_spread_to_other_neighbours()
    {
        HashSet<NodeId> reached = [];
        for (uint time = PeerSamples.Now; time < PeerSamples.Now + 20; time++)
        {
            reached.UnionWith(Decide(PeerSamples.Relay(3, Far, time), Standing()).Targets);
        }

        Assert.Equal(Standing().Neighbours.Where(other => other.Forwards).Select(other => other.Node)
            .Except([From, Sender]).ToHashSet(), reached);
    }

    [Theory]
    [InlineData(1, RuleCode.RelayNoHopsLeft)]
    [InlineData(2, RuleCode.Accepted)]
    public void P_13_the_last_hop_ends_at_this_node(int hops, RuleCode expected)
    {
        PeerPacket packet = PeerSamples.Relay(3, Far) with { HopsLeft = hops };
        Assert.Equal(expected, Decide(packet, Standing()).Code);
        PeerPacket mine = PeerSamples.Relay(3, Self) with { HopsLeft = hops };
        Assert.True(Decide(mine, Standing()).Deliver);
    }

    [Fact]
    public void P_13_a_message_that_was_seen_is_dropped()
    {
        PeerPacket packet = PeerSamples.Relay(3, Self);
        RelayStanding after = Standing() with { Seen = new HashSet<Hash256> { packet.Id } };
        Assert.Equal(RuleCode.RelaySeen, Decide(packet, after).Code);
        Assert.Equal(RuleCode.RelaySeen, Decide(PeerSamples.Relay(1, Far), Standing()).Code);
    }

    [Theory]
    [InlineData(0, RuleCode.Accepted)]
    [InlineData((int)RelayRule.WindowSeconds, RuleCode.Accepted)]
    [InlineData((int)RelayRule.WindowSeconds + 1, RuleCode.RelayTime)]
    [InlineData(-(int)RelayRule.WindowSeconds, RuleCode.Accepted)]
    [InlineData(-(int)RelayRule.WindowSeconds - 1, RuleCode.RelayTime)]
    public void P_13_a_message_out_of_the_window_is_dropped(int seconds, RuleCode expected)
    {
        PeerPacket packet = PeerSamples.Relay(3, Self, (uint)(PeerSamples.Now + seconds));
        Assert.Equal(expected, Decide(packet, Standing()).Code);
    }

    /// <summary>
    /// Rule P-12: whatever is changed underway, the sender did not sign it; the hops alone may change.
    /// </summary>
    [Fact]
    public void P_12_a_forged_message_is_refused()
    {
        PeerPacket good = PeerSamples.Relay(3, Self);
        RelayMessage message = (RelayMessage)good.Message;
        Assert.Equal(RuleCode.Accepted, Decide(good with { HopsLeft = 3 }, Standing()).Code);
        RelayMessage[] forged =
        [
            message with { Body = new byte[41] }, message with { Kind = 2 }, message with { Time = message.Time + 1 },
            message with { Signature = default }, message with { Signature = message.Signature[..^1] },
        ];
        Assert.All(forged, other =>
            Assert.Equal(RuleCode.RelaySignature, Decide(good with { Message = other }, Standing()).Code));
        PeerPacket other = PeerSamples.Relay(3, Far) with { Receiver = Self };
        Assert.Equal(RuleCode.RelaySignature, Decide(other, Standing()).Code);
        RelayStanding elsewhere = Standing() with { Genesis = Network.Test.GenesisHash.Value };
        Assert.Equal(RuleCode.RelaySignature, Decide(good, elsewhere).Code);
    }

    [Fact]
    public void P_12_a_sender_can_neither_hide_behind_another_nor_write_to_nobody_or_itself()
    {
        PeerPacket good = PeerSamples.Relay(3, Self);
        Assert.Equal(RuleCode.RelayForm, Decide(good with { Sender = PeerSamples.Id(4) }, Standing()).Code);
        Assert.Equal(RuleCode.RelayForm, Decide(PeerSamples.Relay(3, NodeId.None), Standing()).Code);
        Assert.Equal(RuleCode.RelayForm, Decide(PeerSamples.Relay(3, Sender), Standing()).Code);
    }

    /// <summary>
    /// Rule P-05: a forger who sends first can't occupy the id: his copy leaves none, and the true one has another.
    /// </summary>
    [Fact]
    public void P_05_a_forged_copy_that_comes_first_does_not_block_the_true_one()
    {
        PeerPacket good = PeerSamples.Relay(3, Self);
        PeerPacket forged = good with { Message = (RelayMessage)good.Message with { Signature = default } };
        RelayDecision first = Decide(forged, Standing());
        Assert.Equal(RuleCode.RelaySignature, first.Code);
        RelayStanding after = Standing() with { Seen = new HashSet<Hash256> { forged.Id } };
        Assert.True(Decide(good, after).Deliver);
    }

    [Theory]
    [InlineData(RelayMessage.SpreadBytesMax, RuleCode.Accepted)]
    [InlineData(RelayMessage.SpreadBytesMax + 1, RuleCode.RelayTooLargeToSpread)]
    public void P_13_a_large_body_goes_to_a_neighbour_or_nowhere(int bytes, RuleCode expected)
    {
        PeerPacket far = PeerSamples.Relay(3, Far, bodyBytes: bytes);
        Assert.Equal(expected, Decide(far, Standing()).Code);
        Assert.Equal(expected == RuleCode.Accepted, RelayRule.FirstTargets(far, Standing().Neighbours).Count > 0);
        PeerPacket near = PeerSamples.Relay(3, PeerSamples.Id(12), bodyBytes: bytes);
        Assert.Equal(RuleCode.Accepted, Decide(near, Standing()).Code);
        Assert.Single(RelayRule.FirstTargets(near, Standing().Neighbours));
    }

    [Fact]
    public void P_12_the_longest_message_fits_its_bound()
    {
        PeerPacket longest = PeerSamples.Relay(3, Far, bodyBytes: RelayMessage.BodyBytesMax);
        Assert.InRange(longest.Message.Encode().Length, RelayMessage.BytesMax - 4, RelayMessage.BytesMax);
        Assert.Throws<ArgumentException>(() => PeerSamples.Relay(3, Far, bodyBytes: RelayMessage.BodyBytesMax + 1));
    }

    private static RelayDecision Decide(PeerPacket packet, RelayStanding standing) =>
        RelayRule.Decide(packet, standing, Samples.Curve);

    /// <summary>Node 1 with neighbours 2 … 20, of which 20 forwards nothing.</summary>
    private static RelayStanding Standing() => new()
    {
        Self = Self,
        From = From,
        Neighbours =
        [
            .. Enumerable.Range(2, 19).Select(key => new RelayNeighbour(PeerSamples.Id((byte)key), key < 20)),
        ],
        Seen = new HashSet<Hash256>(),
        Now = PeerSamples.Now,
        Genesis = PeerSamples.Genesis,
    };
}
