using Camelid.Chain.Mempool;
using Camelid.Protocol;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Tests.Mempool;

/// <summary>Rules M-07 and M-08: an ordinary transaction takes the place of others.</summary>
public sealed class ReplacementTests : IAsyncLifetime
{
    private PoolBed bed = null!;
    private Queue<TestCoin> coins = null!;

    public async ValueTask InitializeAsync() => (bed, coins) = await PoolBed.OpenAsync(120);

    public ValueTask DisposeAsync() => bed.DisposeAsync();

    /// <summary>Rule M-07: the fees of what leaves, and the increment for its own bytes.</summary>
    [Theory]
    [InlineData(-1, RuleCode.FeeTooLow)]
    [InlineData(0, RuleCode.Accepted)]
    [InlineData(1, RuleCode.Accepted)]
    public void A_replacement_pays_the_old_fee_and_the_increment(long above, RuleCode expected)
    {
        TestCoin coin = coins.Dequeue();
        Transaction old = bed.Enter(PoolBed.Pass(coin, 1_000));
        List<PoolChange> changes = [];
        bed.Pool.Changed += changes.Add;
        (Transaction replacement, long least) = Priced(fee => PoolBed.Pass(coin, fee), 1_000, above);
        Assert.Equal(expected, bed.Accept(replacement).Code);
        Assert.InRange(least, 1_018, 1_030);
        Assert.Equal(expected == RuleCode.Accepted, bed.Pool.Has(replacement.Txid));
        Assert.Equal(expected != RuleCode.Accepted, bed.Pool.Has(old.Txid));
        Assert.Equal(
            expected != RuleCode.Accepted
                ? []
                : [(old.Txid, PoolDeparture.Replaced), (replacement.Txid, null)],
            changes.Select(change => (change.Entry.Txid, change.Departure)));
    }

    /// <summary>Rule M-07: what rests on the old one leaves too, and is paid for.</summary>
    [Fact]
    public void A_replacement_pays_for_all_that_leaves()
    {
        TestCoin coin = coins.Dequeue();
        Transaction old = bed.Enter(PoolBed.Pass(coin, 1_000));
        Transaction child = bed.Enter(PoolBed.Pass(PoolBed.CoinOf(old, 0), 5_000));
        (Transaction poor, _) = Priced(fee => PoolBed.Pass(coin, fee), 6_000, -1);
        Assert.Equal(RuleCode.FeeTooLow, bed.Accept(poor).Code);
        bed.Enter(Priced(fee => PoolBed.Pass(coin, fee), 6_000, 0).Transaction);
        Assert.False(bed.Pool.Has(child.Txid));
        Assert.Equal(1, bed.Pool.Count);
    }

    /// <summary>Rule M-07: a large transaction of a low price does not replace a small one of a high price.</summary>
    [Fact]
    public void A_replacement_has_a_higher_price_than_each_that_it_conflicts_with()
    {
        TestCoin coin = coins.Dequeue();
        bed.Enter(PoolBed.Pass(coin, 10_000));
        long[] many = [.. Enumerable.Repeat(1_000_000L, 60)];
        Transaction large = PoolBed.Spend([coin], [.. many, 40_000_000 - 60_000]);
        Assert.True(large.ByteCount > 2_000);
        Assert.Equal(RuleCode.FeeTooLow, bed.Accept(large).Code);
        bed.Enter(PoolBed.Spend([coin], [.. many, 40_000_000 - 150_000]));
    }

    /// <summary>Rule M-08: 100 leave at the most.</summary>
    [Theory]
    [InlineData(100, RuleCode.Accepted)]
    [InlineData(101, RuleCode.ReplacesTooMany)]
    public void A_replacement_throws_at_most_100_out(int count, RuleCode expected)
    {
        TestCoin[] spent = [.. Enumerable.Range(0, 100).Select(_ => coins.Dequeue())];
        Transaction[] old = [.. spent.Select(coin => bed.Enter(PoolBed.Pass(coin, 100)))];
        if (count > 100)
        {
            bed.Enter(PoolBed.Pass(PoolBed.CoinOf(old[0], 0), 100));
        }

        Transaction replacement = PoolBed.Spend(spent, 99 * Amount.GrainsPerCoin);
        Assert.Equal(expected, bed.Accept(replacement).Code);
        Assert.Equal(expected == RuleCode.Accepted ? 1 : count, bed.Pool.Count);
    }

    /// <summary>Rule M-08.</summary>
    [Fact]
    public void A_replacement_spends_no_unconfirmed_output_that_the_old_one_did_not_spend()
    {
        TestCoin coin = coins.Dequeue();
        Transaction parent = bed.Enter(PoolBed.Pass(coins.Dequeue(), 1_000));
        Transaction other = bed.Enter(PoolBed.Pass(coins.Dequeue(), 1_000));
        bed.Enter(PoolBed.Spend([coin, PoolBed.CoinOf(parent, 0)], Amount.GrainsPerCoin));
        Transaction adds = PoolBed.Spend([coin, PoolBed.CoinOf(other, 0)], 100_000_000 - 500);
        Assert.Equal(RuleCode.ReplacementAddsUnconfirmed, bed.Accept(adds).Code);
        bed.Enter(PoolBed.Spend([coin, PoolBed.CoinOf(parent, 0)], 10_000_000));
        Assert.Equal(RuleCode.ReplacementAddsUnconfirmed, bed.Accept(adds).Code);
    }

    /// <summary>Rule M-08.</summary>
    [Fact]
    public void A_replacement_does_not_spend_what_it_replaces()
    {
        TestCoin coin = coins.Dequeue();
        Transaction old = bed.Enter(PoolBed.Pass(coin, 1_000));
        Transaction child = PoolBed.Spend([coin, PoolBed.CoinOf(old, 0)], 1_000_000);
        Assert.Equal(RuleCode.ReplacementSpendsReplaced, bed.Accept(child).Code);
    }

    /// <summary>Rule M-07: what could be mined now does not make room for what can't.</summary>
    [Fact]
    public void A_transaction_that_waits_for_the_median_replaces_nothing()
    {
        bed.Time.Advance(1_000);
        TestCoin coin = coins.Dequeue();
        bed.Enter(PoolBed.Pass(coin, 1_000));
        TxOutput[] outputs = [new TxOutput(Amount.Grain(50_000_000), PoolBed.Own)];
        Transaction waits = PoolBed.Spend([coin], outputs, bed.Time.UnixSeconds - 1);
        Assert.Equal(RuleCode.ReplacementWaits, bed.Accept(waits).Code);
        for (int i = 0; i < 6; i++)
        {
            bed.Mine();
        }

        bed.Enter(waits);
    }

    /// <summary>Rule M-06: what leaves for its sake does not count.</summary>
    [Fact]
    public void The_last_child_of_a_full_family_can_be_replaced()
    {
        Transaction parent = bed.Enter(PoolBed.Spend([coins.Dequeue()], [.. Enumerable.Repeat(1_000_000L, 30)]));
        for (int i = 0; i < 24; i++)
        {
            bed.Enter(PoolBed.Pass(PoolBed.CoinOf(parent, i), 1_000));
        }

        Assert.Equal(
            RuleCode.UnconfirmedChainTooLong, bed.Accept(PoolBed.Pass(PoolBed.CoinOf(parent, 24), 2_000)).Code);
        bed.Enter(PoolBed.Pass(PoolBed.CoinOf(parent, 23), 2_000));
        Assert.Equal(25, bed.Pool.Count);
    }

    /// <summary>
    /// A transaction whose fee is so far above the old fee and the increment for exactly its own bytes, which a
    /// signature's length moves by one.
    /// </summary>
    private static (Transaction Transaction, long Least) Priced(Func<long, Transaction> make, long old, long above)
    {
        for (long fee = old; ; fee++)
        {
            Transaction transaction = make(fee);
            long least = old + new FeeRate(100).FeeFor(PoolPolicy.PricedBytes(transaction));
            if (fee == least + above)
            {
                return (transaction, least);
            }
        }
    }
}
