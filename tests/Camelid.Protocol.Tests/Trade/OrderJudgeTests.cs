using Camelid.Protocol.Jobs;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Tests.Jobs;
using Camelid.Protocol.Trade;
using Camelid.Protocol.Transactions;

namespace Camelid.Protocol.Tests.Trade;

/// <summary>Rules J-21, E-39 and E-40: what a worker takes, what it is paid with, and where k is read.</summary>
public sealed class OrderJudgeTests
{
    private static readonly JobOrder Order = TradeSamples.Order;
    private static readonly WorkerTerms Terms = TradeSamples.Terms;
    private static readonly JobParameters Job = TradeSamples.Job;

    private static readonly Dictionary<string, (JobOrder Order, WorkerTerms Terms, OrderCode Code)> Orders = new()
    {
        ["good"] = (Order, Terms, OrderCode.Accepted),
        ["signed by nobody"] = (Order with { Signature = [1] }, Terms, OrderCode.AssignmentSignature),
        ["another nonce"] = (Order with { Nonce = SampleJobs.HashOf("n") }, Terms, OrderCode.AssignmentSignature),
        ["assigned to another stake"] =
            (Order, Terms with { Stake = TradeSamples.VerifierStake }, OrderCode.AssignmentSignature),
        ["of another network"] =
            (Order, Terms with { Genesis = SampleJobs.HashOf("other") }, OrderCode.AssignmentSignature),
        ["of another job"] =
            (Order with { Parameters = Job with { MaxTokens = 17 } }, Terms, OrderCode.AssignmentSignature),
        ["one second before the deadline"] = (Order, Terms with { Now = Job.Deadline - 1 }, OrderCode.Accepted),
        ["at the deadline"] = (Order, Terms with { Now = Job.Deadline }, OrderCode.Times),
        ["as far ahead as may be"] = (Order, Terms with { Now = Job.Created - 120 }, OrderCode.Accepted),
        ["further ahead"] = (Order, Terms with { Now = Job.Created - 121 }, OrderCode.Times),
        ["a stake as old as the job"] = (Order, Terms with { StakeTime = Job.Created }, OrderCode.Accepted),
        ["a younger stake"] = (Order, Terms with { StakeTime = Job.Created + 1 }, OrderCode.StakeTooYoung),
        ["no such model"] =
            (Order, Terms with { Models = new Dictionary<Hash256, Hash256>() }, OrderCode.ModelUnknown),
        ["the price asked"] = (Order, Terms with { PriceGrainsPerToken = 100 }, OrderCode.Accepted),
        ["a grain too little"] = (Order, Terms with { PriceGrainsPerToken = 101 }, OrderCode.PriceTooLow),
        ["a slash that covers twice the reward"] = (Order, Terms with { SlashGrains = 3_800 }, OrderCode.Accepted),
        ["a grain less"] = (Order, Terms with { SlashGrains = 3_799 }, OrderCode.RewardTooLarge),
        ["a class that the client can check"] = (Classed("class"), Terms, OrderCode.Accepted),
        ["none that it can check"] = (Classed("another class"), Terms, OrderCode.NumericsClass),
    };

    private static readonly Dictionary<string, (Transaction Transaction, PaymentFinding Finding)> Payments = new()
    {
        ["good"] = (TradeSamples.Payment(), PaymentFinding.Good),
        ["a later refund"] =
            (TradeSamples.Payment(script => script with { RefundTime = script.RefundTime + 1 }), PaymentFinding.Good),
        ["more than due"] = (TradeSamples.Payment(grains: 801), PaymentFinding.Good),
        ["less than due"] = (TradeSamples.Payment(grains: 799), PaymentFinding.TooLittle),
        ["an earlier refund"] = (TradeSamples.Payment(script => script with { RefundTime = script.RefundTime - 1 }),
            PaymentFinding.RefundTooEarly),
        ["another lock time"] = (TradeSamples.Payment(lockTime: Job.Created + 11), PaymentFinding.LockTime),
        ["another worker"] =
            (TradeSamples.Payment(script => script with { Worker = Job.ClientKey }), PaymentFinding.Parties),
        ["another h(k)"] =
            (TradeSamples.Payment(script => script with { KeyHash = Hash160.Of([1]) }), PaymentFinding.Parties),
        ["another client"] = (TradeSamples.Payment(script => script with { Client = SampleJobs.Key }),
            PaymentFinding.Parties),
        ["another testament"] = (TradeSamples.Payment(
            script => script with { TestamentHash = SampleJobs.HashOf("other") }), PaymentFinding.Other),
        ["another job"] =
            (TradeSamples.Payment(jobId: new JobId(SampleJobs.HashOf("other"))), PaymentFinding.Other),
    };

    public static TheoryData<string> OrderNames => [.. Orders.Keys];

    public static TheoryData<string> PaymentNames => [.. Payments.Keys];

    [Theory]
    [Trait("Rule", "J-21")]
    [MemberData(nameof(OrderNames))]
    public void A_worker_takes_what_is_signed_timely_paid_and_computable(string name) =>
        Assert.Equal(Orders[name].Code, OrderJudge.Judge(Orders[name].Order, Orders[name].Terms, TradeSamples.Curve));

    [Theory]
    [Trait("Rule", "E-39")]
    [MemberData(nameof(PaymentNames))]
    public void A_worker_shows_k_for_the_promised_payment_alone(string name) =>
        Assert.Equal(Payments[name].Finding, PaymentJudge.Judge(
            Payments[name].Transaction, Job, TradeSamples.Testament,
            TradeSamples.Curve.PublicKeyOf(TradeSamples.Worker), TradeSamples.Window));

    /// <summary>Rule E-40: k is what the input that spends the payment publishes, and hashes to h(k).</summary>
    [Fact]
    [Trait("Rule", "E-40")]
    public void The_key_is_read_from_the_claim_of_this_payment_alone()
    {
        OutPoint payment = new(TradeSamples.Payment().Txid, 0);
        byte[] key = TradeSamples.Key.ToBytes();
        Hash160 keyHash = TradeSamples.Testament.KeyHash;
        Transaction claim = Spend(payment, PaymentScript.UnlockClaim([1], key));
        Assert.True(PaymentJudge.TryReadKey(claim, payment, keyHash, out byte[] read));
        Assert.Equal(key, read);
        Assert.False(PaymentJudge.TryReadKey(claim, payment with { Index = 1 }, keyHash, out _));
        Assert.False(PaymentJudge.TryReadKey(claim, payment, Hash160.Of([1]), out _));
        Assert.False(PaymentJudge.TryReadKey(
            Spend(payment, PaymentScript.UnlockRefund([1])), payment, keyHash, out byte[] nothing));
        Assert.Empty(nothing);
    }

    private static JobOrder Classed(string name) => TradeSamples.Signed(Order with
    {
        Parameters = Job with { NumericsClasses = [SampleJobs.HashOf(name)] },
    });

    private static Transaction Spend(OutPoint payment, Script unlock) => Transaction.Create(
        2, [new TxInput(payment, unlock, TxInput.SequenceLocked)],
        [new TxOutput(Amount.Grain(1), Script.Empty)], 0, Job.Id);
}
