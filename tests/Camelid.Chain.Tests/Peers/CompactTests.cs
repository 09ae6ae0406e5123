using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Peers;
using Camelid.Protocol.Peers.Compact;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Tests.Peers;

/// <summary>Rules P-41 and P-42: a new block costs little where the transactions are known.</summary>
public sealed class CompactTests : NetBed
{
    [Fact]
    public void Whoever_gave_the_last_tip_pushes_the_next_one_as_a_compact_block()
    {
        NetNode node = Node();
        RawPeer peer = new RawPeer(Net, 9).Dial(node);
        peer.Send(new SendCmpctMessage(false, SendCmpctMessage.VersionCurrent));
        Block block = node.Build(node.Tip);
        peer.Answer = BadChainTests.Serve(block);
        peer.Send(new HeadersMessage([block.Header]));
        Assert.True(Net.RunUntil(() => peer.Got.OfType<SendCmpctMessage>().Any(wish => wish.Announce), 5)
            || node.Height == 0);
        Push(peer, node.Build(node.Tip));
        Net.Run(1);
        Assert.InRange(node.Height, 1, 2);
    }

    [Fact]
    public void A_block_whose_transactions_are_known_comes_without_them()
    {
        (NetNode node, RawPeer peer, Transaction paid) = Ready();
        node.Pool.Accept(paid);
        Block block = node.Build(node.Tip);
        Assert.Contains(paid, block.Transactions);
        Push(peer, block);
        Net.Run(1);
        Assert.Equal(block.Hash, node.Tip.Hash);
        Assert.Empty(peer.Got.OfType<GetBlockTxnMessage>());
        Assert.Empty(peer.Got.OfType<GetDataMessage>());
    }

    [Fact]
    public void What_is_missing_is_asked_for_by_its_place()
    {
        (NetNode node, RawPeer peer, Transaction paid) = Ready();
        Block block = BlockWith(node, paid);
        peer.Answer = message => message is GetBlockTxnMessage question
            ? [CompactBlockEncoding.Answer(question, block)!]
            : [];
        Push(peer, block);
        Net.Run(1);
        Assert.Equal(block.Hash, node.Tip.Hash);
        Assert.Equal([1], peer.Last<GetBlockTxnMessage>().Indexes);
    }

    [Fact]
    public void An_answer_that_does_not_fit_costs_its_sender_and_the_block_comes_whole_from_another()
    {
        (NetNode node, RawPeer peer, Transaction paid) = Ready();
        Block block = BlockWith(node, paid);
        RawPeer other = new(Net, 10) { Answer = BadChainTests.Serve(block) };
        other.Dial(node);
        peer.Answer = message => message is GetBlockTxnMessage
            ? [new BlockTxnMessage(block.Hash, [block.Transactions[0]])]
            : [];
        Push(peer, block);
        Net.Run(0.05);
        other.Send(new HeadersMessage([block.Header]));
        Assert.True(Net.RunUntil(() => node.Tip.Hash == block.Hash, 20));
        Assert.True(peer.WasClosed || node.Peers.Any(info => info.Score > 0));
    }

    [Fact]
    public void Two_transactions_under_one_short_id_bring_the_whole_block_and_blame_nobody()
    {
        (NetNode node, RawPeer peer, Transaction paid) = Ready();
        Block block = BlockWith(node, paid);
        CompactBlock compact = CompactBlockEncoding.Encode(block, 7);
        Assert.Single(compact.ShortIds);

        // The same short id twice: as two transactions that collide would be written.
        byte[] payload = new CmpctBlockMessage(compact).Encode();
        byte[] doubled = [.. payload[..88], 2, .. payload[89..95], .. payload[89..95], .. payload[95..]];
        Assert.Equal(RuleCode.Accepted, PeerMessage.Decode(PeerCommand.CmpctBlock, doubled, out PeerMessage? message));
        peer.Answer = BadChainTests.Serve(block);
        peer.Send(message!);
        Assert.True(Net.RunUntil(() => node.Tip.Hash == block.Hash, 5));
        Assert.Equal(0, node.Peers[0].Score);
        Assert.Contains(peer.Got.OfType<GetDataMessage>(), question =>
            question.List.Entries[0] == InventoryEntry.Of(block.Hash));
    }

    [Fact]
    public void A_compact_block_without_its_work_is_not_looked_at()
    {
        (NetNode node, RawPeer peer, Transaction _) = Ready();
        Block block = node.Build(node.Tip);
        BlockHeader header = block.Header;
        while (ProofOfWork.Check(header, Network.Regtest) == RuleCode.Accepted)
        {
            header = header with { Nonce = header.Nonce + 1 };
        }

        Push(peer, new Block(header, block.Transactions));
        Net.Run(1);
        Assert.True(peer.WasClosed);
    }

    [Fact]
    public void What_does_not_come_in_time_is_asked_for_whole()
    {
        (NetNode node, RawPeer peer, Transaction paid) = Ready();
        Block block = BlockWith(node, paid);
        Push(peer, block);
        Net.Run(1);
        Assert.Single(peer.Got.OfType<GetBlockTxnMessage>());
        peer.Answer = BadChainTests.Serve(block);
        Assert.True(Net.RunUntil(
            () => node.Tip.Hash == block.Hash, NetNode.Quick.CompactTimeout.TotalSeconds + 1));
    }

    [Fact]
    public void At_most_three_peers_push()
    {
        NetNode node = Node();
        RawPeer[] peers = [.. Enumerable.Range(9, 5).Select(number => new RawPeer(Net, number).Dial(node))];
        foreach (RawPeer peer in peers)
        {
            peer.Send(new SendCmpctMessage(false, SendCmpctMessage.VersionCurrent));
            Net.Run(0.1);
            Push(peer, node.Build(node.Tip));
            Net.Run(0.5);
        }

        Assert.Equal(5, node.Height);
        bool[] pushing = [.. peers.Select(peer => peer.Last<SendCmpctMessage>().Announce)];
        Assert.Equal([false, false, true, true, true], pushing);
    }

    [Fact]
    public void A_block_is_told_as_the_peer_asked_for_it()
    {
        NetNode node = Node();
        node.Mine(1);
        RawPeer byHash = new RawPeer(Net, 9).Dial(node);
        RawPeer byHeader = new RawPeer(Net, 10).Dial(node);
        RawPeer pushed = new RawPeer(Net, 11).Dial(node);
        BlockHash genesis = node.State.Network.GenesisHash;
        foreach (RawPeer peer in new[] { byHash, byHeader, pushed })
        {
            peer.Send(new GetHeadersMessage([genesis], default));
        }

        byHeader.Send(new SendHeadersMessage());
        pushed.Send(new SendCmpctMessage(true, SendCmpctMessage.VersionCurrent));
        Net.Run(1);
        Block mined = node.Mine()[0];
        Net.Run(1);
        Assert.Equal(mined.Hash.Value, byHash.Last<InvMessage>().List.Entries[0].Hash);
        Assert.Equal(mined.Hash, byHeader.Last<HeadersMessage>().Headers[0].Hash);
        Assert.Equal(mined.Hash, pushed.Last<CmpctBlockMessage>().Block.Header.Hash);
        Assert.Empty(byHash.Got.OfType<CmpctBlockMessage>());
    }

    [Fact]
    public void Nothing_is_told_of_a_block_that_the_rules_refuse()
    {
        NetNode node = Node();
        node.Mine(1);
        RawPeer watcher = new RawPeer(Net, 10).Dial(node);
        watcher.Send(new SendCmpctMessage(true, SendCmpctMessage.VersionCurrent), new SendHeadersMessage());
        RawPeer liar = new RawPeer(Net, 9).Dial(node);
        Block good = node.Build(node.Tip);
        Transaction coinbase = good.Transactions[0];
        TxOutput greedy = new(Amount.Grain(Subsidy.FirstGrains + 1), coinbase.Outputs[0].Script);
        Block bad = TestKit.TestChain.Seal(
            good.Header, [Transaction.Create(1, coinbase.Inputs, [greedy], 0, default)]);
        Net.Run(1);
        int before = watcher.Got.Count;
        Push(liar, bad);
        Net.Run(2);
        Assert.Equal(1, node.Height);
        Assert.DoesNotContain(watcher.Got.Skip(before), message =>
            message is CmpctBlockMessage or HeadersMessage or InvMessage);
        Assert.Equal(0, node.Peers.Single(peer => peer.Address == liar.Socket.Local).Score);
    }

    private static void Push(RawPeer peer, Block block) =>
        peer.Send(new CmpctBlockMessage(CompactBlockEncoding.Encode(block, 7)));

    /// <summary>A block with a transaction that the node's mempool has not got.</summary>
    private static Block BlockWith(NetNode node, Transaction paid)
    {
        Block empty = node.Build(node.Tip);
        return TestKit.TestChain.Seal(empty.Header, [empty.Transactions[0], paid]);
    }

    private (NetNode Node, RawPeer Peer, Transaction Paid) Ready()
    {
        NetNode node = Node();
        node.Mine(15);
        RawPeer peer = new RawPeer(Net, 9).Dial(node);
        Net.Run(1);
        peer.Got.Clear();
        return (node, peer, node.Pay());
    }
}
