using Camelid.Chain.Blocks;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Peers;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Tests.Peers;

/// <summary>Rules P-32, P-36 and P-39: bad headers and blocks cost their sender, and nothing else.</summary>
public sealed class BadChainTests : NetBed
{
    private static readonly Script Stranger = new P2pkhScript(Hash160.Of("stranger"u8)).Build();

    [Fact]
    public void A_header_without_its_work_ends_the_connection_and_is_not_kept()
    {
        NetNode node = Node();
        RawPeer peer = new RawPeer(Net, 9).Dial(node);
        BlockHeader header = node.Build(node.Tip).Header;
        while (ProofOfWork.Check(header, Network.Regtest) == RuleCode.Accepted)
        {
            header = header with { Nonce = header.Nonce + 1 };
        }

        peer.Send(new HeadersMessage([header]));
        Net.Run(1);
        Assert.True(peer.WasClosed);
        Assert.Equal(1, node.State.Read(reading => reading.HeaderCount));
        Assert.Contains(node.Engine.View.Banned(), banned => banned.Host == PeerHost.Of(peer.Address));
    }

    [Fact]
    public void A_host_that_was_discouraged_is_not_let_in_again_before_its_time_is_over()
    {
        NetNode node = Node(NetNode.Quick with { DiscouragedFor = TimeSpan.FromMinutes(5) });
        RawPeer peer = new RawPeer(Net, 9).Dial(node);
        peer.Send(new HeadersMessage([node.Build(node.Tip).Header with { Bits = 1 }]));
        Net.Run(1);
        Assert.True(new RawPeer(Net, 9).Dial(node).WasClosed);
        Net.Run(300);
        Assert.True(new RawPeer(Net, 9).Dial(node).IsReady);
    }

    [Theory]
    [InlineData(RuleCode.WrongBits)]
    [InlineData(RuleCode.BlockTimeTooEarly)]
    [InlineData(RuleCode.PeerHeadersUnlinked)]
    public void A_header_that_breaks_a_rule_costs_its_sender(RuleCode fault)
    {
        NetNode node = Node();
        node.Mine(15);
        RawPeer peer = new RawPeer(Net, 9).Dial(node);
        Block good = node.Build(node.Tip);
        BlockHeader[] headers = fault switch
        {
            RuleCode.WrongBits => [Sealed(good.Header with { Bits = 0x207ffffe })],
            RuleCode.BlockTimeTooEarly => [Sealed(good.Header with { Time = node.Tip.MedianTimePast() })],
            _ => [good.Header, good.Header],
        };
        peer.Send(new HeadersMessage(headers));
        Net.Run(1);
        Assert.True(peer.WasClosed || node.Peers[0].Score > 0);
        Assert.Null(node.State.Read(reading => reading.Find(headers[^1].Hash)?.HasBlock));
    }

    [Theory]
    [InlineData(RuleCode.CoinbaseClaimsTooMuch)]
    [InlineData(RuleCode.CoinbaseHeightOrNetwork)]
    [InlineData(RuleCode.SecondCoinbase)]
    [InlineData(RuleCode.MissingInput)]
    public void A_block_that_breaks_a_rule_costs_its_sender_and_is_not_asked_for_again(RuleCode fault)
    {
        NetNode node = Node();
        node.Mine(3);
        RawPeer liar = new RawPeer(Net, 9).Dial(node);
        Block bad = Broken(node, fault);
        liar.Answer = Serve(bad);
        liar.Send(new HeadersMessage([bad.Header]));
        Net.Run(2);
        Assert.True(liar.WasClosed);
        Assert.Equal(3, node.Height);
        Assert.True(node.State.Read(reading => reading.Find(bad.Hash))!.IsRefused);

        RawPeer second = new RawPeer(Net, 10).Dial(node);
        second.Send(new HeadersMessage([bad.Header]));
        Net.Run(2);
        Assert.DoesNotContain(second.Got, message => message is GetDataMessage);
    }

    [Fact]
    public void Transactions_that_do_not_belong_to_a_header_cost_their_sender_and_the_block_comes_from_others()
    {
        NetNode node = Node();
        node.Mine(3);
        Block good = node.Build(node.Tip, Stranger);
        Block forged = new(good.Header, node.Build(node.Tip).Transactions);
        RawPeer liar = new RawPeer(Net, 9).Dial(node);
        liar.Answer = Serve(forged);
        liar.Send(new HeadersMessage([good.Header]));
        Net.Run(1);
        Assert.True(liar.WasClosed);
        Assert.Equal(3, node.Height);

        RawPeer honest = new RawPeer(Net, 10).Dial(node);
        honest.Answer = Serve(good);
        honest.Send(new HeadersMessage([good.Header]));
        Assert.True(Net.RunUntil(() => node.Tip.Hash == good.Hash, 5));
    }

    [Fact]
    public void A_bad_block_in_the_middle_of_a_chain_costs_whoever_sent_it()
    {
        NetNode node = Node();
        NetNode miner = Node();
        node.Mine(2);
        foreach (BlockEntry known in node.State.Read(reading => reading.Active.Skip(1).ToArray()))
        {
            miner.Core.Submit(node.State.ReadBlock(known));
        }

        Block bad = Broken(miner, RuleCode.CoinbaseClaimsTooMuch);
        Assert.Equal(RuleCode.Accepted, miner.Core.AcceptHeader(bad.Header, out BlockEntry? entry));
        Block above = miner.Build(entry!);
        RawPeer liar = new RawPeer(Net, 9).Dial(node);
        liar.Answer = Serve(above, bad);
        liar.Send(new HeadersMessage([bad.Header, above.Header]));
        Net.Run(2);
        Assert.True(liar.WasClosed);
        Assert.Equal(2, node.Height);
    }

    [Fact]
    public void Headers_that_lead_to_no_more_work_have_an_end()
    {
        NetNode node = Node(NetNode.Quick with { SideHeadersMax = 50 });
        node.Mine(60);
        RawPeer peer = new RawPeer(Net, 9).Dial(node);
        int before = node.State.Read(reading => reading.HeaderCount);
        for (int i = 0; i < 100 && peer.IsOpen; i++)
        {
            peer.Send(new HeadersMessage([node.Build(node.Tip.Ancestor(30), Payee(i)).Header]));
            Net.Run(0.05);
        }

        Assert.InRange(node.State.Read(reading => reading.HeaderCount) - before, 50, 80);
        Assert.True(!peer.IsOpen || node.Peers[0].Score > 0);
    }

    [Fact]
    public void Headers_with_too_little_work_leave_no_trace()
    {
        NetNode node = Node(NetNode.Quick with { WorkBlocksBehindMax = 10 });
        node.Mine(40);
        RawPeer peer = new RawPeer(Net, 9).Dial(node);
        int before = node.State.Read(reading => reading.HeaderCount);
        peer.Send(new HeadersMessage([node.Build(node.Tip.Ancestor(5), Stranger).Header]));
        Net.Run(1);
        Assert.Equal(before, node.State.Read(reading => reading.HeaderCount));
        Assert.True(peer.IsOpen);
    }

    [Fact]
    public void A_block_that_nobody_asked_for_and_nobody_wants_is_not_stored()
    {
        NetNode node = Node();
        node.Mine(20);
        RawPeer peer = new RawPeer(Net, 9).Dial(node);
        Block old = node.Build(node.Tip.Ancestor(5), Stranger);
        Assert.Equal(RuleCode.Accepted, node.Core.AcceptHeader(old.Header, out BlockEntry? entry));
        peer.Send(new BlockMessage(old));
        Net.Run(1);
        Assert.False(entry!.HasBlock);
        Assert.True(!peer.IsOpen || node.Peers[0].Score > 0);
    }

    [Fact]
    public void A_block_of_the_future_is_fetched_when_its_time_comes()
    {
        NetNode[] pair = Line(2);
        pair[0].Mine(3);
        Assert.True(Net.RunUntil(() => pair[1].Height == 3, 10));
        uint now = (uint)Net.Time.GetUtcNow().ToUnixTimeSeconds();
        RawPeer peer = new RawPeer(Net, 9).Dial(pair[1]);
        Block early = pair[1].Build(pair[1].Tip, Stranger, now + 150);
        peer.HasNoHeaders = false;
        peer.Answer = message => message is GetHeadersMessage
            ? [new HeadersMessage([early.Header])]
            : Serve(early)(message);
        peer.Send(new HeadersMessage([early.Header]));
        Net.Run(20);
        Assert.Equal(3, pair[1].Height);
        Assert.True(Net.RunUntil(() => pair.All(node => node.Tip.Hash == early.Hash), 60));
        Assert.True(peer.IsOpen);
    }

    /// <summary>Serves blocks to whoever asks for one, in the order given.</summary>
    internal static Func<PeerMessage, IEnumerable<PeerMessage>> Serve(params Block[] blocks) => message =>
        message is GetDataMessage question
            ? blocks.Where(block => question.List.Entries.Any(entry => entry.Hash == block.Hash.Value))
                .Select(block => new BlockMessage(block))
            : [];

    private static Script Payee(int number) => new P2pkhScript(Hash160.Of([(byte)number, 1])).Build();

    private static BlockHeader Sealed(BlockHeader header)
    {
        BlockHeader found = header;
        while (new System.Numerics.BigInteger(found.Hash.Value.ToBytes(), isUnsigned: true)
            > ProofOfWork.TargetOf(found.Bits))
        {
            found = found with { Nonce = found.Nonce + 1 };
        }

        return found;
    }

    private static Block Broken(NetNode node, RuleCode fault)
    {
        Block good = node.Build(node.Tip);
        Transaction coinbase = good.Transactions[0];
        Transaction stranger = Transaction.Create(
            2, [new TxInput(new OutPoint(new Txid(Hashes.Sha256("nothing"u8)), 0), Script.Empty, uint.MaxValue)],
            [new TxOutput(Amount.Grain(1), Stranger)], 0, default);
        Transaction[] transactions = fault switch
        {
            RuleCode.CoinbaseClaimsTooMuch => [Transaction.Create(
                1, coinbase.Inputs, [new TxOutput(Amount.Grain(Subsidy.FirstGrains + 1), Stranger)], 0, default)],
            RuleCode.CoinbaseHeightOrNetwork => [node.Build(node.Tip.Parent!).Transactions[0]],
            RuleCode.SecondCoinbase => [coinbase, Transaction.Create(
                1, coinbase.Inputs, [new TxOutput(Amount.Grain(1), Stranger)], 0, default)],
            _ => [coinbase, stranger],
        };
        return TestKit.TestChain.Seal(good.Header, transactions);
    }
}
