using Camelid.Chain.Peers;
using Camelid.Chain.Peers.Market;
using Camelid.Chain.Tests.Peers;
using Camelid.Protocol;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Market;
using Camelid.Protocol.Peers;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Tests.Market;

/// <summary>Rules P-60 and P-62: announcements reach everybody, and only where the chain says so too.</summary>
public sealed class GossipTests : MarketBed
{
    [Fact]
    [Trait("Rule", "P-60")]
    public void A_service_and_a_holding_reach_every_node_of_a_line_and_one_that_comes_later()
    {
        NetNode[] line = Nodes(5);
        Transaction funding = Fund(line[0], [StakeOf(line[0].State.Keys[KeyRole.Worker].Public)]);
        for (int i = 1; i < 4; i++)
        {
            line[i].ConnectTo(line[i - 1]);
        }

        Assert.True(Net.RunUntil(() => line.Take(4).All(node => node.Height == 13), 30));
        ServiceAnnouncement service = Worker(line[0], funding);
        HoldingAnnouncement holding = Signed(
            Holding(line[0], line[0].State.Keys[KeyRole.Node].Public), line[0],
            line[0].State.Keys[KeyRole.Node].Private);
        Assert.Equal(RuleCode.Accepted, line[0].Engine.Market.Publish(service));
        Assert.Equal(RuleCode.Accepted, line[0].Engine.Market.Publish(holding));
        Assert.True(Net.RunUntil(() => line.Take(4).All(node => Knows(node, service) && Knows(node, holding)), 10));

        // What it is worth and since when stands in the chain alone.
        MarketEntry entry = Assert.Single(Table(line[3]).Services);
        Assert.Equal(2 * Amount.GrainsPerCoin, entry.Stake.Value.Grains);
        Assert.Equal(line[0].Tip.Header.Time, entry.Stake.BlockTime);

        line[4].ConnectTo(line[3]);
        Assert.True(Net.RunUntil(() => Knows(line[4], service) && Knows(line[4], holding), 15));
        Assert.All(line, node => Assert.All(node.Peers, peer => Assert.Equal(0, peer.Score)));
    }

    [Fact]
    [Trait("Rule", "P-60")]
    public void An_announcement_is_asked_for_once_and_told_to_each_peer_once()
    {
        NetNode node = Node();
        HoldingAnnouncement holding = Signed(Holding(node, PublicOf(node, 1)), node, KeyOf(node, 1));
        RawPeer[] peers = [.. Enumerable.Range(20, 4).Select(number => new RawPeer(Net, number).Dial(node))];
        RawPeer giver = Telling(node, 30, holding);
        RawPeer other = Telling(node, 31, holding);
        Net.Run(5);
        Assert.True(Knows(node, holding));
        Assert.Equal(1, new[] { giver, other }.Sum(peer => peer.Got.OfType<GetDataMessage>().Count()));
        Assert.All(peers, peer => Assert.Equal(1, TimesTold(peer, holding)));
        Assert.Equal(0, TimesTold(giver, holding));
    }

    [Fact]
    [Trait("Rule", "P-60")]
    public void Who_announces_and_does_not_send_delays_an_item_and_does_not_keep_it_away()
    {
        NetNode node = Node();
        HoldingAnnouncement holding = Signed(Holding(node, PublicOf(node, 1)), node, KeyOf(node, 1));
        RawPeer silent = new RawPeer(Net, 20).Dial(node);
        silent.Send(new InvMessage(new InventoryList([InventoryEntry.Of(MarketKind.Holding, holding.Id)])));
        Net.Run(1);
        Telling(node, 21, holding);
        Net.Run(2);
        Assert.False(Knows(node, holding));
        Assert.True(Net.RunUntil(() => Knows(node, holding), 15));
    }

    [Fact]
    [Trait("Rule", "P-60")]
    public void A_later_announcement_takes_the_place_of_an_earlier_one_everywhere()
    {
        NetNode[] line = Nodes(3);
        Transaction funding = Fund(line[0], [StakeOf(line[0].State.Keys[KeyRole.Worker].Public)]);
        line[1].ConnectTo(line[0]);
        line[2].ConnectTo(line[1]);
        Assert.True(Net.RunUntil(() => line.All(node => node.Height == 13), 30));
        ServiceAnnouncement first = Worker(line[0], funding);
        line[0].Engine.Market.Publish(first);
        Net.Run(5);
        ServiceAnnouncement second = Signed(
            first with { Created = first.Created + 5, SlotsBusy = 2 }, line[0],
            line[0].State.Keys[KeyRole.Worker].Private);
        Assert.Equal(RuleCode.Accepted, line[0].Engine.Market.Publish(second));
        Net.Run(5);
        Assert.All(line, node => Assert.Equal(second, Assert.Single(Table(node).Services).Item));

        // An old one that is told again does not come back.
        Telling(line[2], 30, first);
        Net.Run(3);
        Assert.All(line, node => Assert.Equal(second, Assert.Single(Table(node).Services).Item));
        Assert.All(line, node => Assert.All(node.Peers, peer => Assert.Equal(0, peer.Score)));
    }

    [Fact]
    [Trait("Rule", "P-60")]
    public void What_is_over_is_known_to_nobody()
    {
        NetNode[] line = Line(3);
        HoldingAnnouncement holding = Signed(Holding(line[0], PublicOf(line[0], 1)), line[0], KeyOf(line[0], 1));
        line[0].Engine.Market.Publish(holding);
        Net.Run(5);
        Assert.All(line, node => Assert.True(Knows(node, holding)));
        Net.Run(60);
        Assert.All(line, node => Assert.Equal(0, Table(node).Count));
        Assert.Equal(RuleCode.MarketExpired, line[0].Engine.Market.Publish(holding));
    }

    /// <summary>Each lie about a stake: kept by nobody, told to nobody.</summary>
    [Theory]
    [InlineData("no such output", RuleCode.MarketStakeUnknown)]
    [InlineData("another's stake", RuleCode.MarketStakeOther)]
    [InlineData("no stake", RuleCode.MarketStakeOther)]
    [Trait("Rule", "P-62")]
    public void A_lying_stake_is_neither_kept_nor_passed_on(string lie, RuleCode expected)
    {
        NetNode[] line = Nodes(2);
        Transaction funding = Fund(line[0], [StakeOf(PublicOf(line[0], 5))]);
        line[1].ConnectTo(line[0]);
        Assert.True(Net.RunUntil(() => line[1].Height == 13, 30));
        StakeId stake = lie switch
        {
            "another's stake" => new StakeId(funding.Txid.Value, 0),
            "no stake" => new StakeId(funding.Txid.Value, 1),
            _ => new StakeId(Hashes.Sha256("nowhere"u8), 0),
        };
        ServiceAnnouncement lying = Signed(
            Service(line[0], stake), line[0], line[0].State.Keys[KeyRole.Worker].Private);
        Assert.Equal(expected, line[0].Engine.Market.Publish(lying));
        RawPeer liar = Telling(line[0], 30, lying);
        Net.Run(15);
        Assert.All(line, node => Assert.Equal(0, Table(node).Count));
        Assert.Single(liar.Got.OfType<GetDataMessage>());
        Assert.Equal(0, line[0].Engine.Market.WaitingCount);
        Assert.True(liar.IsOpen, "what depends on the chain costs nothing");
    }

    [Fact]
    [Trait("Rule", "P-62")]
    public void A_stake_that_comes_a_moment_later_is_waited_for()
    {
        NetNode[] line = Nodes(2);
        Transaction funding = Fund(line[0], [StakeOf(line[0].State.Keys[KeyRole.Worker].Public)]);
        ServiceAnnouncement service = Worker(line[0], funding);
        NetNode behind = line[1];
        Telling(behind, 30, service);
        Net.Run(2);
        Assert.Equal((0, 1), (Table(behind).Count, behind.Engine.Market.WaitingCount));
        behind.ConnectTo(line[0]);
        Assert.True(Net.RunUntil(() => Knows(behind, service), 5));
    }

    [Fact]
    [Trait("Rule", "P-62")]
    public void A_service_whose_stake_is_no_more_is_forgotten()
    {
        NetNode[] line = Nodes(2);
        Transaction funding = Fund(line[0], [StakeOf(line[0].State.Keys[KeyRole.Worker].Public)]);
        line[1].ConnectTo(line[0]);
        Assert.True(Net.RunUntil(() => line[1].Height == 13, 30));
        ServiceAnnouncement service = Worker(line[0], funding);
        line[0].Engine.Market.Publish(service);
        Assert.True(Net.RunUntil(() => Knows(line[1], service), 5));

        // The block with the stake is set aside: as if the stake had been spent.
        line[1].Core.Invalidate(line[1].Tip.Hash);
        Net.Run(1);
        Assert.False(Knows(line[1], service));
    }

    /// <summary>A neighbour that was behind, and so refused it, hears of it again.</summary>
    [Fact]
    [Trait("Rule", "P-60")]
    public void An_own_announcement_is_told_again()
    {
        NetNode[] line = Nodes(2);
        Transaction funding = Fund(line[0], [StakeOf(line[0].State.Keys[KeyRole.Worker].Public)]);
        line[1].ConnectTo(line[0]);
        Assert.True(Net.RunUntil(() => line[1].Height == 13, 30));
        Protocol.Blocks.BlockHash tip = line[1].Tip.Hash;
        line[1].Core.Invalidate(tip);
        ServiceAnnouncement service = Worker(line[0], funding);
        line[0].Engine.Market.Publish(service);
        Net.Run(15);
        Assert.False(Knows(line[1], service));
        line[1].Core.Reconsider(tip);
        Assert.True(Net.RunUntil(() => Knows(line[1], service), 35));
    }

    [Fact]
    [Trait("Rule", "P-61")]
    public void Where_there_is_no_room_the_least_stake_goes()
    {
        NetNode node = Node(NetNode.Quick with { Market = new MarketBounds { ServicesMax = 2 } });
        long[] coins = [2, 3, 1, 4];
        Transaction funding = Fund(
            node, [.. coins.Select(count => StakeOf(node.State.Keys[KeyRole.Worker].Public, count))]);
        RuleCode[] codes =
            [.. coins.Select((_, i) => node.Engine.Market.Publish(Worker(node, funding, (uint)i)))];
        Assert.Equal([RuleCode.Accepted, RuleCode.Accepted, RuleCode.MarketFull, RuleCode.Accepted], codes);
        Assert.Equal(
            [3 * Amount.GrainsPerCoin, 4 * Amount.GrainsPerCoin],
            Table(node).Services.Select(entry => entry.Stake.Value.Grains).Order());
    }

    [Theory]
    [InlineData(1, RuleCode.MarketOutdated)]
    [InlineData(2, RuleCode.Accepted)]
    [Trait("Rule", "P-61")]
    public void An_announcement_takes_the_place_of_one_that_is_two_seconds_older(uint later, RuleCode expected)
    {
        NetNode node = Node();
        HoldingAnnouncement first = HoldingOf(node, 1);
        node.Engine.Market.Publish(first);
        HoldingAnnouncement second = Signed(first with { Created = first.Created + later }, node, KeyOf(node, 1));
        Assert.Equal(expected, node.Engine.Market.Publish(second));
        Assert.Single(Table(node).Holdings);
    }

    [Fact]
    [Trait("Rule", "P-60")]
    public void A_wrong_signature_ends_the_connection()
    {
        NetNode node = Node();
        HoldingAnnouncement forged = Signed(Holding(node, PublicOf(node, 1)), node, KeyOf(node, 2));
        RawPeer forger = Telling(node, 30, forged);
        Net.Run(2);
        Assert.True(forger.WasClosed);
        Assert.Equal(0, Table(node).Count);
    }

    [Fact]
    [Trait("Rule", "P-60")]
    public void An_item_that_nobody_asked_for_is_not_taken_and_costs()
    {
        NetNode node = Node();
        HoldingAnnouncement holding = Signed(Holding(node, PublicOf(node, 1)), node, KeyOf(node, 1));
        RawPeer pusher = new RawPeer(Net, 30).Dial(node);
        pusher.Send(new MarketMessage(holding));
        Net.Run(2);
        Assert.False(Knows(node, holding));
        Assert.Equal(5, node.Peers.Single().Score);
    }

    /// <summary>A stranger with any number of node keys: bounded here, and nobody else's holding goes for it.</summary>
    [Fact]
    [Trait("Rule", "P-61")]
    public void A_flood_of_holdings_takes_its_own_room_only()
    {
        NetNode node = Node(NetNode.Quick with { Market = new MarketBounds { HoldingsMax = 100 } });
        MarketItem[] honest = [.. Enumerable.Range(0, 20).Select(i => HoldingOf(node, i))];
        Telling(node, 30, honest);
        Net.Run(2);
        MarketItem[] flood = [.. Enumerable.Range(100, 400).Select(i => HoldingOf(node, i))];
        Telling(node, 31, flood);
        Net.Run(20);
        Assert.Equal(100, Table(node).Holdings.Count);
        Assert.All(honest, item => Assert.True(Knows(node, item)));
        Assert.Equal(0, node.Engine.Market.WantedCount);
    }

    /// <summary>Ids of nothing: what is asked for and remembered is bounded.</summary>
    [Fact]
    [Trait("Rule", "P-60")]
    public void A_flood_of_empty_announcements_is_bounded()
    {
        NetNode node = Node();
        RawPeer flooder = new RawPeer(Net, 30).Dial(node);
        for (int i = 0; i < 20; i++)
        {
            flooder.Send(new InvMessage(new InventoryList(Enumerable.Range(0, 1_000).Select(j =>
                InventoryEntry.Of(MarketKind.Offer, Hashes.Sha256(BitConverter.GetBytes((i * 1_000) + j)))))));
        }

        Net.Run(5);
        Assert.InRange(node.Engine.Market.WantedCount, 1, node.Engine.Market.Table.Bounds.ItemsMax);
        Assert.True(node.Engine.Market.WantedCount <= new PeerOptions().TransactionsAnnouncedMax);
    }

    private HoldingAnnouncement HoldingOf(NetNode node, int number) =>
        Signed(Holding(node, PublicOf(node, number)), node, KeyOf(node, number));

    private static PublicKey PublicOf(NetNode node, int number) => node.State.Curve.PublicKeyOf(KeyOf(node, number));

    private static int TimesTold(RawPeer peer, MarketItem item) => peer.Got.OfType<InvMessage>()
        .SelectMany(message => message.List.Entries).Count(entry => entry.Hash == item.Id);
}
