using Camelid.Contracts.Chain.V1;
using Camelid.JobPool.Jobs;
using Camelid.JobPool.Steps;
using Camelid.JobPool.Submission;
using Camelid.Protocol;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Trade;
using Google.Protobuf;
using Grpc.Core;

namespace Camelid.JobPool.Trade;

/// <summary>
/// What workers and verifiers of other operators answer. A message counts only from the node that the job was given
/// to, about that job, signed by that stake; all else changes nothing and is logged with its reason.
/// </summary>
internal sealed class PurchaseIntake(
    JobStore store, JobSteps steps, OperatorDirectory directory, PurchaseIntake.Tools tools)
{
    /// <summary>What the intake is given besides its collaborators.</summary>
    internal sealed record Tools(
        SignerRpc.SignerRpcClient Signer, TradePost Post, ISecp256k1 Curve, NodeConduct Conduct);

    /// <summary>The worker takes the order, or says why not.</summary>
    public async Task TakeAnswerAsync(NodeMessage message, CancellationToken cancellationToken)
    {
        OperatorProfile profile = await directory.GetAsync(cancellationToken);
        if (!SignedBody.TryDecode(message.Body.Span, out SignedBody? signed)
            || !OrderAnswer.TryDecode(signed!.Body, out OrderAnswer? answer) || answer!.Genesis != profile.Genesis)
        {
            Refuse(message, "order answer", signed is null ? TradeFault.Malformed : TradeFault.OtherNetwork);
            return;
        }

        if (await FindAsync(answer.JobId, message, cancellationToken) is not { } row
            || answer.Stake != OperatorProfile.StakeOf(row.StakeId)
            || !tools.Curve.Verify(PurchaseSteps.KeyOf(row.WorkerKey), answer.SigningHash, signed.Signature))
        {
            Refuse(message, "order answer", TradeFault.OtherJob);
            return;
        }

        await steps.ApplyAsync(
            row.JobId, (current, now) => Answered(current, answer.Code, signed.Signature, now), cancellationToken);
    }

    /// <summary>[J14] The worker has computed: its commitment is checked as a payment would, and kept.</summary>
    public async Task TakeCommitmentAsync(NodeMessage message, CancellationToken cancellationToken)
    {
        if (!JobCommitment.TryDecode(message.Body.Span, out JobCommitment? commitment) || commitment is null)
        {
            Refuse(message, "commitment", TradeFault.Malformed);
            return;
        }

        if (await FindAsync(commitment.Testament.JobId, message, cancellationToken) is not { } row)
        {
            Refuse(message, "commitment", TradeFault.OtherJob);
            return;
        }

        if (row.TestamentHash is null && JobFacets.PaymentOf(row) is PaymentState.Created or PaymentState.Accepted)
        {
            await CommitAsync(row, commitment, cancellationToken);
            row = await store.FindAsync(row.JobId, cancellationToken) ?? row;
        }

        // A job that ended without a commitment gets a receipt as well: it need not come again.
        Hash256 hash = commitment.Testament.Hash;
        bool isKept = row.TestamentHash is not null && Hash256.FromBytes(row.TestamentHash) == hash;
        if (isKept || JobFacets.PaymentOf(row) is PaymentState.Expired or PaymentState.Dismissed)
        {
            CommitmentReceipt receipt = new(commitment.Testament.JobId, hash);
            await tools.Post.SendAsync(
                row.PeerNode!, TradeMessageKind.CommitmentReceipt, receipt.Encode(), cancellationToken);
        }
    }

    /// <summary>The verifier that was asked gives its verdict.</summary>
    public async Task TakeCheckAnswerAsync(NodeMessage message, CancellationToken cancellationToken)
    {
        OperatorProfile profile = await directory.GetAsync(cancellationToken);
        if (!CheckAnswer.TryDecode(message.Body.Span, out CheckAnswer? answer) || answer is null
            || answer.Attestation.Genesis != profile.Genesis)
        {
            Refuse(message, "verdict", answer is null ? TradeFault.Malformed : TradeFault.OtherNetwork);
            return;
        }

        JobRow? row = await store.FindAsync(answer.Attestation.JobId.ToString(), cancellationToken);
        if (row is not { Side: JobSide.Bought, TestamentHash: not null }
            || row is not { VerifierNode: not null, VerifierStakeId: not null }
            || !message.Sender.Span.SequenceEqual(row.VerifierNode)
            || answer.Attestation.Verifier != OperatorProfile.StakeOf(row.VerifierStakeId)
            || answer.Attestation.TestamentHash != Hash256.FromBytes(row.TestamentHash)
            || answer.VerifierKey != PurchaseSteps.KeyOf(row.VerifierKey)
            || !tools.Curve.Verify(answer.VerifierKey, answer.Attestation.SigningHash, answer.Signature))
        {
            Refuse(message, "verdict", TradeFault.OtherJob);
            return;
        }

        await steps.ApplyAsync(row.JobId, (current, now) => Judged(current, answer, now), cancellationToken);
    }

    private async Task<JobRow?> FindAsync(JobId jobId, NodeMessage message, CancellationToken cancellationToken) =>
        await store.FindAsync(jobId.ToString(), cancellationToken) is { Side: JobSide.Bought, StakeId: not null } row
        && message.Sender.Span.SequenceEqual(row.PeerNode)
            ? row
            : null;

    private static JobChange? Answered(JobRow row, OrderCode code, byte[] signature, long now)
    {
        if (JobFacets.PaymentOf(row) != PaymentState.Created || row.IsCancelled == 1)
        {
            return null;
        }

        if (code != OrderCode.Accepted)
        {
            return EndSteps.Withdraw(
                JobChange.Of(row with { OrderAnswerSignature = signature }), now,
                $"worker-refused: the worker does not take the job ({JobFacets.NameOf(code)}); submit it again").Change;
        }

        return JobFacets.Move(
            JobChange.Of(row with { OrderAnswerSignature = signature, PeerAnswered = now }),
            PaymentCause.AssignmentSigned, now);
    }

    private async Task CommitAsync(JobRow row, JobCommitment commitment, CancellationToken cancellationToken)
    {
        if (WhyNot(row, commitment.Testament) is { } reason)
        {
            await RefuseAsync(row, reason, cancellationToken);
            return;
        }

        OpenDeliveryReply delivery;
        try
        {
            delivery = await tools.Signer.OpenDeliveryAsync(
                new OpenDeliveryRequest
                {
                    JobId = OfferSteps.IdOf(row),
                    Testament = ByteString.CopyFrom(commitment.Testament.Encode()),
                    TestamentSignature = ByteString.CopyFrom(commitment.Signature),
                    Envelope = ByteString.CopyFrom(commitment.Envelope),
                },
                cancellationToken: cancellationToken);
        }
        catch (RpcException exception) when (exception.StatusCode
            is StatusCode.FailedPrecondition or StatusCode.InvalidArgument)
        {
            await RefuseAsync(row, exception.Status.Detail, cancellationToken);
            return;
        }

        if (!delivery.WorkerKey.Span.SequenceEqual(row.WorkerKey))
        {
            await RefuseAsync(row, "it is signed by another key than the one that was announced", cancellationToken);
            return;
        }

        byte[] opened = delivery.Delivery.ToByteArray();
        await steps.ApplyAsync(
            row.JobId, (current, now) => Committed(current, commitment, opened, now), cancellationToken);
    }

    /// <summary>What no honest worker commits to. The client signed no cancellation, so that none may end the output.
    /// </summary>
    private static string? WhyNot(JobRow row, Testament testament)
    {
        JobParameters job = OfferSteps.ParametersOf(row);
        return testament switch
        {
            _ when testament.Stake != OperatorProfile.StakeOf(row.StakeId) => "it is of another stake",
            _ when testament.TokenCount > job.MaxTokens => "more tokens than the job allows",
            { FinishReason: FinishReason.Cancelled } => "nobody cancelled the job",
            { FinishReason: FinishReason.Length } when testament.TokenCount != job.MaxTokens
                => "it ends by length before the job's length",
            _ when job.NumericsClasses.Count > 0 && !job.NumericsClasses.Contains(testament.NumericsClass)
                => "its numerics class is none that the job allows",
            _ => null,
        };
    }

    /// <summary>A worker that commits to what it can't be paid for has failed the job; nothing was paid.</summary>
    private Task RefuseAsync(JobRow row, string reason, CancellationToken cancellationToken)
    {
        tools.Conduct.Refuse(
            ByteString.CopyFrom(row.PeerNode), "commitment", TradeFault.BadCommitment, reason);
        return steps.ApplyAsync(
            row.JobId,
            (current, now) => current.TestamentHash is null
                && JobFacets.PaymentOf(current) is PaymentState.Created or PaymentState.Accepted
                ? EndSteps.Withdraw(
                    JobChange.Of(current), now, $"commitment-refused: {reason}; nothing was paid").Change
                : null,
            cancellationToken);
    }

    private static JobChange? Committed(JobRow row, JobCommitment commitment, byte[] delivery, long now)
    {
        PaymentState state = JobFacets.PaymentOf(row);
        if (row.TestamentHash is not null || state is not (PaymentState.Created or PaymentState.Accepted))
        {
            return null;
        }

        Testament testament = commitment.Testament;
        JobParameters job = OfferSteps.ParametersOf(row);
        JobChange change = JobChange.Of(row with
        {
            Testament = testament.Encode(),
            TestamentHash = testament.Hash.ToBytes(),
            TestamentSignature = commitment.Signature,
            TestamentExpiry = testament.Expiry,
            Envelope = commitment.Envelope,
            Delivery = delivery,
            OutputRoot = testament.OutputRoot.ToBytes(),
            OutputTokenCount = testament.TokenCount,
            FinishReason = JobFacets.NameOf(testament.FinishReason),
            NumericsClass = testament.NumericsClass.ToBytes(),
            Committed = now,
            PaymentGrains = Pricing.PaymentGrains(job, Pricing.TokensRun(job, testament.TokenCount)).Grains,
        });
        change = state == PaymentState.Created
            ? JobFacets.Move(change, PaymentCause.AssignmentSigned, now)
            : change;
        return JobFacets.Move(change, PaymentCause.TestamentSigned, now);
    }

    private static JobChange? Judged(JobRow row, CheckAnswer answer, long now)
    {
        VerificationCause cause = VerificationLifecycle.CauseOf(answer.Attestation.Verdict);
        if (VerificationLifecycle.Next(JobFacets.VerificationOf(row), cause) is null)
        {
            return null;
        }

        JobRow judged = row with
        {
            Attestation = answer.Attestation.Encode(),
            AttestationSignature = answer.Signature,
        };
        return JobFacets.Move(JobChange.Of(judged), cause, now);
    }

    private void Refuse(NodeMessage message, string what, TradeFault fault) => tools.Conduct.Refuse(
        message.Sender, what, fault, "it counts from the node, the stake and the key that the job was given to");
}
