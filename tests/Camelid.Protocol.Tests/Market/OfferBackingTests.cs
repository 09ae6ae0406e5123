using Camelid.Protocol.Jobs;
using Camelid.Protocol.Market;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Tests.Jobs;
using Camelid.Protocol.Tests.Transactions;
using Camelid.Protocol.Transactions;

namespace Camelid.Protocol.Tests.Market;

/// <summary>Rule J-16: which J0 is money behind an offer.</summary>
public sealed class OfferBackingTests
{
    private static uint Window => MarketSamples.Network.WindowSeconds;

    [Fact]
    [Trait("Rule", "J-16")]
    public void A_rotation_of_the_clients_deposit_due_at_the_deadline_backs_the_offer() =>
        Assert.Equal(RuleCode.Accepted, Check(MarketSamples.Backing()));

    /// <summary>Twice the reward of 19 tokens at 100 grains, twice the fee of 1,000.</summary>
    [Theory]
    [InlineData(5_800, RuleCode.Accepted)]
    [InlineData(5_799, RuleCode.OfferMoney)]
    [InlineData(0, RuleCode.OfferMoney)]
    [Trait("Rule", "J-16")]
    public void The_deposit_holds_twice_the_reward_and_twice_the_fee(long grains, RuleCode expected) =>
        Assert.Equal(expected, Check(MarketSamples.Backing(), MarketSamples.Deposit(grains)));

    [Theory]
    [InlineData(0, RuleCode.Accepted)]
    [InlineData(-1, RuleCode.OfferLockTime)]
    [InlineData(1, RuleCode.OfferLockTime)]
    [Trait("Rule", "J-16")]
    public void It_is_due_one_window_after_the_deadline(int laterSeconds, RuleCode expected) => Assert.Equal(
        expected,
        Check(MarketSamples.Backing(lockTime: (uint)(MarketSamples.Job.Deadline + Window + laterSeconds))));

    [Fact]
    [Trait("Rule", "J-16")]
    public void Money_for_another_job_is_none() => Assert.Equal(
        RuleCode.OfferOtherJob, Check(MarketSamples.Backing(new JobId(SampleJobs.HashOf("another")))));

    [Fact]
    [Trait("Rule", "J-16")]
    public void Another_transaction_is_no_money()
    {
        JobOffer offer = MarketSamples.Offer();
        Transaction other = MarketSamples.Backing(lockTime: 7);
        Assert.Equal(
            RuleCode.OfferTransactionUnknown, OfferBacking.Check(offer, other, MarketSamples.Deposit(), Window));
    }

    [Fact]
    [Trait("Rule", "J-16")]
    public void Neither_anothers_deposit_nor_an_output_elsewhere_backs_it()
    {
        Script others = MarketSamples.DepositOf(Samples.Key(9));
        TxOutput foreign = new(Amount.Grain(MarketSamples.DepositGrains), others);
        Assert.Equal(RuleCode.OfferDeposit, Check(MarketSamples.Backing(output: others), foreign));
        Assert.Equal(RuleCode.OfferDeposit, Check(MarketSamples.Backing(output: others)));
        Assert.Equal(RuleCode.OfferDeposit, Check(MarketSamples.Backing(), foreign));
        TxOutput plain = new(Amount.Grain(MarketSamples.DepositGrains), Samples.P2pkh(MarketSamples.Client));
        Assert.Equal(RuleCode.OfferDeposit, Check(MarketSamples.Backing(), plain));
    }

    private static RuleCode Check(Transaction backing, TxOutput? spent = null) =>
        OfferBacking.Check(MarketSamples.Offer(backing), backing, spent ?? MarketSamples.Deposit(), Window);
}
