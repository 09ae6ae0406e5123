using Camelid.Protocol;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Signing;

/// <summary>What the client is asked to pay for.</summary>
internal sealed record PaymentDemand
{
    /// <summary>The testament.</summary>
    public required Testament Testament { get; init; }

    /// <summary>The worker's signature of it, DER.</summary>
    public required byte[] Signature { get; init; }

    /// <summary>Rule E-26: the sealed delivery (<see cref="OutputDelivery"/>), bound to the testament's hash.</summary>
    public required byte[] Envelope { get; init; }

    /// <summary>What is asked for, in grains.</summary>
    public required long AmountGrains { get; init; }
}

/// <summary>The client's part of a payment, and its way back. Safe to repeat: the job is the key.</summary>
internal sealed class PaymentSigner(SignerParts parts)
{
    /// <summary>Rule E-34: checks that the client holds what the testament binds, then signs and sends J1.</summary>
    public async Task<JobTransactionRow> PayAsync(
        JobId jobId, PaymentDemand demand, CancellationToken cancellationToken)
    {
        OfferRow offer = await parts.OfferAsync(jobId, cancellationToken);
        JobTransactionRow? payment = await parts.Store.FindAsync(jobId, JobTransactionKind.Payment, cancellationToken);
        if (payment is null)
        {
            payment = await MakeAsync(offer, demand, cancellationToken);
        }
        else if (ScriptOf(payment).TestamentHash != demand.Testament.Hash)
        {
            throw SignerParts.Refused("second-testament", $"job {jobId}: another testament is paid for already");
        }

        await parts.Intake.SubmitAsync(payment.Transaction, cancellationToken);
        return payment;
    }

    /// <summary>
    /// Rules E-24, E-34 and E-41: checks a commitment of another operator's worker as a payment would, and that its
    /// stake can lose what the job needs; signs nothing.
    /// </summary>
    public async Task<(OutputDelivery Delivery, PublicKey Worker)> OpenDeliveryAsync(
        JobId jobId, PaymentDemand demand, CancellationToken cancellationToken)
    {
        OfferRow offer = await parts.OfferAsync(jobId, cancellationToken);
        PublicKey worker = CheckTestament(offer.Job, parts.ScheduleOf(offer.Job), demand);
        CheckStake(offer.Job, demand.Testament);
        return (OpenEnvelope(demand), worker);
    }

    /// <summary>Rule E-37: after T_r, where nobody claimed, the client takes the payment back.</summary>
    public async Task<JobTransactionRow> RefundAsync(JobId jobId, CancellationToken cancellationToken)
    {
        JobTransactionRow payment = await parts.Store.FindAsync(jobId, JobTransactionKind.Payment, cancellationToken)
            ?? throw SignerParts.Refused("no-payment", $"job {jobId}: no payment was signed");
        JobTransactionRow? refund = await parts.Store.FindAsync(jobId, JobTransactionKind.Refund, cancellationToken);
        if (refund is null)
        {
            uint refundTime = (uint)payment.RefundTime;
            if (parts.Clock.Now <= refundTime)
            {
                throw SignerParts.Refused(
                    "too-early", $"job {jobId}: refundable after {refundTime}, it is {parts.Clock.Now}");
            }

            Coin coin = await UnspentAsync(jobId, payment);
            OfferRow? offer = await parts.Store.FindOfferAsync(jobId, cancellationToken);
            long fee = Math.Min((long)(offer?.Job.FeeGrains ?? 0), coin.Output.Value.Grains / 2);
            Transaction signed = parts.Build.Refund(jobId, coin, refundTime, fee);
            await parts.Store.AddAsync(
                signed, JobTransactionKind.Refund, refundTime, JobTransactionKind.Claim, cancellationToken);
            refund = await parts.Store.FindAsync(jobId, JobTransactionKind.Refund, cancellationToken);
        }

        await parts.Intake.SubmitAsync(refund!.Transaction, cancellationToken);
        return refund;
    }

    /// <summary>The payment that J1 makes.</summary>
    internal static PaymentScript ScriptOf(JobTransactionRow payment) =>
        PaymentScript.TryParse(payment.Transaction.Outputs[0].Script, out PaymentScript script)
            ? script
            : throw new System.Diagnostics.UnreachableException($"the payment of job {payment.JobId} pays nothing");

    private Task<Coin> UnspentAsync(JobId jobId, JobTransactionRow payment)
    {
        OutPoint outPoint = new(payment.Transaction.Txid, 0);
        bool isUnspent = parts.State.Read(reading => reading.Outputs.TryGet(outPoint, out Utxo? _));
        return isUnspent
            ? Task.FromResult(new Coin(outPoint, payment.Transaction.Outputs[0]))
            : throw SignerParts.Refused(
                "not-refundable", $"job {jobId}: its payment is in no block, or is spent already");
    }

    private async Task<JobTransactionRow> MakeAsync(
        OfferRow offer, PaymentDemand demand, CancellationToken cancellationToken)
    {
        JobParameters job = offer.Job;
        if (await parts.Store.FindAsync(job.Id, JobTransactionKind.Close, cancellationToken) is not null)
        {
            throw SignerParts.Refused("offer-closed", $"job {job.Id}: the client has given it up");
        }

        Coin deposit = parts.State.Read(reading => reading.Outputs.TryGet(offer.Deposit, out Utxo? utxo)
            ? new Coin(offer.Deposit, utxo.Output)
            : null) ?? throw SignerParts.Refused("offer-lapsed", $"job {job.Id}: its deposit is spent, J0 was mined");
        EscrowSchedule schedule = parts.ScheduleOf(job);
        PublicKey worker = CheckTestament(job, schedule, demand);
        CheckAmount(job, demand, deposit);
        PaymentScript script = new(
            demand.Testament.Hash, demand.Testament.KeyHash, worker, schedule.RefundTime,
            parts.State.Keys[KeyRole.Client].Public);
        Transaction signed = parts.Build.Pay(
            job, schedule, deposit, new TxOutput(Amount.Grain(demand.AmountGrains), script.Build()));
        await parts.Store.AddAsync(
            signed, JobTransactionKind.Payment, schedule.RefundTime, JobTransactionKind.Offer, cancellationToken);
        return (await parts.Store.FindAsync(job.Id, JobTransactionKind.Payment, cancellationToken))!;
    }

    /// <summary>
    /// The testament is about this job and signed by its stake, and the envelope holds what it binds.
    /// </summary>
    private PublicKey CheckTestament(JobParameters job, EscrowSchedule schedule, PaymentDemand demand)
    {
        Testament testament = demand.Testament;
        if (testament.JobId != job.Id || testament.Genesis != parts.State.Network.GenesisHash.Value
            || Hashes.Sha256(testament.Nonce.ToBytes()) != job.NonceHash)
        {
            throw SignerParts.Bad("testament: of another job, of another network, or with another nonce");
        }

        if (parts.StakeAt(testament.Stake) is not { } stake
            || !StakeScript.TryParse(stake.Output.Script, out StakeScript owner))
        {
            throw SignerParts.Refused("unknown-stake", $"testament: {testament.Stake} is no unspent stake");
        }

        if (!parts.State.Curve.Verify(owner.Worker, testament.Hash, demand.Signature)
            || Hash160.Of(owner.Worker.Span) != testament.RewardAddress)
        {
            throw SignerParts.Refused(
                "testament-signature", "testament_signature: not by the stake's key, or the reward is for another key");
        }

        if (testament.Expiry < schedule.TestamentExpiry)
        {
            throw SignerParts.Refused(
                "testament-expiry", $"testament: it expires at {testament.Expiry}, before {schedule.TestamentExpiry}");
        }

        OpenEnvelope(demand);
        return owner.Worker;
    }

    /// <summary>Rule E-24: what the client holds before it pays.</summary>
    private OutputDelivery OpenEnvelope(PaymentDemand demand)
    {
        OutputDelivery? delivery = null;
        bool isBound = DeliveryEnvelope.TryOpen(
                parts.State.Curve, parts.State.Keys[KeyRole.Client].Private, demand.Envelope,
                demand.Testament.Hash.ToBytes(), out byte[] content)
            && OutputDelivery.TryDecode(content, out delivery) && delivery is not null
            && delivery.IsBoundBy(demand.Testament);
        return isBound
            ? delivery!
            : throw SignerParts.Refused(
                "envelope", "envelope: it does not open with the client's key and the testament's hash to the "
                + "ciphertext and leaves that the testament binds; nothing is paid");
    }

    /// <summary>Rule E-41: a slash of at least twice the reward, out of a stake of ten times the slash.</summary>
    private void CheckStake(JobParameters job, Testament testament)
    {
        long stake = parts.StakeAt(testament.Stake)?.Output.Value.Grains ?? 0;
        Int128 needed = EscrowSchedule.SlashGrainsMin(Pricing.RewardGrains(job), Amount.Zero);
        if (testament.SlashGrains < needed || (Int128)testament.SlashGrains * EscrowSchedule.StakePerSlash > stake)
        {
            throw SignerParts.Refused(
                "stake-too-small", $"testament: it puts up {testament.SlashGrains} grains of a stake of {stake}; this "
                + $"job needs {needed}, and a stake of {EscrowSchedule.StakePerSlash} times that");
        }
    }

    private static void CheckAmount(JobParameters job, PaymentDemand demand, Coin deposit)
    {
        if (demand.Testament.TokenCount > job.MaxTokens)
        {
            throw SignerParts.Refused("too-many-tokens", $"testament: more than the {job.MaxTokens} tokens asked for");
        }

        long due = Pricing.PaymentGrains(job, Pricing.TokensRun(job, demand.Testament.TokenCount)).Grains;
        if (demand.AmountGrains != due || due == 0 || due * 2 > deposit.Output.Value.Grains)
        {
            throw SignerParts.Refused(
                "wrong-amount",
                $"amount_grains: {demand.AmountGrains}, due are {due}, and more than 0 and at most half "
                + $"of the deposit of {deposit.Output.Value.Grains} can be paid");
        }
    }
}
