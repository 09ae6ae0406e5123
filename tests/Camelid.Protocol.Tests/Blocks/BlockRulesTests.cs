using Camelid.Protocol.Blocks;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Tests.Transactions;
using Camelid.Protocol.Transactions;
using Camelid.TestKit;

namespace Camelid.Protocol.Tests.Blocks;

/// <summary>Rules C-03, C-06, C-10 … C-14: what needs no unspent outputs.</summary>
public sealed class BlockRulesTests
{
    private static readonly Script Payee = Samples.P2pkh(Samples.Client);

    [Theory]
    [Trait("Rule", "C-03")]
    [InlineData(0, 5_000_000_000L)]
    [InlineData(999_999, 5_000_000_000L)]
    [InlineData(1_000_000, 2_500_000_000L)]
    [InlineData(1_999_999, 2_500_000_000L)]
    [InlineData(2_000_000, 1_250_000_000L)]
    [InlineData(32_000_000, 1L)]
    [InlineData(33_000_000, 0L)]
    [InlineData(int.MaxValue, 0L)]
    public void The_subsidy_halves_every_million_blocks(int height, long grains) =>
        Assert.Equal(grains, Subsidy.At(height).Grains);

    [Fact]
    [Trait("Rule", "C-03")]
    public void All_subsidies_are_together_less_than_the_supply()
    {
        Int128 sum = 0;
        for (int era = 0; era < 64; era++)
        {
            sum += (Int128)Subsidy.At(era * Subsidy.HalvingBlocks).Grains * Subsidy.HalvingBlocks;
        }

        Assert.InRange(sum, Amount.GrainsMax - (64L * Subsidy.HalvingBlocks), Amount.GrainsMax);
    }

    [Fact]
    [Trait("Rule", "C-10")]
    public void A_header_has_80_bytes_and_reads_back()
    {
        BlockHeader header = Network.Regtest.Genesis.Header;
        byte[] bytes = header.Encode();
        Assert.Equal(BlockHeader.Bytes, bytes.Length);
        Assert.True(BlockHeader.TryDecode(bytes, out BlockHeader? read));
        Assert.Equal(header, read);
        Assert.False(BlockHeader.TryDecode([.. bytes, 0], out _));
        Assert.False(BlockHeader.TryDecode(bytes.AsSpan(1), out _));
    }

    [Fact]
    [Trait("Rule", "C-10")]
    public void Bitcoins_first_block_has_its_known_hash_and_work()
    {
        Assert.True(Hash256.TryParseReversed(
            "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b", out Hash256 root));
        BlockHeader header = new()
        {
            Version = 1,
            PreviousHash = default,
            MerkleRoot = root,
            Time = 1_231_006_505,
            Bits = 0x1d00ffff,
            Nonce = 2_083_236_893,
        };
        Assert.Equal("000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f", header.Hash.ToString());
        Assert.Equal(0x0100010001, ProofOfWork.Work(header.Bits));
        Assert.Equal(header, ProofOfWork.TryFind(header, header.Nonce - 3, 10));
        Assert.Null(ProofOfWork.TryFind(header, header.Nonce - 3, 3));
    }

    [Theory]
    [Trait("Rule", "C-12")]
    [InlineData(0x207fffffu, true)]
    [InlineData(0x01003456u, false)]
    [InlineData(0x01123456u, true)]
    [InlineData(0x04923456u, false)]
    [InlineData(0x00000000u, false)]
    [InlineData(0x220000ffu, true)]
    [InlineData(0x2200ffffu, false)]
    public void Compact_bits_are_positive_and_below_256_bits(uint bits, bool good) =>
        Assert.Equal(good, ProofOfWork.Target(bits) is not null);

    [Fact]
    [Trait("Rule", "C-12")]
    public void A_header_without_work_or_with_other_bits_is_refused()
    {
        BlockHeader header = Network.Regtest.Genesis.Header;
        Assert.Equal(RuleCode.Accepted, ProofOfWork.Check(header, Network.Regtest));
        Assert.Equal(RuleCode.WrongBits, ProofOfWork.Check(header with { Bits = 0x207ffffe }, Network.Regtest));
        uint nonce = header.Nonce;
        do
        {
            nonce++;
        }
        while (ProofOfWork.TryFind(header, nonce, 1) is not null);
        Assert.Equal(RuleCode.ProofOfWorkTooLow, ProofOfWork.Check(header with { Nonce = nonce }, Network.Regtest));
    }

    [Fact]
    [Trait("Rule", "C-10")]
    public void The_median_is_that_of_the_last_times_in_any_order()
    {
        Assert.Equal(5u, BlockRules.MedianTimePast([5]));
        Assert.Equal(6u, BlockRules.MedianTimePast([6, 5]));
        Assert.Equal(6u, BlockRules.MedianTimePast([1, 2, 3, 4, 5, 6, 11, 10, 9, 8, 7]));
        Assert.Throws<ArgumentException>(() => BlockRules.MedianTimePast([]));
        Assert.Throws<ArgumentException>(() => BlockRules.MedianTimePast(new uint[12]));
    }

    [Theory]
    [Trait("Rule", "C-10")]
    [InlineData(120, RuleCode.Accepted)]
    [InlineData(121, RuleCode.BlockTimeTooLate)]
    public void A_block_is_at_most_two_minutes_ahead(int ahead, RuleCode expected)
    {
        BlockHeader header = Network.Regtest.Genesis.Header;
        DateTimeOffset now = DateTimeOffset.FromUnixTimeSeconds(header.Time - ahead);
        Assert.Equal(expected, BlockRules.CheckClock(header, now, Network.Regtest));
    }

    [Theory]
    [Trait("Rule", "C-11")]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(12)]
    public void A_branch_leads_from_each_leaf_to_the_root(int count)
    {
        Hash256[] leaves = Leaves(count);
        Hash256 root = MerkleTree.Root(leaves, out bool mutated);
        Assert.False(mutated);
        for (int i = 0; i < count; i++)
        {
            IReadOnlyList<Hash256> branch = MerkleTree.Branch(leaves, i);
            Assert.Equal(root, MerkleTree.RootOfBranch(leaves[i], i, branch));
            Assert.NotEqual(root, MerkleTree.RootOfBranch(Hashes.Sha256("x"u8), i, branch));
            Assert.Null(MerkleTree.RootOfBranch(leaves[i], i + 64, branch));
        }
    }

    [Fact]
    [Trait("Rule", "C-11")]
    public void A_repeated_tail_has_the_same_root_and_is_seen()
    {
        Hash256[] leaves = Leaves(6);
        Hash256 root = MerkleTree.Root(leaves, out bool mutated);
        Hash256 again = MerkleTree.Root([.. leaves, .. leaves[4..]], out bool repeated);
        Assert.Equal(root, again);
        Assert.False(mutated);
        Assert.True(repeated);
    }

    [Fact]
    [Trait("Rule", "C-14")]
    public void A_transaction_is_refused_for_each_fault_of_form()
    {
        TxInput input = new(Samples.OutPoint(new Random(1)), Script.Empty, 0);
        TxOutput output = new(Amount.Grain(1), Payee);
        TxOutput all = new(Amount.Grain(Amount.GrainsMax), Payee);
        TxOutput wide = new(Amount.Zero, new Script(new byte[Script.BytesMax]));
        Assert.Equal(RuleCode.Accepted, Check(1, [input], [output]));
        Assert.Equal(RuleCode.TransactionVersion, Check(0, [input], [output]));
        Assert.Equal(RuleCode.TransactionVersion, Check(-1, [input], [output]));
        Assert.Equal(RuleCode.TransactionWithoutInputs, Check(1, [], [output]));
        Assert.Equal(RuleCode.TransactionWithoutOutputs, Check(1, [input], []));
        Assert.Equal(RuleCode.DuplicateInput, Check(1, [input, input], [output]));
        Assert.Equal(RuleCode.EmptyOutPoint, Check(1, [input, input with { Previous = OutPoint.None }], [output]));
        Assert.Equal(RuleCode.Accepted, Check(1, [input], [all]));
        Assert.Equal(RuleCode.OutputsAboveSupply, Check(1, [input], [all, output]));
        Assert.Equal(RuleCode.OutputsAboveSupply, Check(1, [input], [.. Enumerable.Repeat(all, 2000)]));
        Assert.Equal(RuleCode.TransactionTooLarge, Check(1, [input], [.. Enumerable.Repeat(wide, 10)]));
        static RuleCode Check(int version, TxInput[] inputs, TxOutput[] outputs) =>
            TransactionRules.Check(Transaction.Create(version, inputs, outputs, 0, default));
    }

    [Theory]
    [Trait("Rule", "C-13")]
    [InlineData(1, false, RuleCode.CoinbaseScriptBytes)]
    [InlineData(2, false, RuleCode.Accepted)]
    [InlineData(100, false, RuleCode.Accepted)]
    [InlineData(101, false, RuleCode.CoinbaseScriptBytes)]
    [InlineData(50, true, RuleCode.CoinbaseWithJob)]
    public void A_coinbase_script_has_2_to_100_bytes_and_no_job(int bytes, bool job, RuleCode expected)
    {
        Transaction coinbase = Transaction.Create(
            1,
            [new TxInput(OutPoint.None, new Script(new byte[bytes]), 0)],
            [new TxOutput(Amount.Zero, Payee)],
            0,
            job ? Samples.Job : default);
        Assert.Equal(expected, TransactionRules.Check(coinbase));
    }

    [Fact]
    [Trait("Rule", "C-13")]
    public void A_coinbase_belongs_to_one_height_of_one_network()
    {
        Transaction coinbase = new TestChain(Samples.Curve).Build(Payee).Transactions[0];
        Assert.Equal(RuleCode.Accepted, Coinbase.Check(coinbase, 1, Network.Regtest));
        Assert.Equal(RuleCode.CoinbaseHeightOrNetwork, Coinbase.Check(coinbase, 2, Network.Regtest));
        Assert.Equal(RuleCode.CoinbaseHeightOrNetwork, Coinbase.Check(coinbase, 1, Network.Test));
    }

    [Fact]
    public void Transactions_that_are_not_the_headers_are_told_from_a_block_that_breaks_a_rule()
    {
        Block good = new TestChain(Samples.Curve).Build(Payee);
        Transaction other = Samples.Spend(
            [Samples.OutPoint(new Random(2))], [new TxOutput(Amount.Grain(1), Payee)], Samples.Client);
        Transaction[][] foreign = [[other], [good.Transactions[0], good.Transactions[0]], [other, other]];
        Assert.All(foreign, transactions => Assert.Contains(
            BlockRules.CheckBlock(new Block(good.Header, transactions), Network.Regtest),
            new[] { RuleCode.MerkleRootMismatch, RuleCode.MerkleTreeMutated }));
    }

    [Fact]
    public void A_block_is_refused_for_each_fault_of_form()
    {
        Block good = new TestChain(Samples.Curve).Build(Payee);
        Transaction coinbase = good.Transactions[0];
        Transaction other = Samples.Spend(
            [Samples.OutPoint(new Random(2))], [new TxOutput(Amount.Grain(1), Payee)], Samples.Client);
        Assert.Equal(RuleCode.Accepted, Check(good));
        Assert.Equal(RuleCode.BlockWithoutTransactions, Check(TestChain.Seal(good.Header, [])));
        Assert.Equal(RuleCode.FirstNotCoinbase, Check(TestChain.Seal(good.Header, [other, coinbase])));
        Transaction second = Transaction.Create(
            1, coinbase.Inputs, [new TxOutput(Amount.Grain(1), Payee)], 0, default);
        Assert.Equal(RuleCode.SecondCoinbase, Check(TestChain.Seal(good.Header, [coinbase, second])));
        Assert.Equal(RuleCode.MerkleRootMismatch, Check(new Block(good.Header, [coinbase, other])));
        Assert.Equal(
            RuleCode.MerkleTreeMutated, Check(TestChain.Seal(good.Header, [coinbase, other, other, other])));
        static RuleCode Check(Block block) => BlockRules.CheckBlock(block, Network.Regtest);
    }

    [Theory]
    [Trait("Rule", "C-06")]
    [InlineData(80_000, RuleCode.Accepted)]
    [InlineData(80_001, RuleCode.TooManySignatureOperations)]
    public void A_block_has_at_most_80000_signature_operations(int count, RuleCode expected)
    {
        // Whatever is not counted here stays within the scripts of one coinbase.
        TxOutput[] outputs = [.. Enumerable.Repeat((byte)Opcode.CheckSig, count).Chunk(Script.BytesMax)
            .Select(chunk => new TxOutput(Amount.Zero, new Script(chunk)))];
        Block good = new TestChain(Samples.Curve).Build(Script.Empty);
        Transaction coinbase = Transaction.Create(1, good.Transactions[0].Inputs, outputs, 0, default);
        Assert.Equal(expected, BlockRules.CheckBlock(TestChain.Seal(good.Header, [coinbase]), Network.Regtest));
    }

    [Fact]
    [Trait("Rule", "C-06")]
    public void A_block_has_at_most_four_million_bytes()
    {
        Block good = new TestChain(Samples.Curve).Build(Script.Empty);
        TxOutput wide = new(Amount.Zero, new Script(new byte[Script.BytesMax]));
        Transaction[] many = [good.Transactions[0], .. Enumerable.Range(0, 45).Select(i => Transaction.Create(
            1,
            [new TxInput(Samples.OutPoint(new Random(i)), Script.Empty, 0)],
            Enumerable.Repeat(wide, 9),
            0,
            default))];
        Assert.Equal(RuleCode.BlockTooLarge, Check(many));
        Assert.Equal(RuleCode.Accepted, Check(many[..44]));
        Assert.False(Block.TryDecode(TestChain.Seal(good.Header, many).Encode(), out _));
        Assert.True(Block.TryDecode(TestChain.Seal(good.Header, many[..44]).Encode(), out _));
        RuleCode Check(Transaction[] transactions) =>
            BlockRules.CheckBlock(TestChain.Seal(good.Header, transactions), Network.Regtest);
    }

    private static Hash256[] Leaves(int count) =>
        [.. Enumerable.Range(0, count).Select(i => Hashes.Sha256(BitConverter.GetBytes(i)))];
}
