using Camelid.Chain.Mempool;
using Camelid.Chain.Storage;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Tests.Mempool;

/// <summary>Rules M-16 and M-17: the transactions of the next block.</summary>
public sealed class BlockSelectionTests : IAsyncLifetime
{
    private PoolBed bed = null!;
    private Queue<TestCoin> coins = null!;

    private IReadOnlyList<Transaction> Selected =>
        [.. bed.Pool.Select(bed.NextTime(bed.Tip)).Select(chosen => chosen.Transaction)];

    public async ValueTask InitializeAsync() => (bed, coins) = await PoolBed.OpenAsync(90);

    public ValueTask DisposeAsync() => bed.DisposeAsync();

    /// <summary>Rule M-16.</summary>
    [Fact]
    public void The_best_price_goes_first_and_of_equals_the_earlier_one()
    {
        Transaction low = bed.Enter(PoolBed.Pass(coins.Dequeue(), 1_000));
        Transaction high = bed.Enter(PoolBed.Pass(coins.Dequeue(), 9_000));
        Transaction middle = bed.Enter(PoolBed.Pass(coins.Dequeue(), 5_000));
        Assert.Equal([high, middle, low], Selected);
    }

    /// <summary>Rule M-16: a child pays for its parent (CPFP).</summary>
    [Fact]
    public void A_rich_child_takes_its_poor_parent_before_richer_ones()
    {
        Transaction middle = bed.Enter(PoolBed.Pass(coins.Dequeue(), 3_000));
        Transaction parent = bed.Enter(PoolBed.Spend([coins.Dequeue()], 50_000_000, 49_999_900));
        Transaction child = bed.Enter(PoolBed.Pass(PoolBed.CoinOf(parent, 0), 20_000));
        Transaction other = bed.Enter(PoolBed.Pass(PoolBed.CoinOf(parent, 1), 500));
        Assert.Equal([parent, child, middle, other], Selected);
    }

    /// <summary>Rule M-16: once the parent is in, the poorer child stands on its own price.</summary>
    [Fact]
    public void A_rich_parent_does_not_carry_a_poor_child_along()
    {
        Transaction parent = bed.Enter(PoolBed.Pass(coins.Dequeue(), 20_000));
        Transaction child = bed.Enter(PoolBed.Pass(PoolBed.CoinOf(parent, 0), 100));
        Transaction middle = bed.Enter(PoolBed.Pass(coins.Dequeue(), 3_000));
        Assert.Equal([parent, middle, child], Selected);
    }

    /// <summary>Rule M-16: two rich children share the parent that the first has paid for.</summary>
    [Fact]
    public void What_is_paid_for_is_not_paid_for_twice()
    {
        Transaction parent = bed.Enter(PoolBed.Spend([coins.Dequeue()], 50_000_000, 49_999_900));
        Transaction first = bed.Enter(PoolBed.Pass(PoolBed.CoinOf(parent, 0), 9_000));
        Transaction second = bed.Enter(PoolBed.Pass(PoolBed.CoinOf(parent, 1), 8_000));
        Transaction middle = bed.Enter(PoolBed.Pass(coins.Dequeue(), 4_000));
        Assert.Equal([parent, first, second, middle], Selected);
    }

    /// <summary>Rule M-17: a lock time waits for the median, and bars what rests on it.</summary>
    [Fact]
    public void A_parent_that_waits_bars_its_child_until_the_median_has_passed()
    {
        bed.Time.Advance(1_000);
        TxOutput[] outputs = [new TxOutput(Amount.Grain(99_000_000), PoolBed.Own)];
        Transaction parent = bed.Enter(PoolBed.Spend([coins.Dequeue()], outputs, bed.Time.UnixSeconds - 1));
        Transaction child = bed.Enter(PoolBed.Pass(PoolBed.CoinOf(parent, 0), 9_000));
        Assert.Empty(Selected);
        for (int i = 0; i < 6; i++)
        {
            Assert.Empty(Selected);
            bed.Mine();
        }

        Assert.Equal([parent, child], Selected);
        bed.MineSelected();
    }

    /// <summary>Rules M-16 and C-06: the bytes of a block.</summary>
    [Fact]
    public void A_full_block_holds_the_best_and_stays_within_its_bytes()
    {
        TxOutput one = new(Amount.Grain(20_000), bed.Deposit());
        long rate = 0;
        for (int i = 0; i < 45; i++)
        {
            rate = 100_000 + (((i * 7) % 45) * 10_000);
            TestCoin coin = coins.Dequeue();
            bed.Enter(PoolBed.Spend(
                [coin],
                [.. Enumerable.Repeat(one, 1_740),
                    new TxOutput(Amount.Grain(coin.Output.Value.Grains - (1_740 * 20_000) - rate), PoolBed.Own)]));
        }

        Transaction small = bed.Enter(PoolBed.Pass(coins.Dequeue(), 250));
        (RuleCode code, Block block) = bed.Judge(bed.NextTime(bed.Tip));
        Assert.Equal(RuleCode.Accepted, code);
        int bytes = block.Encode().Length;
        Assert.InRange(bytes, 3_900_000, Block.BytesMax);
        long[] chosen = [.. bed.Pool.Select(bed.NextTime(bed.Tip)).Select(item => item.Fee.Grains)];
        Assert.Equal(chosen.OrderDescending(), chosen);
        Assert.Contains(small, block.Transactions);
        Assert.True(chosen.Length is > 35 and < 46);
    }

    /// <summary>Rules M-16 and C-06: the signature operations of a block, where they end before the bytes.</summary>
    [Fact]
    public void A_block_of_many_signature_operations_stays_within_their_limit()
    {
        for (int i = 0; i < 30; i++)
        {
            TestCoin coin = coins.Dequeue();
            bed.Enter(PoolBed.Spend(
                [coin], [.. Enumerable.Repeat(20_000L, 2_900), coin.Output.Value.Grains - 58_000_000 - 100_000 - i]));
        }

        (RuleCode code, Block block) = bed.Judge(bed.NextTime(bed.Tip));
        Assert.Equal(RuleCode.Accepted, code);
        Assert.Equal(1 + 27, block.Transactions.Count);
        Assert.True(block.Encode().Length < 3_000_000);
    }

    /// <summary>
    /// Rules M-16 and C-20: the signature operations of what is spent, where they end before all else. Our own pool
    /// lets no such script in; the selection does not rest on that.
    /// </summary>
    [Theory]
    [InlineData(2_400, 33)]
    [InlineData(2_000, 40)]
    [InlineData(1, 45)]
    public void A_block_spends_no_more_signature_operations_than_are_allowed(int each, int expected)
    {
        PoolGraph graph = new();
        CompactOutputs outputs = new(1);
        for (int i = 1; i <= 45; i++)
        {
            OutPoint coin = new(new Txid(Hashes.Sha256([(byte)i])), 0);
            Script many = new(Enumerable.Repeat((byte)Opcode.CheckSig, each).ToArray());
            outputs.TryAdd(coin, new Utxo(new TxOutput(Amount.Grain(9_000), many), 1, false, 0, default));
            graph.Add(EntryOf(coin, each, i));
        }

        SpendContext context = new(100, 1_800_000_000, 1_800_000_000, Network.Regtest, PoolBed.Curve);
        IReadOnlyList<TransactionWithFee> chosen = new BlockSelection(graph, context, outputs).Choose();
        Assert.Equal(expected, chosen.Count);
        int spent = chosen.Sum(item =>
            TransactionRules.CheckCoins(item.Transaction, context, outputs).SpentSignatureOperations);
        Assert.Equal(expected * each, spent);
        Assert.True(spent <= BlockRules.SignatureOperationsMax);
    }

    /// <summary>Rule M-17: the median of block times stands still between blocks, and the clock does not.</summary>
    [Fact]
    public void A_relative_lock_in_blocks_is_kept()
    {
        Transaction parent = bed.Enter(PoolBed.Pass(coins.Dequeue(), 1_000));
        TxOutput[] outputs = [new TxOutput(Amount.Grain(50_000_000), PoolBed.Own)];
        TestCoin coin = PoolBed.CoinOf(parent, 0);
        Assert.Equal(RuleCode.RelativeLockNotPassed, bed.Accept(PoolBed.Spend([coin], outputs, 0, 1)).Code);
        Transaction free = PoolBed.Spend([coin], outputs, 0, 0);
        bed.Enter(free);
        Assert.Equal([parent, free], Selected);
        bed.Mine(parent);
        bed.Enter(PoolBed.Spend([coin], [new TxOutput(Amount.Grain(40_000_000), PoolBed.Own)], 0, 1));
        bed.MineSelected();
        Assert.Equal(0, bed.Pool.Count);
    }

    private static PoolEntry EntryOf(OutPoint coin, int spentSignatureOperations, int number)
    {
        TestCoin spent = new(coin, new TxOutput(Amount.Grain(9_000), PoolBed.Own));
        Transaction transaction = PoolBed.Spend([spent], 1);
        return new PoolEntry
        {
            Transaction = transaction,
            Fee = Amount.Grain(8_999),
            Kind = PoolKind.Ordinary,
            PricedBytes = transaction.ByteCount,
            SignatureOperations = 1,
            SpentSignatureOperations = spentSignatureOperations,
            AsksForVerdicts = false,
            Sequence = number,
            ArrivedUnix = 0,
            ArrivedHeight = 0,
            ExpiresUnix = long.MaxValue,
        };
    }
}
