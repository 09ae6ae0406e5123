using Camelid.Chain.Blocks;
using Camelid.Chain.Keys;
using Camelid.Protocol;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Signing;

/// <summary>An output that is to be spent.</summary>
/// <param name="OutPoint">Where it is.</param>
/// <param name="Output">What it is.</param>
internal sealed record Coin(OutPoint OutPoint, TxOutput Output);

/// <summary>Builds and signs the transactions of a job's escrow. Decides nothing.</summary>
internal sealed class JobTransactions(ChainIdentity identity)
{
    private const int Version = 2;

    private RoleKey Client => identity.Keys[KeyRole.Client];

    private RoleKey Worker => identity.Keys[KeyRole.Worker];

    /// <summary>Rule E-33: the offer J0 and its closing: the deposit again, less the fee.</summary>
    /// <param name="jobId">The job.</param>
    /// <param name="deposit">The deposit.</param>
    /// <param name="feeGrains">The fee.</param>
    /// <param name="lockTime">deadline + W for the offer; now for its closing.</param>
    public Transaction Rotate(JobId jobId, Coin deposit, long feeGrains, uint lockTime) =>
        SpendDeposit(jobId, deposit, lockTime, [Again(deposit, feeGrains)]);

    /// <summary>Rule E-34: the payment J1: the payment, then the deposit again, less payment and fee.</summary>
    public Transaction Pay(JobParameters job, EscrowSchedule schedule, Coin deposit, TxOutput payment) =>
        SpendDeposit(
            job.Id, deposit, schedule.PaymentLockTime,
            [payment, Again(deposit, payment.Value.Grains + (long)job.FeeGrains)]);

    /// <summary>The worker's claim, which publishes k.</summary>
    /// <param name="jobId">The job.</param>
    /// <param name="payment">The payment.</param>
    /// <param name="key">k, 32 bytes.</param>
    /// <param name="feeGrains">The fee.</param>
    public Transaction Claim(JobId jobId, Coin payment, ReadOnlySpan<byte> key, long feeGrains)
    {
        Transaction unsigned = SpendPayment(jobId, payment, Worker, feeGrains, 0);
        byte[] signature = SignatureHash.Sign(unsigned, 0, payment.Output.Script, Worker.Private, identity.Curve);
        return unsigned.WithScript(0, PaymentScript.UnlockClaim(signature, key));
    }

    /// <summary>The client's refund after T_r.</summary>
    public Transaction Refund(JobId jobId, Coin payment, uint refundTime, long feeGrains)
    {
        Transaction unsigned = SpendPayment(jobId, payment, Client, feeGrains, refundTime);
        byte[] signature = SignatureHash.Sign(unsigned, 0, payment.Output.Script, Client.Private, identity.Curve);
        return unsigned.WithScript(0, PaymentScript.UnlockRefund(signature));
    }

    private static TxOutput Again(Coin deposit, long lessGrains) =>
        deposit.Output with { Value = Amount.Grain(deposit.Output.Value.Grains - lessGrains) };

    private static Transaction SpendPayment(JobId jobId, Coin payment, RoleKey payee, long feeGrains, uint lockTime) =>
        Transaction.Create(
            Version,
            [new TxInput(payment.OutPoint, Script.Empty, TxInput.SequenceLocked)],
            [new TxOutput(Amount.Grain(payment.Output.Value.Grains - feeGrains), payee.Address.ToScript())],
            lockTime,
            jobId);

    private Transaction SpendDeposit(JobId jobId, Coin deposit, uint lockTime, TxOutput[] outputs)
    {
        Transaction unsigned = Transaction.Create(
            Version, [new TxInput(deposit.OutPoint, Script.Empty, TxInput.SequenceLocked)], outputs, lockTime, jobId);
        byte[] signature = SignatureHash.Sign(unsigned, 0, deposit.Output.Script, Client.Private, identity.Curve);
        return unsigned.WithScript(0, DepositScript.UnlockJob(signature));
    }
}
