using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Signing;

/// <summary>What a worker claims with.</summary>
/// <param name="Testament">The testament that is paid.</param>
/// <param name="Key">k, 32 bytes.</param>
/// <param name="Sold">The job of another operator's client; null for an own job.</param>
internal sealed record ClaimDemand(Testament Testament, byte[] Key, JobParameters? Sold);

/// <summary>The worker's claim. Safe to repeat: the job is the key.</summary>
internal sealed class ClaimSigner(SignerParts parts, EscrowReader escrow)
{
    /// <summary>
    /// Rule E-36: publishes k and takes the payment, once J1 is deep enough that it can't vanish, and only while the
    /// refund is far enough away that it can't overtake.
    /// </summary>
    public async Task<JobTransactionRow> ClaimAsync(
        JobId jobId, ClaimDemand demand, CancellationToken cancellationToken)
    {
        JobTransactionRow payment = await parts.Store.FindAsync(jobId, JobTransactionKind.Payment, cancellationToken)
            ?? await AdoptAsync(jobId, demand, cancellationToken)
            ?? throw SignerParts.Refused("no-payment", $"job {jobId}: no payment is known");
        CheckKey(payment, demand.Key, demand.Testament);
        JobTransactionRow? claim = await parts.Store.FindAsync(jobId, JobTransactionKind.Claim, cancellationToken);
        if (claim is null)
        {
            await CheckTimesAsync(payment, cancellationToken);
            await AddAsync(payment, demand, cancellationToken);
            claim = await parts.Store.FindAsync(jobId, JobTransactionKind.Claim, cancellationToken);
        }

        if (parts.Clock.MayRepeatClaim((uint)payment.RefundTime))
        {
            await parts.Intake.SubmitAsync(claim!.Transaction, cancellationToken);
        }

        return claim!;
    }

    /// <summary>
    /// Rule E-39: the payment of another operator's client, as it stands in a block. It is kept, so that it is offered
    /// again should a reorganisation drop it: nobody wants it mined more than its worker.
    /// </summary>
    private async Task<JobTransactionRow?> AdoptAsync(
        JobId jobId, ClaimDemand demand, CancellationToken cancellationToken)
    {
        if (demand.Sold is null)
        {
            return null;
        }

        AwaitedPayment awaited = new(demand.Sold, demand.Testament, parts.State.Keys[KeyRole.Worker].Public);
        if (await escrow.FindMinedAsync(awaited, cancellationToken) is not { } found
            || !PaymentScript.TryParse(found.Outputs[0].Script, out PaymentScript script))
        {
            return null;
        }

        await parts.Store.AddAsync(found, JobTransactionKind.Payment, script.RefundTime, null, cancellationToken);
        return await parts.Store.FindAsync(jobId, JobTransactionKind.Payment, cancellationToken);
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

    private async Task AddAsync(JobTransactionRow payment, ClaimDemand demand, CancellationToken cancellationToken)
    {
        Transaction paid = payment.Transaction;
        JobParameters? job = demand.Sold
            ?? (await parts.Store.FindOfferAsync(paid.JobId, cancellationToken))?.Job;
        long fee = Math.Min((long)(job?.FeeGrains ?? 0), paid.Outputs[0].Value.Grains / 2);
        Transaction claim =
            parts.Build.Claim(paid.JobId, new Coin(new OutPoint(paid.Txid, 0), paid.Outputs[0]), demand.Key, fee);
        await parts.Store.AddAsync(
            claim, JobTransactionKind.Claim, (uint)payment.RefundTime, null, cancellationToken);
    }
}
