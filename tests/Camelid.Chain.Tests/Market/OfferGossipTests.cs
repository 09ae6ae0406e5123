using Camelid.Chain.Peers.Market;
using Camelid.Chain.Tests.Peers;
using Camelid.Protocol;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Market;
using Camelid.Protocol.Peers;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Tests.Market;

/// <summary>Rules J-16, P-61 and P-62: offers are known where money is behind them, the dearest first.</summary>
public sealed class OfferGossipTests : MarketBed
{
    [Fact]
    [Trait("Rule", "P-62")]
    public void An_offer_with_money_reaches_every_node()
    {
        (NetNode[] line, Transaction funding) = Clients(4, 1);
        (JobOffer offer, _) = Open(line[0], funding, 0);
        Assert.Equal(RuleCode.Accepted, line[0].Engine.Market.Publish(offer));
        Assert.True(Net.RunUntil(() => line.All(node => Knows(node, offer)), 10));
    }

    [Fact]
    [Trait("Rule", "P-62")]
    public void An_offer_whose_transaction_comes_later_waits_for_it_and_no_longer_than_ten_seconds()
    {
        (NetNode[] line, Transaction funding) = Clients(2, 3);
        JobParameters job = JobOf(line[0], 1);
        Transaction backing = OfferOf(line[0], job, funding, 0);
        JobOffer offer = Offer(line[0], job, backing);
        Telling(line[1], 30, offer);
        Net.Run(2);
        Assert.Equal((0, 1), (Table(line[1]).Count, line[1].Engine.Market.WaitingCount));
        Assert.True(line[0].Pool.Accept(backing).IsAccepted);
        Assert.True(Net.RunUntil(() => line.All(node => Knows(node, offer)), 5));

        // Too late for the first telling, in time for the next.
        JobParameters late = JobOf(line[0], 3);
        Transaction lateBacking = OfferOf(line[0], late, funding, 2);
        JobOffer lateOffer = Offer(line[0], late, lateBacking);
        Telling(line[1], 32, lateOffer);
        Net.Run(12);
        Assert.False(Knows(line[1], lateOffer));
        Assert.True(line[0].Pool.Accept(lateBacking).IsAccepted);
        Assert.Equal(RuleCode.Accepted, line[0].Engine.Market.Publish(lateOffer));
        Assert.True(Net.RunUntil(() => Knows(line[1], lateOffer), 5));

        JobParameters never = JobOf(line[0], 2);
        JobOffer unbacked = Offer(line[0], never, OfferOf(line[0], never, funding, 1));
        RawPeer teller = Telling(line[1], 31, unbacked);
        Net.Run(15);
        Assert.All(line, node => Assert.False(Knows(node, unbacked)));
        Assert.Equal(0, line[1].Engine.Market.WaitingCount);
        Assert.True(teller.IsOpen, "that a transaction is not known costs nothing");
    }

    /// <summary>A known transaction that is no money for this offer: whoever passes it on did not look.</summary>
    [Theory]
    [InlineData("too little")]
    [InlineData("another job")]
    [InlineData("another deadline")]
    [InlineData("another's deposit")]
    [Trait("Rule", "J-16")]
    public void An_offer_without_enough_behind_it_is_refused_and_costs(string what)
    {
        (NetNode[] line, Transaction funding) = Clients(2, 1);
        JobParameters job = JobOf(line[0], 1);
        Transaction backing = OfferOf(line[0], job, funding, 0);
        Assert.True(line[0].Pool.Accept(backing).IsAccepted);
        PrivateKey client = line[0].State.Keys[KeyRole.Client].Private;
        JobOffer offer = Offer(line[0], job, backing);
        JobOffer lying = what switch
        {
            "too little" => Signed(offer with { PriceGrainsPerToken = 5_000_000 }, line[0], client),
            "another job" => Signed(offer with { JobId = new JobId(Hashes.Sha256("x"u8)) }, line[0], client),
            "another deadline" => Signed(offer with { Deadline = offer.Deadline + 1 }, line[0], client),
            _ => Signed(
                offer with { ClientKey = line[0].State.Curve.PublicKeyOf(KeyOf(line[0], 1)) }, line[0],
                KeyOf(line[0], 1)),
        };
        RawPeer liar = Telling(line[0], 30, lying);
        Net.Run(3);
        Assert.True(liar.WasClosed);
        Assert.All(line, node => Assert.False(Knows(node, lying)));

        // The negative control: the true one is taken.
        Assert.Equal(RuleCode.Accepted, line[0].Engine.Market.Publish(offer));
    }

    [Fact]
    [Trait("Rule", "P-62")]
    public void An_offer_that_was_given_up_is_forgotten()
    {
        (NetNode[] line, Transaction funding) = Clients(2, 1);
        (JobOffer offer, JobParameters job) = Open(line[0], funding, 0);
        line[0].Engine.Market.Publish(offer);
        Assert.True(Net.RunUntil(() => Knows(line[1], offer), 5));
        Transaction closing = OfferOf(line[0], job, funding, 0, dueAt: Now);
        Assert.True(line[0].Pool.Accept(closing).IsAccepted);
        Assert.True(Net.RunUntil(() => line.All(node => !Knows(node, offer)), 15));
    }

    [Fact]
    [Trait("Rule", "P-61")]
    public void An_offer_is_over_at_its_deadline()
    {
        (NetNode[] line, Transaction funding) = Clients(2, 1);
        (JobOffer offer, _) = Open(line[0], funding, 0);
        line[0].Engine.Market.Publish(offer);
        Assert.True(Net.RunUntil(() => Knows(line[1], offer), 5));
        Net.Run(61);
        Assert.All(line, node => Assert.Equal(0, Table(node).Count));
    }

    [Fact]
    [Trait("Rule", "P-61")]
    public void Where_there_is_no_room_the_lowest_fee_goes()
    {
        MarketBounds bounds = new() { OffersMax = 3 };
        NetNode node = Node(NetNode.Quick with { Market = bounds });
        Transaction funding = Fund(node, Deposits(node, 5));
        ulong[] fees = [30_000, 10_000, 20_000, 5_000, 40_000];
        RuleCode[] codes =
            [.. fees.Select((fee, i) => node.Engine.Market.Publish(Open(node, funding, (uint)i, fee).Offer))];
        Assert.Equal(
            [RuleCode.Accepted, RuleCode.Accepted, RuleCode.Accepted, RuleCode.MarketFull, RuleCode.Accepted], codes);
        Assert.Equal([20_000ul, 30_000, 40_000], Table(node).Offers.Select(entry => entry.Weight));
    }

    [Fact]
    [Trait("Rule", "P-61")]
    public void One_client_has_so_many_offers_and_then_its_own_lowest_goes()
    {
        NetNode node = Node(NetNode.Quick with { Market = new MarketBounds { OffersPerClientMax = 2 } });
        Transaction funding = Fund(node, Deposits(node, 4));
        ulong[] fees = [20_000, 10_000, 5_000, 30_000];
        RuleCode[] codes =
            [.. fees.Select((fee, i) => node.Engine.Market.Publish(Open(node, funding, (uint)i, fee).Offer))];
        Assert.Equal([RuleCode.Accepted, RuleCode.Accepted, RuleCode.MarketFull, RuleCode.Accepted], codes);
        Assert.Equal([20_000ul, 30_000], Table(node).Offers.Select(entry => entry.Weight));
    }

    [Fact]
    [Trait("Rule", "P-60")]
    public void A_new_peer_is_told_the_dearest_offers_first()
    {
        NetNode node = Node();
        Transaction funding = Fund(node, Deposits(node, 4));
        ulong[] fees = [20_000, 10_000, 40_000, 30_000];
        JobOffer[] offers = [.. fees.Select((fee, i) => Open(node, funding, (uint)i, fee).Offer)];
        Assert.All(offers, offer => Assert.Equal(RuleCode.Accepted, node.Engine.Market.Publish(offer)));
        RawPeer late = new RawPeer(Net, 30).Dial(node);
        Net.Run(2);
        Assert.Equal(
            offers.OrderByDescending(offer => offer.FeeGrains).Select(offer => offer.Id),
            late.Got.OfType<InvMessage>().SelectMany(message => message.List.Entries)
                .Where(entry => entry.Kind == InventoryKind.Offer).Select(entry => entry.Hash));
    }

    private TxOutput[] Deposits(NetNode node, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => DepositOf(node.State.Keys[KeyRole.Client].Public))];

    private (NetNode[] Line, Transaction Funding) Clients(int count, int deposits)
    {
        NetNode[] line = Nodes(count);
        Transaction funding = Fund(line[0], Deposits(line[0], deposits));
        for (int i = 1; i < count; i++)
        {
            line[i].ConnectTo(line[i - 1]);
        }

        Assert.True(Net.RunUntil(() => line.All(node => node.Height == line[0].Height), 30));
        return (line, funding);
    }

    private (JobOffer Offer, JobParameters Job) Open(
        NetNode node, Transaction funding, uint index, ulong fee = 10_000)
    {
        JobParameters job = JobOf(node, (int)index, fee);
        Transaction backing = OfferOf(node, job, funding, index);
        Assert.True(node.Pool.Accept(backing).IsAccepted);
        return (Offer(node, job, backing), job);
    }
}
