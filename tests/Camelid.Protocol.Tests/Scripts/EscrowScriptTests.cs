using Camelid.Protocol.Keys;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Tests.Transactions;
using Camelid.Protocol.Transactions;

namespace Camelid.Protocol.Tests.Scripts;

/// <summary>Rules E-01, E-02, E-03 and E-10: each branch of the three scripts, by its owner and by others.</summary>
public sealed class EscrowScriptTests
{
    private const uint Time = ScriptFixture.Now - 1000;
    private static readonly byte[] Secret = Hashes.Sha256("k"u8).ToBytes();
    private static readonly PublicKey ClientKey = Samples.Public(Samples.Client);
    private static readonly PublicKey WorkerKey = Samples.Public(Samples.Worker);

    private static readonly PaymentScript Payment = new(
        Hashes.Sha256("testament"u8), Hashes.Hash160(Secret), WorkerKey, Time, ClientKey);

    [Fact]
    [Trait("Rule", "E-02")]
    public void The_worker_claims_with_the_secret()
    {
        ScriptFixture spend = new() { Locking = Payment.Build() };
        Script claim = PaymentScript.UnlockClaim(spend.Sign(Samples.Worker), Secret);
        Assert.Equal(RuleCode.Accepted, spend.Code(claim));
        Assert.True(PaymentScript.TryReadSecret(claim, out byte[] secret));
        Assert.Equal(Secret, secret);
    }

    [Fact]
    [Trait("Rule", "E-02")]
    public void Nobody_claims_without_the_secret_or_the_workers_key()
    {
        ScriptFixture spend = new() { Locking = Payment.Build() };
        byte[] signature = spend.Sign(Samples.Worker);
        byte[] wrong = Hashes.Sha256("other"u8).ToBytes();
        Assert.Equal(RuleCode.ScriptVerifyFailed, spend.Code(PaymentScript.UnlockClaim(signature, wrong)));
        Script tooShort = PaymentScript.UnlockClaim(signature, Secret.AsSpan(0, 31));
        Assert.Equal(RuleCode.ScriptVerifyFailed, spend.Code(tooShort));
        Assert.Equal(
            RuleCode.ScriptSignature, spend.Code(PaymentScript.UnlockClaim(spend.Sign(Samples.Client), Secret)));
        Assert.Equal(RuleCode.ScriptFalse, spend.Code(PaymentScript.UnlockClaim([], Secret)));
        Assert.False(PaymentScript.TryReadSecret(PaymentScript.UnlockRefund(signature), out _));
    }

    [Theory]
    [Trait("Rule", "E-02")]
    [InlineData(Time, RuleCode.Accepted)]
    [InlineData(Time + 1, RuleCode.Accepted)]
    [InlineData(Time - 1, RuleCode.ScriptLockTime)]
    [InlineData(0u, RuleCode.ScriptLockTime)]
    public void The_client_has_it_back_at_the_refund_time(uint lockTime, RuleCode expected)
    {
        ScriptFixture spend = new() { Locking = Payment.Build(), LockTime = lockTime };
        Assert.Equal(expected, spend.Code(PaymentScript.UnlockRefund(spend.Sign(Samples.Client))));
        RuleCode byWorker = spend.Code(PaymentScript.UnlockRefund(spend.Sign(Samples.Worker)));
        Assert.Equal(expected == RuleCode.Accepted ? RuleCode.ScriptSignature : expected, byWorker);
    }

    [Fact]
    [Trait("Rule", "C-08")]
    public void A_malleated_selector_is_refused()
    {
        ScriptFixture spend = new() { Locking = Payment.Build() };
        byte[] signature = spend.Sign(Samples.Worker);
        byte[][] selectors = [[2], [1, 0], [0xff], [0x81]];
        foreach (byte[] selector in selectors)
        {
            Script unlock = new ScriptBuilder().Push(signature).Push(Secret).Push(selector).ToScript();
            Assert.Equal(RuleCode.ScriptSelectorNotMinimal, spend.Code(unlock));
        }

        Script longForm = new([.. new ScriptBuilder().Push(signature).Push(Secret).ToScript().Span, 0x01, 0x01]);
        Assert.Equal(RuleCode.ScriptNotMinimal, spend.Code(longForm));
    }

    [Theory]
    [Trait("Rule", "E-01")]
    [InlineData(Time, RuleCode.Accepted)]
    [InlineData(Time - 1, RuleCode.ScriptLockTime)]
    public void An_expired_deposit_goes_back_to_the_client_alone(uint lockTime, RuleCode expected)
    {
        ScriptFixture spend = new() { Locking = new DepositScript(Time, ClientKey).Build(), LockTime = lockTime };
        ScriptOutcome outcome = spend.Run(DepositScript.UnlockExpired(spend.Sign(Samples.Client)));
        Assert.Equal(new ScriptOutcome(expected, false), outcome);
        Assert.NotEqual(RuleCode.Accepted, spend.Code(DepositScript.UnlockExpired(spend.Sign(Samples.Worker))));
    }

    [Theory]
    [Trait("Rule", "E-03")]
    [InlineData(Time, RuleCode.Accepted)]
    [InlineData(Time - 1, RuleCode.ScriptLockTime)]
    public void A_stake_goes_back_to_the_worker_at_its_release(uint lockTime, RuleCode expected)
    {
        ScriptFixture spend = new() { Locking = new StakeScript(Time, WorkerKey).Build(), LockTime = lockTime };
        Assert.Equal(expected, spend.Code(StakeScript.UnlockOwner(spend.Sign(Samples.Worker))));
        Assert.NotEqual(RuleCode.Accepted, spend.Code(StakeScript.UnlockOwner(spend.Sign(Samples.Client))));
    }

    [Fact]
    [Trait("Rule", "E-10")]
    public void A_stake_is_taken_only_by_a_verdict_in_chain_state()
    {
        ScriptFixture spend = new() { Locking = new StakeScript(Time, WorkerKey).Build(), JobId = Samples.Job };
        Assert.Equal(RuleCode.NoVerdict, spend.Code(StakeScript.UnlockVerdict()));
        ScriptFixture judged = spend with { Block = spend.Block with { Verdicts = new OneVerdict(spend.Unsigned) } };
        Assert.Equal(RuleCode.Accepted, judged.Code(StakeScript.UnlockVerdict()));
        ScriptFixture otherJob = judged with { JobId = default };
        Assert.Equal(RuleCode.NoVerdict, otherJob.Code(StakeScript.UnlockVerdict()));
    }

    [Fact]
    public void Templates_read_back_and_refuse_every_changed_byte_that_matters()
    {
        Script deposit = new DepositScript(Time, ClientKey).Build();
        Script payment = Payment.Build();
        Script stake = new StakeScript(Time, WorkerKey).Build();
        Script pkh = Samples.P2pkh(Samples.Client);
        Assert.True(DepositScript.TryParse(deposit, out DepositScript d) && d.Build() == deposit);
        Assert.True(PaymentScript.TryParse(payment, out PaymentScript p) && p == Payment);
        Assert.True(StakeScript.TryParse(stake, out StakeScript s) && s.Build() == stake);
        Assert.True(P2pkhScript.TryParse(pkh, out P2pkhScript k) && k.Build() == pkh);
        foreach (Script script in (Script[])[deposit, payment, stake, pkh])
        {
            for (int at = 0; at < script.Length; at++)
            {
                byte[] bytes = script.Span.ToArray();
                bytes[at] ^= 0x04;
                AssertCanonical(new Script(bytes));
                AssertCanonical(new Script(bytes.AsSpan(0, at)));
            }

            AssertCanonical(new Script([.. script.Span, 0x61]));
            Assert.Equal(1, Recognised(script));
            Assert.Equal(0, Recognised(new Script([.. script.Span, 0x61])));
        }
    }

    [Fact]
    public void A_lock_time_that_is_a_height_is_no_time()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new DepositScript(499_999_999, ClientKey).Build());
        Assert.Throws<ArgumentOutOfRangeException>(() => (Payment with { RefundTime = 1 }).Build());
        Assert.Throws<ArgumentOutOfRangeException>(() => new StakeScript(0, WorkerKey).Build());
        Assert.NotEqual(default, new DepositScript(500_000_000, ClientKey).Build());
    }

    private static int Recognised(Script script) =>
        (DepositScript.TryParse(script, out _) ? 1 : 0) + (PaymentScript.TryParse(script, out _) ? 1 : 0)
        + (StakeScript.TryParse(script, out _) ? 1 : 0) + (P2pkhScript.TryParse(script, out _) ? 1 : 0);

    private static void AssertCanonical(Script script)
    {
        Assert.True(!DepositScript.TryParse(script, out DepositScript d) || d.Build() == script);
        Assert.True(!PaymentScript.TryParse(script, out PaymentScript p) || p.Build() == script);
        Assert.True(!StakeScript.TryParse(script, out StakeScript s) || s.Build() == script);
        Assert.True(!P2pkhScript.TryParse(script, out P2pkhScript k) || k.Build() == script);
    }

    private sealed class OneVerdict(Transaction permitted) : IVerdictView
    {
        public bool Permits(Transaction transaction, OutPoint stake, TxOutput spent) =>
            transaction.JobId == permitted.JobId && stake == permitted.Inputs[0].Previous;
    }
}
