using Camelid.Chain.Peers;
using Camelid.Chain.Peers.Relay;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Peers;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Tests.Peers;

/// <summary>Rules P-40, P-45, P-46 and P-47: transactions spread, and floods of them do not.</summary>
public sealed class TransactionRelayTests : NetBed
{
    [Fact]
    public void A_transaction_reaches_everybody_in_a_line_of_four_and_is_mined_at_the_other_end()
    {
        NetNode[] line = Funded(4);
        Transaction paid = line[0].Pay();
        Assert.True(line[0].Pool.Accept(paid).IsAccepted);
        Assert.True(Net.RunUntil(() => line.All(node => node.Pool.Has(paid.Txid)), 20));
        Block mined = line[3].Mine()[0];
        Assert.Contains(paid, mined.Transactions);
        Assert.True(Net.RunUntil(() => line.All(node => node.Tip.Hash == mined.Hash && node.Pool.Count == 0), 20));
    }

    [Fact]
    public void What_waits_when_a_peer_connects_is_told_to_it()
    {
        NetNode[] line = Funded(2);
        Transaction paid = line[0].Pay();
        line[0].Pool.Accept(paid);
        NetNode late = Node();
        late.ConnectTo(line[1]);
        Assert.True(Net.RunUntil(() => late.Pool.Has(paid.Txid), 30));
    }

    [Fact]
    public void A_peer_that_announces_first_and_does_not_send_only_delays()
    {
        NetNode[] line = Funded(2);
        Transaction paid = line[0].Pay();
        RawPeer thief = new RawPeer(Net, 9).Dial(line[1]);
        thief.Send(new InvMessage(new InventoryList([InventoryEntry.Of(paid.Txid)])));
        Net.Run(0.1);
        Assert.Equal(paid.Txid.Value, thief.Last<GetDataMessage>().List.Entries[0].Hash);
        line[0].Pool.Accept(paid);
        Net.Run(2);
        Assert.False(line[1].Pool.Has(paid.Txid));
        Assert.True(Net.RunUntil(
            () => line[1].Pool.Has(paid.Txid), NetNode.Quick.TransactionTimeout.TotalSeconds + 1));
    }

    [Fact]
    public void A_peer_that_has_not_got_what_it_announced_is_not_waited_for()
    {
        NetNode[] line = Funded(2);
        Transaction paid = line[0].Pay();
        RawPeer forgetful = new(Net, 9)
        {
            Answer = message => message is GetDataMessage question ? [new NotFoundMessage(question.List)] : [],
        };
        forgetful.Dial(line[1]);
        forgetful.Send(new InvMessage(new InventoryList([InventoryEntry.Of(paid.Txid)])));
        line[0].Pool.Accept(paid);
        Assert.True(Net.RunUntil(() => line[1].Pool.Has(paid.Txid), 3));
    }

    [Fact]
    public void A_child_that_comes_first_waits_for_its_parent()
    {
        NetNode[] line = Funded(2);
        Transaction parent = line[0].Pay();
        Transaction child = ChildOf(line[0], parent);
        RawPeer peer = new(Net, 9);
        peer.Answer = message => message is GetDataMessage question
            && question.List.Entries.Any(entry => entry.Hash == parent.Txid.Value) ? [new TxMessage(parent)] : [];
        peer.Dial(line[1]);
        peer.Send(new TxMessage(child));
        Assert.True(Net.RunUntil(() => line[1].Pool.Has(parent.Txid) && line[1].Pool.Has(child.Txid), 5));
        Assert.Equal(0, line[1].Engine.View.Counts().Orphans);
    }

    [Fact]
    public void Orphans_of_a_flood_are_bounded_and_the_flood_pushes_out_itself()
    {
        NetNode[] line = Funded(2);
        RawPeer honest = new RawPeer(Net, 10).Dial(line[1]);
        Transaction parent = line[0].Pay();
        Transaction child = ChildOf(line[0], parent);
        honest.Send(new TxMessage(child));
        RawPeer flood = new RawPeer(Net, 9).Dial(line[1]);
        for (int i = 0; i < 300; i++)
        {
            flood.Send(new TxMessage(Orphan(line[0], i)));
        }

        Net.Run(5);
        Assert.Equal(NetNode.Quick.OrphansMax, line[1].Engine.View.Counts().Orphans);
        honest.Send(new TxMessage(parent));
        Assert.True(Net.RunUntil(() => line[1].Pool.Has(child.Txid), 5));
        flood.Close();
        Net.Run(1);
        Assert.Equal(0, line[1].Engine.View.Counts().Orphans);
    }

    [Fact]
    public void An_orphan_is_given_up_after_its_time()
    {
        NetNode[] line = Funded(2);
        RawPeer peer = new RawPeer(Net, 9).Dial(line[1]);
        peer.Send(new TxMessage(Orphan(line[0], 1)));
        Net.Run(1);
        Assert.Equal(1, line[1].Engine.View.Counts().Orphans);
        Net.Run(NetNode.Quick.OrphanLife.TotalSeconds);
        Assert.Equal(0, line[1].Engine.View.Counts().Orphans);
    }

    [Fact]
    public void Announcements_of_a_flood_are_bounded()
    {
        NetNode node = Node(NetNode.Quick with { TransactionsAnnouncedMax = 1_000 });
        RawPeer flood = new RawPeer(Net, 9).Dial(node);
        for (int i = 0; i < 10; i++)
        {
            flood.Send(new InvMessage(new InventoryList(Enumerable.Range(0, 500)
                .Select(n => InventoryEntry.Of(new Txid(Hashes.Sha256([(byte)i, (byte)n, (byte)(n >> 8)])))))));
        }

        Net.Run(1);
        Assert.Equal(1_000, node.Engine.View.Counts().TransactionsWanted);
        int asked = flood.Got.OfType<GetDataMessage>().Sum(question => question.List.Entries.Count);
        Assert.Equal(NetNode.Quick.TransactionsInFlightMax, asked);
    }

    [Fact]
    public void What_pays_less_than_a_peer_asks_for_is_not_told_to_it()
    {
        NetNode[] line = Funded(2);
        RawPeer choosy = new RawPeer(Net, 9).Dial(line[0]);
        choosy.Send(new FeeFilterMessage(100_000));
        Net.Run(0.5);
        Transaction cheap = line[0].Pay(1_000);
        line[0].Pool.Accept(cheap);
        Transaction dear = line[0].Pay(1_000_000);
        line[0].Pool.Accept(dear);
        Net.Run(3);
        Assert.Equal([dear.Txid.Value], Told(choosy));
        Assert.True(line[1].Pool.Has(cheap.Txid));
    }

    [Fact]
    public void A_transaction_is_told_once_and_not_to_who_sent_it()
    {
        NetNode[] line = Funded(2);
        RawPeer sender = new RawPeer(Net, 9).Dial(line[1]);
        RawPeer other = new RawPeer(Net, 10).Dial(line[1]);
        Transaction paid = line[0].Pay();
        sender.Send(new TxMessage(paid));
        Net.Run(3);
        sender.Send(new TxMessage(paid));
        Net.Run(3);
        Assert.Empty(Told(sender));
        Assert.Equal([paid.Txid.Value], Told(other));
    }

    [Fact]
    public void Only_who_was_told_of_a_transaction_gets_it_by_asking()
    {
        NetNode[] line = Funded(2);
        Transaction paid = line[0].Pay();
        RawPeer spy = new(Net, 9);
        spy.Ours = spy.Ours with { WantsTransactions = false };
        spy.Dial(line[0]);
        line[0].Pool.Accept(paid);
        Net.Run(2);
        spy.Send(new GetDataMessage(new InventoryList([InventoryEntry.Of(paid.Txid)])));
        Net.Run(1);
        Assert.Empty(spy.Got.OfType<TxMessage>());
        Assert.Equal(paid.Txid.Value, spy.Last<NotFoundMessage>().List.Entries[0].Hash);
    }

    [Fact]
    public void A_transaction_that_no_node_could_take_costs_its_sender()
    {
        NetNode[] line = Funded(2);
        RawPeer liar = new RawPeer(Net, 9).Dial(line[1]);
        Transaction good = line[0].Pay();
        byte[] script = good.Inputs[0].Script.Span.ToArray();
        script[10] ^= 1;
        liar.Send(new TxMessage(good.WithScript(0, new Protocol.Scripts.Script(script))));
        Net.Run(1);
        Assert.True(liar.WasClosed || line[1].Peers.Any(peer => peer.Score > 0));
        Assert.True(line[1].Pool.Accept(good).IsAccepted);
    }

    [Fact]
    public void The_mempool_is_not_listed_for_who_asks()
    {
        NetNode[] line = Funded(2);
        line[0].Pool.Accept(line[0].Pay());
        RawPeer curious = new(Net, 9);
        curious.Ours = curious.Ours with { WantsTransactions = false };
        curious.Dial(line[0]);
        curious.Send(new MemPoolMessage());
        Net.Run(3);
        Assert.Empty(Told(curious));
    }

    [Fact]
    public void An_own_transaction_is_told_again_as_long_as_it_waits()
    {
        PeerOptions options = NetNode.Quick with { RebroadcastInterval = TimeSpan.FromSeconds(60) };
        NetNode[] line = Line(2, options);
        line[0].Mine(15);
        Net.RunUntil(() => line[1].Height == 15, 20);
        RawPeer watcher = new RawPeer(Net, 9).Dial(line[0]);
        Transaction paid = line[0].Pay();
        line[0].Pool.Accept(paid);
        line[0].Engine.NoteOwn(paid.Txid);
        Net.Run(130);
        Assert.InRange(Told(watcher).Count(hash => hash == paid.Txid.Value), 2, 4);
        line[0].Mine();
        int before = Told(watcher).Count();
        Net.Run(130);
        Assert.Equal(before, Told(watcher).Count());
    }

    [Fact]
    public void A_salted_filter_finds_all_of_the_last_and_hardly_anything_else()
    {
        Camelid.Chain.Peers.Limits.RollingFilter filter = new(1_000, 42);
        Hash256[] added = [.. Enumerable.Range(0, 5_000).Select(i => Hashes.Sha256(BitConverter.GetBytes(i)))];
        Array.ForEach(added, filter.Add);
        Assert.All(added[^1_000..], hash => Assert.True(filter.Contains(hash)));
        Assert.DoesNotContain(added[..2_000], filter.Contains);
        int wrong = Enumerable.Range(10_000, 100_000)
            .Count(i => filter.Contains(Hashes.Sha256(BitConverter.GetBytes(i))));
        Assert.InRange(wrong, 0, 20);
        filter.Clear();
        Assert.False(filter.Contains(added[^1]));
    }

    [Fact]
    public void A_request_goes_from_peer_to_peer_and_never_twice_to_one()
    {
        PeerOptions options = new();
        TransactionRequests requests = new(options);
        Txid txid = new(Hashes.Sha256("x"u8));
        (PeerId near, PeerId far) = (new PeerId(1), new PeerId(2));
        Assert.True(requests.Announce(far, txid, options.InboundTransactionDelay, TimeSpan.Zero));
        Assert.Empty(requests.Due(TimeSpan.Zero));
        Assert.True(requests.Announce(near, txid, TimeSpan.Zero, TimeSpan.Zero));
        Assert.Equal([new ItemRequest<Txid>(near, txid)], requests.Due(TimeSpan.Zero));
        Assert.Equal(1, requests.InFlight(near));
        Assert.Empty(requests.Due(options.InboundTransactionDelay));
        Assert.Equal([new ItemRequest<Txid>(far, txid)], requests.Due(options.TransactionTimeout));
        Assert.Equal(0, requests.InFlight(near));
        Assert.Empty(requests.Due(options.TransactionTimeout * 2));
        Assert.Equal(0, requests.Count);
    }

    private static IEnumerable<Hash256> Told(RawPeer peer) => peer.Got.OfType<InvMessage>()
        .SelectMany(message => message.List.Entries).Where(entry => entry.Kind == InventoryKind.Transaction)
        .Select(entry => entry.Hash);

    private static Transaction ChildOf(NetNode owner, Transaction parent) => owner.Sign(
        new OutPoint(parent.Txid, 0), parent.Outputs[0], parent.Outputs[0].Value.Grains - 10_000);

    private static Transaction Orphan(NetNode owner, int number)
    {
        TxOutput output = new(Amount.Grain(1_000_000), owner.Pay().Outputs[0].Script);
        return owner.Sign(new OutPoint(new Txid(Hashes.Sha256(BitConverter.GetBytes(number))), 0), output, 900_000);
    }

    private NetNode[] Funded(int count)
    {
        NetNode[] line = Line(count);
        line[0].Mine(15);
        Assert.True(Net.RunUntil(() => line.All(node => node.Height == 15), 30));
        return line;
    }
}
