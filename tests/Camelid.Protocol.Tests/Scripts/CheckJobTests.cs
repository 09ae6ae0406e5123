using Camelid.Protocol.Keys;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Tests.Transactions;
using Camelid.Protocol.Transactions;

namespace Camelid.Protocol.Tests.Scripts;

/// <summary>Rules E-04 … E-09: CHECKJOB's conditions, broken one by one.</summary>
public sealed class CheckJobTests
{
    private const uint LockTime = ScriptFixture.Now - 100;
    private static readonly PublicKey ClientKey = Samples.Public(Samples.Client);

    private static readonly DepositScript Deposit = new(ScriptFixture.Now + 10_000, ClientKey);

    private static readonly PaymentScript Payment = new(
        Hashes.Sha256("testament"u8),
        Hashes.Hash160(new byte[32]),
        Samples.Public(Samples.Worker),
        LockTime + (CheckJob.RefundWindowsMin * Network.Regtest.WindowSeconds),
        ClientKey);

    private static readonly ScriptFixture Good = new()
    {
        Locking = Deposit.Build(),
        LockTime = LockTime,
        JobId = Samples.Job,
        Outputs = Outputs(ScriptFixture.SpentGrains / 2, 1000),
    };

    [Fact]
    public void A_payment_and_an_offer_are_job_transactions()
    {
        Assert.Equal(new ScriptOutcome(RuleCode.Accepted, true), Run(Good));
        ScriptFixture offer = Good with
        {
            Outputs = [new TxOutput(Amount.Grain(ScriptFixture.SpentGrains - 500), Good.Locking)],
        };
        Assert.Equal(new ScriptOutcome(RuleCode.Accepted, true), Run(offer));
    }

    [Fact]
    [Trait("Rule", "E-04")]
    public void A_job_transaction_names_a_job() =>
        Assert.Equal(RuleCode.JobWithoutId, Run(Good with { JobId = default }).Code);

    [Fact]
    [Trait("Rule", "E-04")]
    public void A_job_transaction_has_one_input() =>
        Assert.Equal(RuleCode.JobInputs, Run(Good with { InputCount = 2 }).Code);

    [Theory]
    [Trait("Rule", "E-04")]
    [InlineData(499_999_999u, RuleCode.JobLockTimeKind)]
    [InlineData(0u, RuleCode.JobLockTimeKind)]
    [InlineData(500_000_000u, RuleCode.Accepted)]
    public void The_lock_time_is_a_time(uint lockTime, RuleCode expected) =>
        Assert.Equal(expected, Run(Good with { LockTime = lockTime }).Code);

    [Theory]
    [Trait("Rule", "E-04")]
    [InlineData(TxInput.SequenceFinal, RuleCode.JobSequence)]
    [InlineData(TxInput.SequenceLocked, RuleCode.Accepted)]
    [InlineData(0xfffffffdu, RuleCode.JobSequence)]
    [InlineData(0u, RuleCode.JobSequence)]
    public void The_sequence_is_fffffffe(uint sequence, RuleCode expected) =>
        Assert.Equal(expected, Run(Good with { Sequence = sequence }).Code);

    [Theory]
    [Trait("Rule", "E-05")]
    [InlineData(LockTime - 1, RuleCode.JobTooEarly)]
    [InlineData(LockTime, RuleCode.Accepted)]
    [InlineData(LockTime + 1, RuleCode.Accepted)]
    public void The_block_is_not_older_than_the_lock_time(uint blockTime, RuleCode expected) =>
        Assert.Equal(expected, Run(Good with { Block = Good.Block with { BlockTime = blockTime } }).Code);

    [Theory]
    [Trait("Rule", "E-06")]
    [InlineData(SignatureHashType.All, RuleCode.Accepted)]
    [InlineData(SignatureHashType.NoOutputs, RuleCode.JobHashType)]
    [InlineData(SignatureHashType.Single, RuleCode.JobHashType)]
    [InlineData(SignatureHashType.All | SignatureHashType.AnyoneCanPay, RuleCode.JobHashType)]
    public void The_signature_signs_everything(SignatureHashType type, RuleCode expected) =>
        Assert.Equal(expected, Run(Good with { Type = type }).Code);

    [Fact]
    [Trait("Rule", "E-06")]
    public void A_job_transaction_is_signed()
    {
        Script open = new ScriptBuilder().Op(Opcode.CheckJob).Op(Opcode.One).ToScript();
        ScriptFixture unsigned = Good with
        {
            Locking = open,
            Outputs = [new TxOutput(Amount.Grain(ScriptFixture.SpentGrains), open)],
        };
        Assert.Equal(RuleCode.JobUnsigned, unsigned.Code(Script.Empty));
    }

    [Theory]
    [Trait("Rule", "E-07")]
    [InlineData(99, RuleCode.Accepted)]
    [InlineData(100, RuleCode.JobDepositUnconfirmed)]
    public void The_deposit_is_of_an_earlier_block(int spentHeight, RuleCode expected) =>
        Assert.Equal(expected, Run(Good with { SpentHeight = spentHeight }).Code);

    [Fact]
    [Trait("Rule", "E-08")]
    public void Each_output_is_a_payment_or_the_deposit_again()
    {
        Script[] others =
        [
            Samples.P2pkh(Samples.Client),
            Script.Empty,
            (Deposit with { ExpiryTime = Deposit.ExpiryTime + 1 }).Build(),
            new DepositScript(Deposit.ExpiryTime, Samples.Public(Samples.Worker)).Build(),
            new StakeScript(Deposit.ExpiryTime, ClientKey).Build(),
        ];
        foreach (Script other in others)
        {
            TxOutput[] outputs = [new(Amount.Grain(1), other), new(Amount.Grain(9_99999000), Good.Locking)];
            Assert.Equal(RuleCode.JobOutput, Run(Good with { Outputs = outputs }).Code);
        }
    }

    [Theory]
    [Trait("Rule", "E-08")]
    [InlineData(0, RuleCode.Accepted)]
    [InlineData(1, RuleCode.JobPaymentAboveHalf)]
    public void Payments_are_together_at_most_half(long more, RuleCode expected)
    {
        Assert.Equal(expected, Run(Good with { Outputs = Outputs((ScriptFixture.SpentGrains / 2) + more, 0) }).Code);
        TxOutput[] two =
        [
            new(Amount.Grain(ScriptFixture.SpentGrains / 4), Payment.Build()),
            new(Amount.Grain((ScriptFixture.SpentGrains / 4) + more), Payment.Build()),
            new(Amount.Grain((ScriptFixture.SpentGrains / 2) - more), Good.Locking),
        ];
        Assert.Equal(expected, Run(Good with { Outputs = two }).Code);
    }

    [Theory]
    [Trait("Rule", "E-08")]
    [InlineData(0u, RuleCode.Accepted)]
    [InlineData(1u, RuleCode.JobRefundTooEarly)]
    public void A_refund_is_36_windows_after_the_lock_time(uint earlier, RuleCode expected)
    {
        Script payment = (Payment with { RefundTime = Payment.RefundTime - earlier }).Build();
        TxOutput[] outputs =
            [new(Amount.Grain(1), payment), new(Amount.Grain(ScriptFixture.SpentGrains - 1), Good.Locking)];
        Assert.Equal(expected, Run(Good with { Outputs = outputs }).Code);
    }

    [Theory]
    [Trait("Rule", "E-09")]
    [InlineData(0, RuleCode.Accepted)]
    [InlineData(1, RuleCode.JobFee)]
    public void The_fee_is_at_most_the_networks_cap(long more, RuleCode expected)
    {
        long fee = Network.Regtest.FeeGrainsMax + more;
        Assert.Equal(expected, Run(Good with { Outputs = Outputs(ScriptFixture.SpentGrains / 4, fee) }).Code);
    }

    [Fact]
    public void Only_the_client_signs_a_job_transaction() => Assert.Equal(
        RuleCode.ScriptSignature, Good.Code(DepositScript.UnlockJob(Good.Sign(Samples.Worker))));

    private static ScriptOutcome Run(ScriptFixture spend) =>
        spend.Run(DepositScript.UnlockJob(spend.Sign(Samples.Client)));

    private static TxOutput[] Outputs(long paid, long fee) =>
    [
        new(Amount.Grain(paid), Payment.Build()),
        new(Amount.Grain(ScriptFixture.SpentGrains - paid - fee), Deposit.Build()),
    ];
}
