using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Signing;

/// <summary>The worker's claim. Safe to repeat: the job is the key.</summary>
internal sealed class ClaimSigner(SignerParts parts)
{
    /// <summary>
    /// Rule E-36: publishes k and takes the payment, once J1 is deep enough that it can't vanish, and only while the
    /// refund is far enough away that it can't overtake.
    /// </summary>
    public async Task<JobTransactionRow> ClaimAsync(
        JobId jobId, byte[] key, Testament testament, CancellationToken cancellationToken)
    {
        JobTransactionRow payment = await parts.Store.FindAsync(jobId, JobTransactionKind.Payment, cancellationToken)
            ?? throw SignerParts.Refused("no-payment", $"job {jobId}: no payment is known");
        CheckKey(payment, key, testament);
        JobTransactionRow? claim = await parts.Store.FindAsync(jobId, JobTransactionKind.Claim, cancellationToken);
        if (claim is null)
        {
            await CheckTimesAsync(payment, cancellationToken);
            await AddAsync(payment, key, cancellationToken);
            claim = await parts.Store.FindAsync(jobId, JobTransactionKind.Claim, cancellationToken);
        }

        if (parts.Clock.MayRepeatClaim((uint)payment.RefundTime))
        {
            await parts.Intake.SubmitAsync(claim!.Transaction, cancellationToken);
        }

        return claim!;
    }

    private static void CheckKey(JobTransactionRow payment, byte[] key, Testament testament)
    {
        PaymentScript script = PaymentSigner.ScriptOf(payment);
        if (key.Length != PaymentScript.SecretBytes || Hash160.Of(key) != script.KeyHash)
        {
            throw SignerParts.Bad("key: it is not the 32 bytes whose hash the payment names");
        }

        if (testament.Hash != script.TestamentHash)
        {
            throw SignerParts.Bad("testament: it is not the one that the payment names");
        }
    }

    private async Task CheckTimesAsync(JobTransactionRow payment, CancellationToken cancellationToken)
    {
        Transaction transaction = payment.Transaction;
        uint depth = await parts.DepthAsync(transaction.Txid, cancellationToken);
        int tip = parts.State.Read(reading => reading.Tip.Height);
        uint needed = EscrowSchedule.ClaimDepth(transaction.Outputs[0].Value, Subsidy.At(tip));
        if (depth < needed)
        {
            throw SignerParts.Refused(
                "not-buried",
                $"job {payment.JobId}: its payment is {depth} deep, {needed} are needed before k is shown");
        }

        if (!parts.Clock.MayStartClaim((uint)payment.RefundTime))
        {
            throw SignerParts.Refused(
                "too-late",
                $"job {payment.JobId}: refundable at {payment.RefundTime}, too soon after {parts.Clock.Now}");
        }
    }

    private async Task AddAsync(JobTransactionRow payment, byte[] key, CancellationToken cancellationToken)
    {
        Transaction paid = payment.Transaction;
        OfferRow? offer = await parts.Store.FindOfferAsync(paid.JobId, cancellationToken);
        long fee = Math.Min((long)(offer?.Job.FeeGrains ?? 0), paid.Outputs[0].Value.Grains / 2);
        Transaction claim =
            parts.Build.Claim(paid.JobId, new Coin(new OutPoint(paid.Txid, 0), paid.Outputs[0]), key, fee);
        await parts.Store.AddAsync(
            claim, JobTransactionKind.Claim, (uint)payment.RefundTime, null, cancellationToken);
    }
}
