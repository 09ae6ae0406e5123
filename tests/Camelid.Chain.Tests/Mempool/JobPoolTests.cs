using Camelid.Chain.Mempool;
using Camelid.Protocol;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Tests.Mempool;

/// <summary>Rules M-09, M-10 and M-12: job transactions beside ordinary ones, and the attacks on them.</summary>
public sealed class JobPoolTests : IAsyncLifetime
{
    private static readonly JobId Job = PoolBed.JobOf(1);

    private PoolBed bed = null!;
    private Queue<TestCoin> coins = null!;
    private TestCoin deposit = null!;

    private uint Now => bed.Time.UnixSeconds;

    public async ValueTask InitializeAsync()
    {
        (bed, coins) = await PoolBed.OpenAsync(90, "Chain:MempoolMegabytes=1");
        deposit = Deposits(1)[0];
    }

    public ValueTask DisposeAsync() => bed.DisposeAsync();

    /// <summary>Rules E-31 and M-09, as a table: what waits, what comes, and whether it takes the place.</summary>
    [Theory]
    [InlineData("offer+100:500", "pay+10:500", RuleCode.Accepted)]
    [InlineData("offer+100:500", "pay+10:499", RuleCode.FeeTooLow)]
    [InlineData("offer+100:500", "offer+0:500", RuleCode.Accepted)]
    [InlineData("offer+100:500", "offer+0:499", RuleCode.FeeTooLow)]
    [InlineData("offer+100:500", "offer+99:500", RuleCode.FeeTooLow)]
    [InlineData("offer+100:500", "offer+99:600", RuleCode.Accepted)]
    [InlineData("offer+100:500", "offer+101:9000", RuleCode.Conflict)]
    [InlineData("offer+100:500", "offer+100:9000", RuleCode.Conflict)]
    [InlineData("offer+0:500", "offer-1:500", RuleCode.FeeTooLow)]
    [InlineData("offer+0:500", "offer-1:600", RuleCode.Accepted)]
    [InlineData("offer+0:500", "pay+10:500", RuleCode.Accepted)]
    [InlineData("pay+10:500", "offer+0:9000", RuleCode.Conflict)]
    [InlineData("pay+10:500", "offer+100:9000", RuleCode.Conflict)]
    [InlineData("pay+10:500", "pay+10:501", RuleCode.FeeTooLow)]
    [InlineData("pay+10:500", "pay+10:600", RuleCode.Accepted)]
    [InlineData("pay+10:500", "pay+9:600", RuleCode.Conflict)]
    [InlineData("pay+10:500", "less+10:900", RuleCode.Conflict)]
    [InlineData("pay+10:500", "other+10:900", RuleCode.DepositInUse)]
    [InlineData("offer+100:500", "other+10:900", RuleCode.DepositInUse)]
    public void Of_one_job_a_higher_rank_replaces_a_lower_one(string waits, string comes, RuleCode expected)
    {
        bed.Enter(Make(waits));
        Assert.Equal(expected, bed.Accept(Make(comes)).Code);
        Assert.Equal(1, bed.Pool.Count);
    }

    /// <summary>Rule M-09, job spam: the network carries at most three of a deposit for one fee.</summary>
    [Fact]
    public void A_client_can_not_make_the_network_carry_one_rotation_after_the_other_for_nothing()
    {
        bed.Enter(Make("offer+500:500"));
        int carried = 0;
        for (int i = 0; i < 50; i++)
        {
            carried += bed.Accept(Make($"offer-{i}:500")).IsNew ? 1 : 0;
            carried += bed.Accept(Make($"offer+{499 - i}:500")).IsNew ? 1 : 0;
        }

        Assert.Equal(1, carried);
    }

    /// <summary>Payment pinning: nothing can hang on a payment, so nothing can make its replacement dear.</summary>
    [Fact]
    public void Nothing_spends_an_unconfirmed_job_transaction()
    {
        Transaction payment = bed.Enter(Make("pay+10:500"));
        Transaction claim = PoolBed.Redeem(PoolBed.CoinOf(payment, 0), 200);
        Assert.Equal(RuleCode.SpendsUnconfirmedJob, bed.Accept(claim).Code);
        Transaction again = PoolBed.Job(PoolBed.CoinOf(payment, 1), PoolBed.JobOf(2), Now + 100, 500);
        Assert.Equal(RuleCode.SpendsUnconfirmedJob, bed.Accept(again).Code);
        bed.Time.Advance(10);
        bed.Mine(payment);
        bed.Enter(claim);
        bed.Enter(again);
    }

    /// <summary>Rule E-07: a deposit that is itself unconfirmed carries no job.</summary>
    [Fact]
    public void A_job_on_an_unconfirmed_deposit_does_not_wait()
    {
        Transaction funding = bed.Enter(PoolBed.Spend(
            [coins.Dequeue()], [new TxOutput(Amount.Grain(50_000_000), bed.Deposit())]));
        Transaction offer = PoolBed.Job(PoolBed.CoinOf(funding, 0), Job, Now + 100, 500);
        Assert.Equal(RuleCode.JobDepositUnconfirmed, bed.Accept(offer).Code);
    }

    /// <summary>J0 mined before J1: the payment lost its deposit and leaves; the change is a free one.</summary>
    [Fact]
    public void An_offer_that_a_block_holds_makes_the_payment_leave()
    {
        Transaction offer = Make("offer+20:500");
        Transaction payment = bed.Enter(Make("pay+10:500"));
        bed.Time.Advance(20);
        bed.Mine(offer);
        Assert.False(bed.Pool.Has(payment.Txid));
        Assert.Equal(RuleCode.MissingInput, bed.Accept(payment).Code);
        bed.Enter(PoolBed.Job(PoolBed.CoinOf(offer, 0), PoolBed.JobOf(2), Now + 100, 500));
    }

    /// <summary>Two jobs on one deposit: the block decides, and the other one leaves.</summary>
    [Fact]
    public void A_second_job_on_the_deposit_in_a_block_makes_the_first_leave()
    {
        bed.Enter(Make("pay+10:500"));
        Transaction thief = Make("other+10:500");
        Assert.Equal(RuleCode.DepositInUse, bed.Accept(thief).Code);
        bed.Time.Advance(10);
        bed.Mine(thief);
        Assert.Equal(0, bed.Pool.Count);
    }

    /// <summary>Rule M-17: E-05 is looked at for each block.</summary>
    [Theory]
    [InlineData(9, 0)]
    [InlineData(10, 1)]
    [InlineData(11, 1)]
    public void A_payment_is_selected_from_its_lock_time_on(uint later, int expected)
    {
        bed.Enter(Make("pay+10:500"));
        Assert.Equal(expected, bed.Pool.Select(Now + later).Count);
    }

    /// <summary>Rule M-12, job spam: ordinary transactions of any price push no job transaction out.</summary>
    [Fact]
    public void A_flood_of_dear_ordinary_transactions_leaves_offers_payments_and_claims_alone()
    {
        List<TestCoin> deposits = Deposits(3);
        Transaction offer = bed.Enter(PoolBed.Job(deposits[0], Job, Now + 100, 200));
        Transaction payment = bed.Enter(PoolBed.Job(
            deposits[1], PoolBed.JobOf(2), Now + 10, 200, PoolBed.Payment(1_000_000, Now + 10)));
        Transaction paid = PoolBed.Job(
            deposits[2], PoolBed.JobOf(3), Now, 200, PoolBed.Payment(1_000_000, Now));
        bed.Mine(paid);
        Transaction claim = bed.Enter(PoolBed.Redeem(PoolBed.CoinOf(paid, 0), 200));
        Transaction cheap = bed.Enter(PoolBed.Pass(coins.Dequeue(), 300));
        Flood(1_000_000, 1_400_000);
        Assert.True(bed.Pool.Statistics().Departures[PoolDeparture.Evicted] > 0);
        Assert.All([offer, payment, claim], job => Assert.True(bed.Pool.Has(job.Txid)));
        Assert.False(bed.Pool.Has(cheap.Txid));
        Assert.True(bed.Pool.MinimumRate > bed.Pool.Policy.RelayRate);

        // New ones come in at the old price, though an ordinary one would be refused.
        Assert.Equal(RuleCode.FeeTooLow, bed.Accept(PoolBed.Pass(coins.Dequeue(), 300)).Code);
        bed.Enter(Make("pay+10:200"));
    }

    /// <summary>Rule M-12: of guarded ones too many, offers leave before payments, the cheapest first.</summary>
    [Fact]
    public void Job_spam_pushes_out_offers_of_the_lowest_price_and_no_payment()
    {
        List<TestCoin> deposits = Deposits(130);
        Transaction payment = bed.Enter(Make("pay+10:200"));
        List<Transaction> spam = [.. deposits.Select((coin, i) =>
            bed.Enter(PoolBed.Job(coin, PoolBed.JobOf(10 + i), Now + 100, 1_000 + (50 * i))))];
        Assert.InRange(bed.Pool.Statistics().MemoryBytes, 260_000, 300_000);
        Flood(1_200_000, 1_400_000);
        bool[] stayed = [.. spam.Select(offer => bed.Pool.Has(offer.Txid))];
        Assert.InRange(stayed.Count(stays => stays), 110, 125);
        Assert.Equal(stayed.Order(), stayed);
        Assert.True(bed.Pool.Has(payment.Txid));
    }

    private List<TestCoin> Deposits(int count)
    {
        TxOutput one = new(Amount.Grain(90_000_000 / count), bed.Deposit());
        Transaction funding = PoolBed.Spend([coins.Dequeue()], [.. Enumerable.Repeat(one, count)]);
        bed.Mine(funding);
        return [.. Enumerable.Range(0, count).Select(index => PoolBed.CoinOf(funding, index))];
    }

    /// <summary>Transactions of this fee until so much memory was asked for.</summary>
    private void Flood(long fee, long memoryBytes)
    {
        for (long asked = 0; asked < memoryBytes;)
        {
            TestCoin coin = coins.Dequeue();
            Transaction large = PoolBed.Spend(
                [coin], [.. Enumerable.Repeat(10_000L, 100), coin.Output.Value.Grains - 1_000_000 - fee]);
            Assert.True(bed.Accept(large).Code is RuleCode.Accepted or RuleCode.MempoolFull);
            asked += PoolPolicy.MemoryOf(large);
            fee += 1_000;
        }
    }

    /// <summary>
    /// <c>kind±seconds:fee</c>: offer, pay, less (a smaller payment) or other (another job) due so far from now.
    /// </summary>
    private Transaction Make(string text)
    {
        string[] parts = text.Split('+', '-', ':');
        uint apart = uint.Parse(parts[1]);
        uint due = text.Contains('-', StringComparison.Ordinal) ? Now - apart : Now + apart;
        long fee = long.Parse(parts[2]);
        TxOutput[] payments = parts[0] switch
        {
            "offer" => [],
            "less" => [PoolBed.Payment(900_000, due)],
            _ => [PoolBed.Payment(1_000_000, due)],
        };
        return PoolBed.Job(deposit, parts[0] == "other" ? PoolBed.JobOf(9) : Job, due, fee, payments);
    }
}
