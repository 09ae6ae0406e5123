using Camelid.Chain.Peers;
using Camelid.Protocol.Peers;

namespace Camelid.Chain.Tests.Peers;

/// <summary>Rules P-35 and P-38: who does not deliver is replaced.</summary>
public sealed class StallTests : NetBed
{
    [Fact]
    public void A_peer_that_does_not_answer_for_headers_is_replaced_by_another()
    {
        NetNode source = Node();
        source.Mine(30);
        NetNode node = Node();
        RawPeer silent = new RawPeer(Net, 9) { HasNoHeaders = false }.Dial(node);
        Net.Run(1);
        Assert.Contains(silent.Got, message => message is GetHeadersMessage);
        node.ConnectTo(source);
        Assert.True(Net.RunUntil(() => node.Height == 30, NetNode.Quick.HeadersTimeout.TotalSeconds + 5));
        Net.Run(NetNode.Quick.HeadersTimeout.TotalSeconds);
        Assert.True(silent.WasClosed);
    }

    [Fact]
    public void A_peer_that_keeps_the_blocks_that_it_promised_is_replaced_by_another()
    {
        NetNode source = Node();
        source.Mine(40);
        NetNode node = Node();
        RawPeer keeper = Keeper(source).Dial(node);
        Net.Run(2);
        Assert.Contains(keeper.Got, message => message is GetDataMessage);
        node.ConnectTo(source);
        Assert.True(Net.RunUntil(() => node.Height == 40, 60));
        Assert.True(keeper.WasClosed);
    }

    [Fact]
    public void A_peer_that_alone_holds_up_the_window_is_replaced_long_before_its_time_is_over()
    {
        NetNode source = Node();
        source.Mine(60);
        NetNode node = Node(NetNode.Quick with { BlockWindow = 20, BlockTimeout = TimeSpan.FromMinutes(10) });
        RawPeer keeper = Keeper(source).Dial(node);
        Net.Run(2);
        node.ConnectTo(source);
        Assert.True(Net.RunUntil(() => node.Height == 60, 30));
        Assert.True(keeper.WasClosed);
    }

    [Fact]
    public void A_peer_that_says_it_has_not_got_a_block_is_not_waited_for()
    {
        NetNode source = Node();
        source.Mine(10);
        NetNode node = Node();
        RawPeer pruned = Keeper(source);
        Func<PeerMessage, IEnumerable<PeerMessage>> headers = pruned.Answer;
        pruned.Answer = message => message is GetDataMessage question
            ? [new NotFoundMessage(question.List)]
            : headers(message);
        pruned.Dial(node);
        node.ConnectTo(source);
        Assert.True(Net.RunUntil(() => node.Height == 10, 8));
    }

    [Fact]
    public void Blocks_are_fetched_from_several_peers_at_once_and_never_too_many_from_one()
    {
        NetNode[] sources = Line(3);
        sources[0].Mine(200);
        Assert.True(Net.RunUntil(() => sources.All(node => node.Height == 200), 60));
        Net.DelayOf = (_, _) => TimeSpan.FromMilliseconds(100);
        NetNode node = Node();
        Array.ForEach(sources, node.ConnectTo);
        int most = 0;
        HashSet<long> busy = [];
        Assert.True(Net.RunUntil(
            () =>
            {
                foreach (PeerInfo peer in node.Peers.Where(peer => peer.BlocksInFlight > 0))
                {
                    most = Math.Max(most, peer.BlocksInFlight);
                    busy.Add(peer.Number);
                }

                return node.Height == 200;
            },
            120));
        Assert.Equal(NetNode.Quick.BlocksInFlightMax, most);
        Assert.Equal(3, busy.Count);
    }

    [Fact]
    public void Headers_beyond_one_message_are_asked_for_at_once()
    {
        NetNode source = Node();
        source.Mine(HeadersMessage.HeadersMax + 50);
        NetNode node = Node();
        node.ConnectTo(source);
        Assert.True(Net.RunUntil(
            () => node.State.Read(reading => reading.BestHeader.Height) == source.Height, 10));
    }

    [Fact]
    public void A_node_that_slept_does_not_blame_its_peers()
    {
        NetNode[] pair = Line(2);
        pair[0].Mine(5);
        Assert.True(Net.RunUntil(() => pair[1].Height == 5, 10));
        Net.Time.AdvanceTo(Net.Time.Elapsed + TimeSpan.FromHours(3));
        Net.Run(10);
        Assert.All(pair, node => Assert.Equal(1, node.ReadyCount));
        Assert.Equal(1, Net.OpenedCount);
    }

    /// <summary>Somebody who shows the headers of a chain and never sends a block.</summary>
    private RawPeer Keeper(NetNode source) => new(Net, 9)
    {
        HasNoHeaders = false,
        Answer = message => message is GetHeadersMessage question
            ? [new HeadersMessage(source.State.Read(reading => reading
                .HeadersAfter(question.Locator, question.Stop, HeadersMessage.HeadersMax)
                .Select(entry => entry.Header).ToArray()))]
            : [],
    };
}
