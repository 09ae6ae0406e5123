using Camelid.Chain.Mining;
using Camelid.Chain.Mining.Hashing;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Tests.Mining;

/// <summary>Rules M-33 and M-34: how a thread walks through nonces, extra nonces and time.</summary>
public sealed class MiningWalkTests
{
    private const uint Start = 1_800_000_000;
    private static readonly Script Payee = new P2pkhScript(Hash160.Of("payee"u8)).Build();

    [Fact]
    [Trait("Rule", "M-33")]
    public void When_all_nonces_of_a_header_are_used_up_the_next_coinbase_follows()
    {
        RecordingSearch search = new();
        MiningWalk walk = new(search, ulong.MaxValue);
        MiningTemplate template = Template();
        Assert.Equal(uint.MaxValue, walk.Step(template, Start, uint.MaxValue).Tried);
        Assert.Equal(1, walk.Step(template, Start, uint.MaxValue).Tried);
        Assert.Equal(1_000, walk.Step(template, Start, 1_000).Tried);
        Assert.Equal(
            [(0u, uint.MaxValue - 1), (uint.MaxValue, uint.MaxValue), (0u, 999u)],
            search.Asked.Select(asked => (asked.First, asked.Last)));
        Assert.Equal(search.Asked[0].Header, search.Asked[1].Header);
        Assert.NotEqual(search.Asked[0].Header.MerkleRoot, search.Asked[2].Header.MerkleRoot);
    }

    [Fact]
    [Trait("Rule", "M-33")]
    public void Batches_follow_each_other_without_a_gap_and_end_at_the_last_nonce()
    {
        RecordingSearch search = new();
        MiningWalk walk = new(search, 7);
        MiningTemplate template = Template();
        long tried = 0;
        while (tried < 1L << 32)
        {
            tried += walk.Step(template, Start, 999_999_999).Tried;
        }

        Assert.Equal(1L << 32, tried);
        ulong next = 0;
        foreach ((BlockHeader _, uint first, uint last) in search.Asked)
        {
            Assert.Equal(next, first);
            next = last + 1UL;
        }
    }

    [Fact]
    [Trait("Rule", "M-33")]
    public void Two_walks_never_try_the_same_header()
    {
        RecordingSearch search = new();
        MiningTemplate template = Template();
        new MiningWalk(search, 1).Step(template, Start, 1);
        new MiningWalk(search, 2).Step(template, Start, 1);
        Assert.NotEqual(search.Asked[0].Header, search.Asked[1].Header);
    }

    [Fact]
    [Trait("Rule", "M-34")]
    public void The_headers_time_follows_the_clock_but_never_falls_below_the_templates()
    {
        RecordingSearch search = new();
        MiningWalk walk = new(search, 1);
        MiningTemplate template = Template();
        foreach (uint now in new[] { Start - 100, Start, Start + 1, Start + 30, Start - 5 })
        {
            walk.Step(template, now, 10);
        }

        Assert.Equal(
            [Start, Start, Start + 1, Start + 30, Start], search.Asked.Select(asked => asked.Header.Time));
        Assert.Equal([0u, 10u, 20u, 30u, 40u], search.Asked.Select(asked => asked.First));
        Assert.Single(search.Asked.Select(asked => asked.Header.MerkleRoot).Distinct());
    }

    [Fact]
    [Trait("Rule", "M-33")]
    public void Another_template_begins_anew()
    {
        RecordingSearch search = new();
        MiningWalk walk = new(search, 1);
        walk.Step(Template(), Start, 10);
        walk.Step(Template(), Start, 10);
        Assert.Equal([0u, 0u], search.Asked.Select(asked => asked.First));
        Assert.NotEqual(search.Asked[0].Header.MerkleRoot, search.Asked[1].Header.MerkleRoot);
    }

    /// <summary>With 0 to 5 transactions: every shape of a Merkle branch.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    public void A_found_block_has_its_proof_of_work_and_the_root_of_its_transactions(int count)
    {
        MiningTemplate template = Template(count);
        MiningWalk walk = new(new LaneSearch<uint, LaneOne>(), 3);
        for (int i = 0; i < 5; i++)
        {
            MiningStep step = walk.Step(template, Start, 1_000);
            Block block = step.Found!;
            Assert.Equal(RuleCode.Accepted, BlockRules.CheckBlock(block, Network.Regtest));
            Assert.Equal(RuleCode.Accepted, Coinbase.Check(block.Transactions[0], 1, Network.Regtest));
            Assert.Equal(count + 1, block.Transactions.Count);
            Assert.Equal(Subsidy.FirstGrains + (10 * count), block.Transactions[0].Outputs[0].Value.Grains);
            Assert.InRange(step.Tried, 1, 1_000);
        }
    }

    private static MiningTemplate Template(int count = 0) => new(new BlockTemplate
    {
        Network = Network.Regtest,
        PreviousHash = Network.Regtest.GenesisHash,
        Height = 1,
        Bits = Network.EasiestBits,
        Time = Start,
        Payee = Payee,
        Transactions = [.. Enumerable.Range(0, count).Select(number => new TransactionWithFee(
            Transaction.Create(
                2,
                [new TxInput(new OutPoint(new Txid(Hashes.Sha256([(byte)number])), 0), Script.Empty, 0)],
                [new TxOutput(Amount.Grain(1), Payee)],
                0,
                default),
            Amount.Grain(10)))],
    });
}
