using Camelid.Protocol.Blocks;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Tests.Transactions;
using Camelid.Protocol.Transactions;
using Camelid.TestKit;
using FsCheck;
using FsCheck.Fluent;

namespace Camelid.Protocol.Tests.Blocks;

/// <summary>Rules C-03, C-10, C-15 … C-19: blocks on a chain.</summary>
public sealed class ChainConnectorTests
{
    private const long Coin = Amount.GrainsPerCoin;
    private static readonly Script Mine = Samples.P2pkh(Samples.Client);

    [Theory]
    [Trait("Rule", "C-03")]
    [InlineData(0, RuleCode.Accepted)]
    [InlineData(-1, RuleCode.Accepted)]
    [InlineData(1, RuleCode.CoinbaseClaimsTooMuch)]
    public void A_coinbase_claims_at_most_subsidy_plus_fees(long more, RuleCode expected)
    {
        TestChain chain = Funded();
        TransactionWithFee spend = Pay(chain, 1000);
        Block block = chain.Build(Mine, 0, spend);
        Transaction coinbase = block.Transactions[0];
        Assert.Equal((50 * Coin) + 1000, coinbase.Outputs[0].Value.Grains);
        TxOutput claim = coinbase.Outputs[0] with { Value = Amount.Grain(coinbase.Outputs[0].Value.Grains + more) };
        Transaction changed = Transaction.Create(1, coinbase.Inputs, [claim], 0, default);
        ConnectResult result = chain.Connect(TestChain.Seal(block.Header, [changed, spend.Transaction]));
        Assert.Equal(expected, result.Code);
        Assert.Equal(expected == RuleCode.Accepted ? 1000 : 0, result.Fees.Grains);
    }

    [Theory]
    [Trait("Rule", "C-17")]
    [InlineData(9, RuleCode.CoinbaseImmature)]
    [InlineData(10, RuleCode.Accepted)]
    public void A_coinbase_output_is_spent_after_its_maturity(int age, RuleCode expected)
    {
        TestChain chain = new(Samples.Curve);
        chain.MineMany(Mine, age);
        OutPoint first = chain.Utxos.Single(pair => pair.Value.Height == 1).Key;
        Transaction spend = Samples.Spend([first], [new TxOutput(Amount.Grain(Coin), Mine)], Samples.Client);
        Assert.Equal(expected, TransactionRules.CheckSpend(spend, chain.NextSpend, chain).Code);
        ConnectResult result = chain.Mine(Mine, new TransactionWithFee(spend, Amount.Grain(49 * Coin)));
        Assert.Equal(expected, result.Code);
    }

    [Fact]
    [Trait("Rule", "C-15")]
    public void An_output_is_spent_once()
    {
        TestChain chain = Funded();
        TransactionWithFee first = Pay(chain, 1000);
        TransactionWithFee second = Pay(chain, 2000);
        Assert.Equal(first.Transaction.Inputs[0].Previous, second.Transaction.Inputs[0].Previous);
        Assert.Equal(RuleCode.MissingInput, chain.Mine(Mine, first, second).Code);
        Assert.Equal(RuleCode.Accepted, chain.Mine(Mine, first).Code);
        Assert.Equal(RuleCode.MissingInput, chain.Mine(Mine, second).Code);
        Assert.Equal(RuleCode.MissingInput, chain.Mine(Mine, first).Code);
    }

    [Fact]
    [Trait("Rule", "C-15")]
    public void Outputs_are_worth_at_most_the_inputs()
    {
        TestChain chain = Funded();
        OutPoint coin = Mature(chain);
        Assert.Equal(RuleCode.OutputsAboveInputs, Code((50 * Coin) + 1));
        Assert.Equal(RuleCode.Accepted, Code(50 * Coin));
        RuleCode Code(long grains) => TransactionRules.CheckSpend(
            Samples.Spend([coin], [new TxOutput(Amount.Grain(grains), Mine)], Samples.Client),
            chain.NextSpend,
            chain).Code;
    }

    [Fact]
    [Trait("Rule", "C-15")]
    public void A_child_may_follow_its_parent_in_one_block_and_not_precede_it()
    {
        TestChain chain = Funded();
        TransactionWithFee parent = Pay(chain, 1000);
        long left = parent.Transaction.Outputs[0].Value.Grains;
        Transaction spend = Samples.Spend(
            [new OutPoint(parent.Transaction.Txid, 0)], [new TxOutput(Amount.Grain(left - 5), Mine)], Samples.Client);
        TransactionWithFee child = new(spend, Amount.Grain(5));
        Assert.Equal(RuleCode.MissingInput, chain.Mine(Mine, child, parent).Code);
        ConnectResult result = chain.Mine(Mine, parent, child);
        Assert.Equal(RuleCode.Accepted, result.Code);
        Assert.Equal([0L, 1000L, 5L], result.TransactionFees.Select(fee => fee.Grains));
        Assert.DoesNotContain(result.Changes, change => change.OutPoint.Txid == parent.Transaction.Txid);
    }

    [Fact]
    [Trait("Rule", "C-10")]
    public void A_block_follows_the_tip_later_than_the_median()
    {
        TestChain chain = new(Samples.Curve);
        chain.MineMany(Mine, 12);
        Assert.Equal(RuleCode.BlockTimeTooEarly, chain.Connect(chain.Build(Mine, chain.MedianTimePast)).Code);
        Block orphan = TestChain.Seal(
            chain.Build(Mine).Header with { PreviousHash = Network.Regtest.GenesisHash },
            chain.Build(Mine).Transactions);
        Assert.Equal(RuleCode.WrongPreviousBlock, chain.Connect(orphan).Code);
        Assert.Equal(RuleCode.Accepted, chain.Connect(chain.Build(Mine, chain.MedianTimePast + 1)).Code);
    }

    [Fact]
    [Trait("Rule", "C-13")]
    public void A_coinbase_of_another_height_is_refused()
    {
        TestChain chain = new(Samples.Curve);
        Block first = chain.Build(Mine);
        chain.MineMany(Mine, 1);
        Block second = TestChain.Seal(chain.Build(Mine).Header, first.Transactions);
        Assert.Equal(RuleCode.CoinbaseHeightOrNetwork, chain.Connect(second).Code);
    }

    /// <summary>Replay: coin descends from coinbases, and no coinbase of one network is valid on another one.</summary>
    [Fact]
    [Trait("Rule", "C-13")]
    public void A_coinbase_of_another_network_is_refused()
    {
        TestChain chain = new(Samples.Curve);
        Block good = chain.Build(Mine);
        TxInput input = new(OutPoint.None, Coinbase.Script(1, Network.Test, default), TxInput.SequenceFinal);
        Transaction foreign = Transaction.Create(1, [input], good.Transactions[0].Outputs, 0, default);
        Assert.NotEqual(good.Transactions[0].Txid, foreign.Txid);
        Block block = TestChain.Seal(good.Header, [foreign]);
        Assert.Equal(RuleCode.CoinbaseHeightOrNetwork, chain.Connect(block).Code);
        Assert.Equal(RuleCode.Accepted, chain.Connect(good).Code);
    }

    /// <summary>
    /// A refused block changes nothing: neither a code of acceptance nor undo data nor a change leaves.
    /// </summary>
    [Fact]
    [Trait("Rule", "C-18")]
    public void A_refused_block_changes_nothing()
    {
        TestChain chain = Funded();
        TransactionWithFee spend = Pay(chain, 1000);
        Dictionary<OutPoint, Utxo> before = new(chain.Utxos);
        ConnectResult result = chain.Mine(Mine, spend, spend);
        Assert.NotEqual(RuleCode.Accepted, result.Code);
        Assert.Null(result.Undo);
        Assert.Empty(result.Changes);
        Assert.True(Same(before, chain.Utxos));
    }

    [Fact]
    [Trait("Rule", "C-19")]
    public void Undo_data_read_back_and_damaged_ones_are_refused()
    {
        TestChain chain = Funded();
        BlockUndo undo = chain.Mine(Mine, Pay(chain, 1000)).Undo!;
        byte[] bytes = undo.Encode();
        Assert.True(BlockUndo.TryDecode(bytes, out BlockUndo? read));
        Assert.Equal(undo.Spent, read.Spent);
        Assert.False(BlockUndo.TryDecode([.. bytes, 0], out _));
        Assert.False(BlockUndo.TryDecode(bytes.AsSpan(0, bytes.Length - 1), out _));
        BlockUndo foreign = new([new SpentOutput(Samples.OutPoint(new Random(9)), read.Spent[0].Utxo)]);
        Assert.Throws<System.Diagnostics.UnreachableException>(
            () => ChainConnector.Disconnect(chain.Tip, foreign, chain));
    }

    [Fact]
    [Trait("Rule", "C-16")]
    public void An_ordinary_lock_time_is_over_by_the_median_and_not_by_the_blocks_own_time()
    {
        TestChain chain = Funded();
        OutPoint coin = Mature(chain);
        Assert.True(chain.NextSpend.BlockTime > chain.MedianTimePast);
        Assert.Equal(RuleCode.Accepted, Code(chain.MedianTimePast - 1));
        Assert.Equal(RuleCode.NotFinal, Code(chain.MedianTimePast));
        Assert.Equal(RuleCode.Accepted, Code((uint)chain.Height));
        Assert.Equal(RuleCode.NotFinal, Code((uint)chain.Height + 1));
        RuleCode Code(uint lockTime) => TransactionRules.CheckSpend(
            Samples.Spend([coin], [new TxOutput(Amount.Grain(Coin), Mine)], Samples.Client, lockTime),
            chain.NextSpend,
            chain).Code;
    }

    [Theory]
    [Trait("Rule", "C-17")]
    [InlineData(0, RuleCode.Accepted)]
    [InlineData(1, RuleCode.RelativeLockNotPassed)]
    public void A_relative_lock_counts_blocks(int more, RuleCode expected)
    {
        TestChain chain = Funded();
        OutPoint coin = Mature(chain);
        int age = chain.Height + 1 - chain.Utxos[coin].Height;
        Transaction spend = Transaction.Create(
            2, [new TxInput(coin, Script.Empty, (uint)(age + more))], [new TxOutput(Amount.Zero, Mine)], 0, default);
        byte[] signature = SignatureHash.Sign(spend, 0, Mine, Samples.Client, Samples.Curve);
        Script unlock = P2pkhScript.Unlock(signature, Samples.Public(Samples.Client));
        Transaction signed = spend.WithScript(0, unlock);
        Assert.Equal(expected, TransactionRules.CheckSpend(signed, chain.NextSpend, chain).Code);
        Transaction seconds = Transaction.Create(
            2, [new TxInput(coin, unlock, 1u << 22)], [new TxOutput(Amount.Zero, Mine)], 0, default);
        Assert.Equal(
            RuleCode.RelativeLockInSeconds, TransactionRules.CheckSpend(seconds, chain.NextSpend, chain).Code);
    }

    [Fact]
    [Trait("Rule", "C-15")]
    public void A_coinbase_is_no_transaction_of_the_mempool()
    {
        TestChain chain = Funded();
        Transaction coinbase = chain.Tip.Transactions[0];
        Assert.Equal(
            RuleCode.CoinbaseOutsideBlock, TransactionRules.CheckSpend(coinbase, chain.NextSpend, chain).Code);
    }

    /// <summary>
    /// The whole path of coin: deposit, payment at the block's own time, claim; and its refusal on the way.
    /// </summary>
    [Fact]
    [Trait("Rule", "C-16")]
    public void A_payment_is_mined_by_block_time_and_claimed()
    {
        TestChain chain = Funded();
        EscrowPath path = new(chain);
        Assert.Equal(RuleCode.JobTooEarly, path.Pay(chain.Tip.Header.Time + TestChain.SpacingSeconds + 1).Code);
        ConnectResult paid = path.Pay(chain.Tip.Header.Time + TestChain.SpacingSeconds);
        Assert.Equal(RuleCode.Accepted, paid.Code);
        Utxo payment = chain.Utxos[new OutPoint(path.Payment!.Txid, 0)];
        Assert.Equal(Samples.Job, payment.JobId);
        Assert.True(path.Payment.LockTime > chain.MedianTimePast, "the median alone would not have let it in");
        Assert.Equal(RuleCode.Accepted, path.Claim().Code);
        Assert.Equal(RuleCode.MissingInput, path.Refund().Code);
    }

    /// <summary>
    /// Random chains with spends: taking blocks off restores the set, and no coin appears or is lost.
    /// </summary>
    [Fact]
    [Trait("Rule", "C-19")]
    public void Connecting_and_disconnecting_restores_the_set_and_conserves_coin() => Prop.ForAll<int>(seed =>
    {
        Random random = new(seed);
        TestChain chain = Funded();
        List<Dictionary<OutPoint, Utxo>> before = [];
        for (int i = 0; i < 4; i++)
        {
            before.Add(new Dictionary<OutPoint, Utxo>(chain.Utxos));
            ConnectResult result = chain.Mine(Mine, RandomSpends(chain, random));
            if (result.Code != RuleCode.Accepted || Supply(chain) != Issued(chain))
            {
                return false;
            }
        }

        for (int i = before.Count - 1; i >= 0; i--)
        {
            chain.Disconnect();
            if (!Same(before[i], chain.Utxos) || Supply(chain) != Issued(chain))
            {
                return false;
            }
        }

        return true;
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(20));

    private static TransactionWithFee[] RandomSpends(TestChain chain, Random random)
    {
        List<TransactionWithFee> spends = [];
        Queue<(OutPoint Coin, long Grains)> coins = new(chain.Utxos
            .Where(pair => !pair.Value.IsCoinbase || chain.Height + 1 - pair.Value.Height >= 10)
            .Take(3).Select(pair => (pair.Key, pair.Value.Output.Value.Grains)));
        while (coins.TryDequeue(out (OutPoint Coin, long Grains) coin) && spends.Count < 5)
        {
            long fee = random.NextInt64(Math.Min(coin.Grains, 10_000) + 1);
            long first = random.NextInt64(coin.Grains - fee + 1);
            TxOutput[] outputs =
                [new(Amount.Grain(first), Mine), new(Amount.Grain(coin.Grains - fee - first), Mine)];
            Transaction spend = Samples.Spend([coin.Coin], outputs, Samples.Client);
            spends.Add(new TransactionWithFee(spend, Amount.Grain(fee)));
            if (random.Next(2) == 0)
            {
                coins.Enqueue((new OutPoint(spend.Txid, 0), first));
            }
        }

        return [.. spends];
    }

    private static bool Same(Dictionary<OutPoint, Utxo> left, IReadOnlyDictionary<OutPoint, Utxo> right) =>
        left.Count == right.Count
        && left.All(pair => right.TryGetValue(pair.Key, out Utxo? utxo) && utxo == pair.Value);

    private static Int128 Supply(TestChain chain) =>
        chain.Utxos.Values.Aggregate((Int128)0, (sum, utxo) => sum + utxo.Output.Value.Grains);

    private static Int128 Issued(TestChain chain) =>
        Enumerable.Range(1, chain.Height).Aggregate((Int128)0, (sum, height) => sum + Subsidy.At(height).Grains);

    private static TestChain Funded()
    {
        TestChain chain = new(Samples.Curve);
        chain.MineMany(Mine, 15);
        return chain;
    }

    private static OutPoint Mature(TestChain chain) => chain.Utxos.MinBy(pair => pair.Value.Height).Key;

    private static TransactionWithFee Pay(TestChain chain, long fee)
    {
        TxOutput output = new(Amount.Grain((50 * Coin) - fee), Mine);
        return new TransactionWithFee(Samples.Spend([Mature(chain)], [output], Samples.Client), Amount.Grain(fee));
    }
}
