using System.Diagnostics;
using Camelid.Contracts.Chain.V1;
using Camelid.JobPool.Jobs;
using Camelid.JobPool.Trade;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;
using Camelid.ServiceDefaults.Rpc;
using Google.Protobuf;
using Grpc.Core;

namespace Camelid.JobPool.Steps;

/// <summary>
/// From a verified output to a settled claim. What the chain says is asked for each time, never remembered.
/// </summary>
internal sealed partial class PaymentSteps(
    SignerRpc.SignerRpcClient signer, EscrowLook look, ISecp256k1 curve, ILogger<PaymentSteps> logger)
{
    /// <summary>A refusal that passes: a reorganisation may bring the stake back.</summary>
    private const string UnknownStake = "unknown-stake";

    /// <summary>
    /// Seals the ciphertext to the client and has J1 signed and broadcast; from here on the answer stands. Repeated, it
    /// seals with the stored key, so the Chain service sees the same request.
    /// </summary>
    public async Task<StepResult> PayAsync(JobRow row, long now, CancellationToken cancellationToken)
    {
        JobTransactionReply payment;
        try
        {
            payment = await signer.BuildPaymentAsync(RequestOf(row), cancellationToken: cancellationToken);
        }
        catch (RpcException exception) when (exception.StatusCode == StatusCode.FailedPrecondition
            && RpcReason.Of(exception) is { Length: > 0 } reason && reason != UnknownStake)
        {
            // The client's side will never pay for this one: its deposit is spent, or what it holds is not bound.
            return EndSteps.Reject(row with { Failure = $"{reason}: {exception.Status.Detail}" }, now);
        }

        JobRow paid = With(row, payment);

        // Bought: the answer stands once k is known.
        return StepResult.Of(JobChange.Of(row.Side == JobSide.Own ? paid with { IsAnswered = 1 } : paid));
    }

    /// <summary>
    /// A job that ended without a payment in its row, though one is signed: the Chain service gives the same one again,
    /// and the row follows it. <c>expired</c> becomes <c>paid</c> where a block holds it.
    /// </summary>
    public async Task<StepResult> RecallAsync(JobRow row, CancellationToken cancellationToken)
    {
        JobTransactionReply payment =
            await signer.BuildPaymentAsync(RequestOf(row), cancellationToken: cancellationToken);
        return StepResult.Of(JobChange.Of(With(row, payment) with { IsOfferClosed = 1 }));
    }

    /// <summary><c>committed</c> to <c>paid</c> once J1 is in a block, then the claim once it is buried.</summary>
    public async Task<StepResult> WatchPaymentAsync(JobRow row, long now, CancellationToken cancellationToken)
    {
        TransactionReply? payment = await look.FindAsync(row.PaymentTxid, cancellationToken);
        bool isMined = payment is { Confirmations: > 0 };
        if (JobFacets.PaymentOf(row) is PaymentState.Committed or PaymentState.Expired)
        {
            return Unmined(row, payment, now);
        }

        if (!isMined)
        {
            return Unpaid(row, now);
        }

        if (now >= row.RefundTime * 1000)
        {
            return await RefundAsync(row, now, cancellationToken);
        }

        uint depth = EscrowSchedule.ClaimDepth(Amount.Grain(row.PaymentGrains), Subsidy.At(payment!.Height));
        return payment.Confirmations >= depth ? await ClaimAsync(row, now, cancellationToken) : StepResult.Wait;
    }

    /// <summary>
    /// <c>delivered</c> to <c>settled</c> once the claim is in a block; back again where a reorg took it out.
    /// </summary>
    public async Task<StepResult> WatchClaimAsync(JobRow row, long now, CancellationToken cancellationToken)
    {
        TransactionReply? claim = await look.FindAsync(row.ClaimTxid, cancellationToken);
        bool isMined = claim is { Confirmations: > 0 };
        if (JobFacets.PaymentOf(row) == PaymentState.Settled)
        {
            return isMined
                ? StepResult.Of(JobChange.Of(row with { IsOpen = 0 }))
                : Unclaimed(row, now);
        }

        if (isMined)
        {
            return Settled(row with { IsOpen = 0 }, claim!, now);
        }

        if (await look.FindAsync(row.PaymentTxid, cancellationToken) is not { Confirmations: > 0 })
        {
            return Unpaid(row, now);
        }

        if (now >= row.RefundTime * 1000)
        {
            return await RefundAsync(row, now, cancellationToken);
        }

        if (claim is null)
        {
            // The Chain service lost it, or was restarted: it gives and broadcasts the same claim again.
            await BuildClaimAsync(row, cancellationToken);
        }

        return StepResult.Wait;
    }

    /// <summary>The envelope to the client, from stored keys: the same bytes each time.</summary>
    public byte[] Seal(JobRow row)
    {
        PrivateKey oneTime = PrivateKey.FromBytes(row.EnvelopeKey, curve)
            ?? throw new UnreachableException($"job {row.JobId}: the stored envelope key is no key");
        JobParameters parameters = OfferSteps.ParametersOf(row);
        OutputCommitment commitment = OutputCommitment.Create(CommitSteps.OutputOf(row), row.OutputKey);
        return DeliveryEnvelope.Seal(
            curve, oneTime, parameters.ClientKey, commitment.Delivery.Encode(), row.TestamentHash);
    }

    /// <summary>
    /// A payment that was in no block when it was looked for last. It may wait as long as it can be mined; where it
    /// can't, the job expires with its testament, and is opened again by the block that holds the payment after all.
    /// </summary>
    public static StepResult Unmined(JobRow row, TransactionReply? payment, long now) => payment switch
    {
        { Confirmations: > 0 } => Paid(row with { IsOpen = 1 }, payment, now),
        _ when JobFacets.PaymentOf(row) == PaymentState.Expired => row.IsOpen == 1
            ? StepResult.Of(JobChange.Of(row with { IsOpen = 0 }))
            : StepResult.Wait,
        null when now >= row.TestamentExpiry * 1000 => EndSteps.ExpireTestament(row, now),
        _ => StepResult.Wait,
    };

    private BuildPaymentRequest RequestOf(JobRow row) => new()
    {
        JobId = OfferSteps.IdOf(row),
        Testament = ByteString.CopyFrom(row.Testament),
        TestamentSignature = ByteString.CopyFrom(row.TestamentSignature),
        Envelope = ByteString.CopyFrom(row.Envelope ?? Seal(row)),
        AmountGrains = row.PaymentGrains,
    };

    private static JobRow With(JobRow row, JobTransactionReply payment) => row with
    {
        PaymentTxid = payment.Txid.ToByteArray(),
        PaymentRaw = payment.Raw.ToByteArray(),
        RefundTime = payment.RefundTimeUnix,
    };

    /// <summary>Back to <c>committed</c>: the payment waits for a block again.</summary>
    public StepResult Unpaid(JobRow row, long now)
    {
        LogPaymentLeft(row.JobId);
        JobRow unpaid = row with { PaymentBlockHash = null, PaymentHeight = 0 };
        return StepResult.Of(JobFacets.Move(JobChange.Of(unpaid), PaymentCause.PaymentDisconnected, now));
    }

    /// <summary><c>settled</c>: the claim is in a block.</summary>
    public static StepResult Settled(JobRow row, TransactionReply claim, long now)
    {
        JobRow settled = row with { ClaimBlockHash = claim.BlockHash.ToByteArray(), ClaimHeight = claim.Height };
        return StepResult.Of(JobFacets.Move(JobChange.Of(settled), PaymentCause.ClaimMined, now));
    }

    /// <summary>Back to <c>delivered</c>: the claim waits for a block again.</summary>
    public static StepResult Unclaimed(JobRow row, long now)
    {
        JobRow unclaimed = row with { ClaimBlockHash = null, ClaimHeight = 0 };
        return StepResult.Of(JobFacets.Move(JobChange.Of(unclaimed), PaymentCause.ClaimDisconnected, now));
    }

    /// <summary><c>paid</c>: the payment is in a block.</summary>
    public static StepResult Paid(JobRow row, TransactionReply payment, long now)
    {
        JobRow paid = row with { PaymentBlockHash = payment.BlockHash.ToByteArray(), PaymentHeight = payment.Height };
        return StepResult.Of(JobFacets.Move(JobChange.Of(paid), PaymentCause.PaymentMined, now));
    }

    /// <summary>Opens the ciphertext with k to the bound root, then lets the worker's claim show k.</summary>
    public async Task<StepResult> ClaimAsync(JobRow row, long now, CancellationToken cancellationToken)
    {
        OutputCommitment commitment = OutputCommitment.Create(CommitSteps.OutputOf(row), row.OutputKey);
        if (!OutputCommitment.TryOpen(
            commitment.Ciphertext, row.OutputKey, Hash256.FromBytes(row.OutputRoot), out JobOutput? _))
        {
            throw new UnreachableException($"job {row.JobId}: k does not open the ciphertext to the bound root");
        }

        if (await BuildClaimAsync(row, cancellationToken) is not { } claim)
        {
            return StepResult.Wait;
        }

        JobRow delivered = row with { ClaimTxid = claim.Txid.ToByteArray(), ClaimRaw = claim.Raw.ToByteArray() };
        return StepResult.Of(JobFacets.Move(JobChange.Of(delivered), PaymentCause.KeyOpened, now));
    }

    /// <summary>The claim, made or made again; null where it is too early or too late.</summary>
    public async Task<JobTransactionReply?> BuildClaimAsync(JobRow row, CancellationToken cancellationToken)
    {
        try
        {
            return await signer.BuildClaimAsync(
                new BuildClaimRequest
                {
                    JobId = OfferSteps.IdOf(row),
                    Key = ByteString.CopyFrom(row.OutputKey),
                    Testament = ByteString.CopyFrom(row.Testament),
                    JobParameters = row.Side == JobSide.Sold
                        ? ByteString.CopyFrom(row.Parameters)
                        : ByteString.Empty,
                },
                cancellationToken: cancellationToken);
        }
        catch (RpcException exception) when (exception.StatusCode == StatusCode.FailedPrecondition)
        {
            // Not buried yet, or too late: blocks or the refund time decide, the job waits.
            LogClaimRefused(row.JobId, exception.Status.Detail);
            return null;
        }
    }

    /// <summary>T_r passed and nobody claimed: the client takes the payment back.</summary>
    public async Task<StepResult> RefundAsync(JobRow row, long now, CancellationToken cancellationToken)
    {
        if (row.RefundTxid is null)
        {
            try
            {
                JobTransactionReply refund = await signer.BuildRefundAsync(
                    new BuildRefundRequest { JobId = OfferSteps.IdOf(row) }, cancellationToken: cancellationToken);
                return StepResult.Of(JobChange.Of(row with { RefundTxid = refund.Txid.ToByteArray() }));
            }
            catch (RpcException exception) when (exception.StatusCode == StatusCode.FailedPrecondition)
            {
                LogRefundRefused(row.JobId, exception.Status.Detail);
                return StepResult.Wait;
            }
        }

        if (await look.FindAsync(row.RefundTxid, cancellationToken) is not { Confirmations: > 0 })
        {
            return StepResult.Wait;
        }

        JobRow refunded = row.IsAnswered == 1
            ? row
            : row with
            {
                IsAnswered = 1,
                Failure = "unclaimed: the worker did not claim before the refund time; the client has its money back",
            };
        return StepResult.Of(JobFacets.Move(JobChange.Of(refunded), PaymentCause.RefundMined, now));
    }

    [LoggerMessage(2010, LogLevel.Warning,
        "Job {JobId}: a reorganisation took its payment out of the chain; it waits again")]
    private partial void LogPaymentLeft(string jobId);

    [LoggerMessage(2011, LogLevel.Information, "Job {JobId}: the claim is not made yet: {Reason}")]
    private partial void LogClaimRefused(string jobId, string reason);

    [LoggerMessage(2012, LogLevel.Information, "Job {JobId}: the refund is not made yet: {Reason}")]
    private partial void LogRefundRefused(string jobId, string reason);
}
