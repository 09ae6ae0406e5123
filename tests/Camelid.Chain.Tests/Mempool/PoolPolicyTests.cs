using Camelid.Chain.Mempool;
using Camelid.Protocol;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Tests.Mempool;

/// <summary>Rules M-01 to M-06 and M-23: what one transaction must be like, whatever else waits.</summary>
public sealed class PoolPolicyTests : IAsyncLifetime
{
    private PoolBed bed = null!;
    private Queue<TestCoin> coins = null!;

    public async ValueTask InitializeAsync() => (bed, coins) = await PoolBed.OpenAsync(60);

    public ValueTask DisposeAsync() => bed.DisposeAsync();

    /// <summary>Rule M-01.</summary>
    [Theory]
    [InlineData(1, RuleCode.Accepted)]
    [InlineData(2, RuleCode.Accepted)]
    [InlineData(3, RuleCode.NotStandard)]
    public void A_version_above_2_does_not_wait(int version, RuleCode expected)
    {
        TestCoin coin = coins.Dequeue();
        Transaction unsigned = Transaction.Create(
            version,
            [new TxInput(coin.OutPoint, Script.Empty, TxInput.SequenceLocked)],
            [new TxOutput(Amount.Grain(1_000_000), PoolBed.Own)],
            0,
            default);
        byte[] signature = SignatureHash.Sign(unsigned, 0, coin.Output.Script, PoolBed.Key, PoolBed.Curve);
        Transaction signed = unsigned.WithScript(0, P2pkhScript.Unlock(signature, PoolBed.Public));
        Assert.Equal(expected, bed.Accept(signed).Code);
    }

    /// <summary>Rule M-01: an output that a block made and no template describes is spent by blocks only.</summary>
    [Fact]
    public void An_output_of_no_template_neither_is_made_nor_spent()
    {
        Script anyone = new([0x51]);
        Transaction makes = PoolBed.Spend([coins.Dequeue()], [new TxOutput(Amount.Grain(1_000_000), anyone)]);
        Assert.Equal(RuleCode.NotStandard, bed.Accept(makes).Code);
        bed.Mine(makes);
        Transaction spends = Transaction.Create(
            2,
            [new TxInput(new OutPoint(makes.Txid, 0), Script.Empty, TxInput.SequenceLocked)],
            [new TxOutput(Amount.Grain(900_000), PoolBed.Own)],
            0,
            default);
        Assert.Equal(RuleCode.NotStandard, bed.Accept(spends).Code);
        bed.Mine(spends);
        bed.Enter(PoolBed.Pass(PoolBed.CoinOf(spends, 0), 1_000));
    }

    /// <summary>Rule M-01.</summary>
    [Theory]
    [InlineData(1_650, RuleCode.ScriptStackNotClean)]
    [InlineData(1_651, RuleCode.NotStandard)]
    public void An_unlocking_script_has_at_most_1650_bytes(int bytes, RuleCode expected)
    {
        Transaction transaction = PoolBed.Pass(coins.Dequeue(), 10_000);
        byte[] push = [(byte)Opcode.PushData2, 0x08, 0x02, .. new byte[520]];
        List<byte> padded = [.. push, .. push, (byte)Opcode.PushData2, 0xe0, 0x01, .. new byte[480]];
        padded.InsertRange(
            0, Enumerable.Repeat((byte)Opcode.Zero, bytes - padded.Count - transaction.Inputs[0].Script.Length));
        Script script = new([.. padded, .. transaction.Inputs[0].Script.Span]);
        Assert.Equal(bytes, script.Length);
        Assert.Equal(expected, bed.Accept(transaction.WithScript(0, script)).Code);
    }

    /// <summary>Rule M-02: an address of 34 bytes and its spending of 148, at 300 grains for 1,000 bytes: 55.</summary>
    [Theory]
    [InlineData(0, RuleCode.OutputDust)]
    [InlineData(54, RuleCode.OutputDust)]
    [InlineData(55, RuleCode.Accepted)]
    public void An_output_below_what_its_spending_costs_is_dust(long grains, RuleCode expected)
    {
        Assert.Equal(55, PoolStandard.DustGrains(PoolBed.Own));
        Assert.Equal(expected, bed.Accept(PoolBed.Spend([coins.Dequeue()], grains, 1_000_000)).Code);
    }

    /// <summary>Rule M-03: one operation is in the transaction's own output.</summary>
    [Theory]
    [InlineData(3_999, RuleCode.NotStandard)]
    [InlineData(4_000, RuleCode.TransactionSignatureOperations)]
    public void Signature_operations_are_counted_in_the_scripts_that_are_spent_too(int operations, RuleCode expected)
    {
        Transaction transaction = PoolBed.Pass(coins.Dequeue(), 1_000);
        byte[] heavy = [.. Enumerable.Repeat((byte)Opcode.CheckSig, operations)];
        Utxo[] spent = [new Utxo(new TxOutput(Amount.Zero, new Script(heavy)), 1, false, 0, default)];
        Assert.Equal(1, PoolPolicy.SignatureOperations(transaction));
        Assert.Equal(expected, PoolStandard.CheckSpent(transaction, spent));
    }

    /// <summary>Rule M-03: where operations are dense, they set the price: 20 bytes for each.</summary>
    [Theory]
    [InlineData(1, 1_000)]
    [InlineData(50, 1_000)]
    [InlineData(51, 1_020)]
    [InlineData(500, 10_000)]
    public void A_transaction_pays_for_bytes_or_for_signature_operations_whichever_is_more(int operations, int priced)
    {
        byte[] script = new byte[1_000 - 95];
        script.AsSpan().Fill((byte)Opcode.Nop);
        script.AsSpan(0, Math.Min(operations, script.Length)).Fill((byte)Opcode.CheckSig);
        Transaction transaction = Transaction.Create(
            1,
            [new TxInput(new OutPoint(new Txid(Hashes.Sha256("x"u8)), 0), Script.Empty, 0)],
            [new TxOutput(Amount.Zero, new Script(script))],
            0,
            default);
        int bytes = transaction.ByteCount;
        Assert.InRange(bytes, 995, 1_005);
        Assert.Equal(Math.Max(bytes, operations * 20), PoolPolicy.PricedBytes(transaction));
        Assert.InRange(PoolPolicy.PricedBytes(transaction), priced - 5, priced + 5);
    }

    /// <summary>Rule M-04: 100 grains for 1,000 bytes, rounded up.</summary>
    [Theory]
    [InlineData(-1, RuleCode.FeeTooLow)]
    [InlineData(0, RuleCode.Accepted)]
    [InlineData(1, RuleCode.Accepted)]
    public void A_fee_below_the_relay_fee_does_not_wait(long above, RuleCode expected)
    {
        TestCoin coin = coins.Dequeue();
        int bytes = PoolBed.Pass(coin, 1).ByteCount;
        Assert.InRange(bytes, 180, 300);
        long least = new FeeRate(100).FeeFor(bytes);
        Assert.Equal((bytes + 9) / 10, least);
        Transaction transaction = PoolBed.Pass(coin, least + above);
        Assert.InRange(transaction.ByteCount, bytes - 2, bytes + 2);
        Assert.Equal(expected, bed.Accept(Sized(coin, bytes, least + above)).Code);
    }

    /// <summary>Rule M-04: jobs pay 200 grains in the tests and 10,000 by default; both are enough.</summary>
    [Fact]
    public void The_fees_that_jobs_pay_are_enough()
    {
        TestCoin deposit = MineDeposit();
        uint due = bed.Time.UnixSeconds + PoolBed.Window;
        Transaction offer = bed.Enter(PoolBed.Job(deposit, PoolBed.JobOf(1), due + 100, 200));
        Transaction payment = bed.Enter(
            PoolBed.Job(deposit, PoolBed.JobOf(1), due, 200, PoolBed.Payment(1_000_000, due)));
        Assert.True(offer.ByteCount < 300 && payment.ByteCount < 500);
        bed.Time.AdvanceTo(due);
        bed.Mine(payment);
        bed.Enter(PoolBed.Redeem(PoolBed.CoinOf(payment, 0), 200));
    }

    /// <summary>Rule M-05: job transactions wait for a lock time of at most 14 days ahead.</summary>
    [Theory]
    [InlineData(14 * 24 * 3600, RuleCode.Accepted)]
    [InlineData((14 * 24 * 3600) + 1, RuleCode.LockTimeTooFar)]
    public void A_job_transaction_waits_for_at_most_14_days(uint ahead, RuleCode expected)
    {
        Transaction offer = PoolBed.Job(MineDeposit(), PoolBed.JobOf(1), bed.Time.UnixSeconds + ahead, 1_000);
        Assert.Equal(expected, bed.Accept(offer).Code);
    }

    /// <summary>Rule M-05: the clock decides, though the median of block times may lag behind it.</summary>
    [Theory]
    [InlineData(-1, RuleCode.Accepted)]
    [InlineData(0, RuleCode.NotFinal)]
    [InlineData(1, RuleCode.NotFinal)]
    public void An_ordinary_lock_time_in_seconds_is_over_by_the_clock(int ahead, RuleCode expected)
    {
        bed.Time.Advance(1_000);
        TxOutput[] outputs = [new TxOutput(Amount.Grain(1_000_000), PoolBed.Own)];
        uint lockTime = (uint)(bed.Time.UnixSeconds + ahead);
        Assert.Equal(expected, bed.Accept(PoolBed.Spend([coins.Dequeue()], outputs, lockTime)).Code);
    }

    /// <summary>Rule M-05.</summary>
    [Theory]
    [InlineData(0, RuleCode.Accepted)]
    [InlineData(1, RuleCode.NotFinal)]
    public void A_lock_time_in_blocks_lets_the_next_block_hold_it(int ahead, RuleCode expected)
    {
        TxOutput[] outputs = [new TxOutput(Amount.Grain(1_000_000), PoolBed.Own)];
        uint lockTime = (uint)(bed.Tip.Height + ahead);
        Assert.Equal(expected, bed.Accept(PoolBed.Spend([coins.Dequeue()], outputs, lockTime)).Code);
    }

    /// <summary>Rule M-06: 25 transactions that rest on each other, and no 26th.</summary>
    [Fact]
    public void The_26th_transaction_of_a_chain_does_not_wait_and_a_block_makes_room_for_it()
    {
        TestCoin coin = coins.Dequeue();
        List<Transaction> chain = [];
        for (int i = 0; i < 25; i++)
        {
            chain.Add(bed.Enter(PoolBed.Pass(coin, 1_000)));
            coin = PoolBed.CoinOf(chain[^1], 0);
        }

        Transaction next = PoolBed.Pass(coin, 1_000);
        Assert.Equal(RuleCode.UnconfirmedChainTooLong, bed.Accept(next).Code);
        bed.Mine(chain[0]);
        bed.Enter(next);
    }

    /// <summary>Rule M-06: 25 that rest on one, itself included.</summary>
    [Fact]
    public void The_25th_child_of_a_transaction_does_not_wait()
    {
        Transaction parent = bed.Enter(PoolBed.Spend(
            [coins.Dequeue()], [.. Enumerable.Repeat(1_000_000L, 30)]));
        for (int i = 0; i < 24; i++)
        {
            bed.Enter(PoolBed.Pass(PoolBed.CoinOf(parent, i), 1_000));
        }

        Assert.Equal(
            RuleCode.UnconfirmedChainTooLong, bed.Accept(PoolBed.Pass(PoolBed.CoinOf(parent, 24), 1_000)).Code);
    }

    /// <summary>Rule M-06: 101,000 bytes together.</summary>
    [Fact]
    public void A_small_child_of_a_parent_of_almost_100000_bytes_waits_and_a_large_one_does_not()
    {
        Transaction parent = bed.Enter(PoolBed.Spend(
            [coins.Dequeue()], [.. Enumerable.Repeat(10_000L, 2_930)]));
        Assert.InRange(parent.ByteCount, 99_500, 100_000);
        TestCoin[] many = [.. Enumerable.Range(1, 12).Select(index => PoolBed.CoinOf(parent, index))];
        Assert.Equal(RuleCode.UnconfirmedChainTooLong, bed.Accept(PoolBed.Spend(many, 10_000)).Code);
        bed.Enter(PoolBed.Pass(PoolBed.CoinOf(parent, 0), 1_000));
    }

    /// <summary>Rule M-23.</summary>
    [Fact]
    public void A_transaction_whose_parent_is_unknown_is_an_orphan_and_names_it()
    {
        Transaction parent = PoolBed.Pass(coins.Dequeue(), 1_000);
        Transaction child = PoolBed.Spend([PoolBed.CoinOf(parent, 0), coins.Dequeue()], 1_000_000);
        PoolVerdict verdict = bed.Accept(child);
        Assert.Equal((RuleCode.MissingInput, PoolBlame.MissingInput), (verdict.Code, verdict.Blame));
        Assert.Equal([parent.Txid], bed.Pool.MissingParents(child));
        bed.Enter(parent);
        Assert.Empty(bed.Pool.MissingParents(child));
        bed.Enter(child);
        Assert.True(bed.Accept(child) is { IsAccepted: true, IsNew: false });
    }

    /// <summary>Rule M-23.</summary>
    [Fact]
    public void A_transaction_that_a_block_holds_is_no_orphan()
    {
        Transaction transaction = PoolBed.Pass(coins.Dequeue(), 1_000);
        bed.Mine(transaction);
        Assert.Equal(RuleCode.AlreadyInChain, bed.Accept(transaction).Code);
    }

    [Fact]
    public void Blame_falls_on_what_no_node_could_accept_and_on_nothing_else()
    {
        Transaction good = PoolBed.Pass(coins.Dequeue(), 1_000);
        Transaction forged = good.WithScript(0, new Script([0x01, 0x00, .. good.Inputs[0].Script.Span[74..]]));
        Assert.Equal(PoolBlame.Invalid, bed.Accept(forged).Blame);
        Assert.Equal(PoolBlame.Policy, bed.Accept(PoolBed.Pass(coins.Dequeue(), 1)).Blame);
        Assert.Equal(PoolBlame.None, bed.Accept(good).Blame);
        TestCoin coin = coins.Dequeue();
        Transaction minting = PoolBed.Spend([coin], coin.Output.Value.Grains + 1);
        Assert.Equal(PoolBlame.Invalid, bed.Accept(minting).Blame);
    }

    private TestCoin MineDeposit()
    {
        Transaction funding = PoolBed.Spend(
            [coins.Dequeue()], [new TxOutput(Amount.Grain(90_000_000), bed.Deposit())]);
        bed.Mine(funding);
        return PoolBed.CoinOf(funding, 0);
    }

    /// <summary>A transaction of exactly so many bytes: signatures differ by a byte, so the amount is varied.</summary>
    private static Transaction Sized(TestCoin coin, int bytes, long fee)
    {
        for (uint sequence = 1; ; sequence++)
        {
            TxOutput[] outputs = [new TxOutput(Amount.Grain(coin.Output.Value.Grains - fee), PoolBed.Own)];
            Transaction transaction = PoolBed.Spend([coin], outputs, 0, uint.MaxValue - sequence);
            if (transaction.ByteCount == bytes)
            {
                return transaction;
            }
        }
    }
}
