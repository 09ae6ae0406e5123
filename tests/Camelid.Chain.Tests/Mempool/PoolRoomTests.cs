using Camelid.Chain.Mempool;
using Camelid.Protocol;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Tests.Mempool;

/// <summary>Rules M-11 and M-13: room, the rolling minimum, and how long a transaction waits.</summary>
public sealed class PoolRoomTests : IAsyncLifetime
{
    private PoolBed bed = null!;
    private Queue<TestCoin> coins = null!;

    public async ValueTask InitializeAsync() =>
        (bed, coins) = await PoolBed.OpenAsync(100, "Chain:MempoolMegabytes=1", "Chain:MempoolExpiryHours=2");

    public ValueTask DisposeAsync() => bed.DisposeAsync();

    /// <summary>Rule M-11.</summary>
    [Fact]
    public void A_full_pool_pushes_out_what_pays_least_and_asks_for_more_from_then_on()
    {
        List<(Transaction Transaction, long Fee)> entered = [];
        for (int i = 0; i < 40; i++)
        {
            long fee = 10_000 + (1_000 * ((i * 17) % 40));
            entered.Add((bed.Enter(Large(fee)), fee));
            Assert.True(bed.Pool.Statistics().MemoryBytes <= 1_000_000);
        }

        int left = bed.Pool.Count;
        Assert.InRange(left, 30, 36);
        long[] stayed = [.. entered.Where(item => bed.Pool.Has(item.Transaction.Txid))
            .Select(item => item.Fee).Order()];
        Assert.Equal([.. entered.Select(item => item.Fee).Order().TakeLast(left)], stayed);
        FeeRate minimum = bed.Pool.MinimumRate;
        Assert.True(minimum > bed.Pool.Policy.RelayRate);
        Transaction small = PoolBed.Pass(coins.Dequeue(), 1_000);
        long least = minimum.FeeFor(PoolPolicy.PricedBytes(small));
        Assert.Equal(RuleCode.FeeTooLow, bed.Accept(PoolBed.Pass(coins.Dequeue(), least - 1)).Code);
        bed.Enter(PoolBed.Pass(coins.Dequeue(), least + 10));
    }

    /// <summary>Rule M-11: what a rich child rests on stays; a rich parent does not keep its poor child.</summary>
    [Fact]
    public void A_poor_parent_stays_for_its_rich_child_and_a_poor_child_leaves_alone()
    {
        Transaction poorParent = bed.Enter(PoolBed.Spend([coins.Dequeue()], 50_000_000, 49_999_970));
        Transaction richChild = bed.Enter(PoolBed.Pass(PoolBed.CoinOf(poorParent, 0), 1_000_000));
        Transaction richParent = bed.Enter(PoolBed.Spend([coins.Dequeue()], 50_000_000, 49_000_000));
        Transaction poorChild = bed.Enter(PoolBed.Pass(PoolBed.CoinOf(richParent, 0), 30));
        Fill();
        Assert.True(bed.Pool.Has(poorParent.Txid) && bed.Pool.Has(richChild.Txid) && bed.Pool.Has(richParent.Txid));
        Assert.False(bed.Pool.Has(poorChild.Txid));
    }

    /// <summary>Rule M-11: what is itself the worst is told so, and nobody hears of it.</summary>
    [Fact]
    public void What_would_be_pushed_out_at_once_is_refused_as_full()
    {
        Fill(34);
        List<PoolChange> changes = [];
        bed.Pool.Changed += changes.Add;
        Assert.Equal(RuleCode.MempoolFull, bed.Accept(Large(1_000)).Code);
        Assert.Empty(changes);
    }

    /// <summary>Rule M-11: it falls once a block has come, by a half in twelve hours while the pool is full.</summary>
    [Fact]
    public void The_rolling_minimum_falls_after_a_block_and_not_before()
    {
        RollingMinimum rolling = new(new FeeRate(100));
        rolling.Evicted(new FeeRate(9_900), 1_000);
        Assert.Equal(10_000, rolling.At(1_000, 100, 100).GrainsPerKilobyte);
        Assert.Equal(10_000, rolling.At(900_000, 100, 100).GrainsPerKilobyte);
        rolling.BlockConnected(1_000_000);
        Assert.Equal(10_000, rolling.At(1_000_000, 100, 100).GrainsPerKilobyte);
        Assert.InRange(rolling.At(1_000_000 + 43_200, 100, 100).GrainsPerKilobyte, 4_980, 5_010);
        Assert.InRange(rolling.At(1_000_000 + 64_800, 49, 100).GrainsPerKilobyte, 2_480, 2_510);
        Assert.InRange(rolling.At(1_000_000 + 75_600, 24, 100).GrainsPerKilobyte, 1_230, 1_260);
        Assert.Equal(0, rolling.At(1_000_000 + 200_000, 24, 100).GrainsPerKilobyte);
    }

    /// <summary>Rule M-11: asking often or seldom gives the same price.</summary>
    [Fact]
    public void The_rolling_minimum_does_not_depend_on_how_often_it_is_asked()
    {
        RollingMinimum often = new(new FeeRate(100));
        RollingMinimum seldom = new(new FeeRate(100));
        foreach (RollingMinimum rolling in new[] { often, seldom })
        {
            rolling.Evicted(new FeeRate(1_000_000), 0);
            rolling.BlockConnected(0);
        }

        for (long now = 1; now < 100_000; now += 7)
        {
            often.At(now, 100, 100);
        }

        Assert.Equal(seldom.At(100_000, 100, 100), often.At(100_000, 100, 100));
    }

    /// <summary>Rule M-11: an absurd price neither wraps nor stays for ever.</summary>
    [Fact]
    public void The_rolling_minimum_is_bounded()
    {
        RollingMinimum rolling = new(new FeeRate(100));
        rolling.Evicted(new FeeRate(long.MaxValue - 100), 0);
        Assert.True(rolling.At(0, 100, 100).GrainsPerKilobyte > 1_000_000_000);
        rolling.BlockConnected(0);
        Assert.Equal(FeeRate.Zero, rolling.At(long.MaxValue / 2, 100, 100));
        Assert.Equal(FeeRate.Zero, rolling.At(0, 100, 100));
    }

    /// <summary>Rule M-13.</summary>
    [Theory]
    [InlineData(7_199, true)]
    [InlineData(7_200, false)]
    public void A_transaction_waits_two_hours_where_the_operator_says_so(uint seconds, bool waits)
    {
        Transaction parent = bed.Enter(PoolBed.Pass(coins.Dequeue(), 1_000));
        bed.Time.Advance(10);
        Transaction child = bed.Enter(PoolBed.Pass(PoolBed.CoinOf(parent, 0), 1_000));
        bed.Time.Advance(seconds - 10);
        bed.Pool.Expire();
        Assert.Equal((waits, waits), (bed.Pool.Has(parent.Txid), bed.Pool.Has(child.Txid)));
        Assert.Equal(waits ? 0 : 2, bed.Pool.Statistics().Departures[PoolDeparture.Expired]);
    }

    /// <summary>Rule M-13: a job transaction waits from its lock time on.</summary>
    [Theory]
    [InlineData(7_199, true)]
    [InlineData(7_200, false)]
    public void A_job_transaction_waits_two_hours_behind_its_lock_time(uint seconds, bool waits)
    {
        Transaction funding = PoolBed.Spend(
            [coins.Dequeue()], [new TxOutput(Amount.Grain(90_000_000), bed.Deposit())]);
        bed.Mine(funding);
        uint due = bed.Time.UnixSeconds + 100_000;
        Transaction offer = bed.Enter(PoolBed.Job(PoolBed.CoinOf(funding, 0), PoolBed.JobOf(1), due, 1_000));
        bed.Time.AdvanceTo(due + seconds);
        bed.Accept(PoolBed.Pass(coins.Dequeue(), 1_000));
        Assert.Equal(waits, bed.Pool.Has(offer.Txid));
    }

    [Theory]
    [InlineData("RelayFeeGrainsPerKilobyte", 0)]
    [InlineData("RelayFeeGrainsPerKilobyte", 1_000_001)]
    [InlineData("MempoolMegabytes", 0)]
    [InlineData("MempoolExpiryHours", 0)]
    public void A_setting_out_of_range_is_named(string name, int value)
    {
        ChainOptions options = name switch
        {
            "RelayFeeGrainsPerKilobyte" => new ChainOptions { RelayFeeGrainsPerKilobyte = value },
            "MempoolMegabytes" => new ChainOptions { MempoolMegabytes = value },
            _ => new ChainOptions { MempoolExpiryHours = value },
        };
        string message = Assert.Throws<InvalidOperationException>(() => PoolPolicy.From(options)).Message;
        Assert.Contains($"Chain:{name}", message, StringComparison.Ordinal);
    }

    private void Fill(int count = 40)
    {
        for (int i = 0; i < count; i++)
        {
            bed.Accept(Large(20_000 + (1_000 * i)));
        }
    }

    /// <summary>About 28,000 bytes of memory and 3,600 bytes of block.</summary>
    private Transaction Large(long fee)
    {
        TestCoin coin = coins.Dequeue();
        return PoolBed.Spend(
            [coin], [.. Enumerable.Repeat(10_000L, 100), coin.Output.Value.Grains - 1_000_000 - fee]);
    }
}
