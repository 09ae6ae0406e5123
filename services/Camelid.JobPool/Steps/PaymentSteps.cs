using System.Diagnostics;
using Camelid.Contracts.Chain.V1;
using Camelid.JobPool.Jobs;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;
using Google.Protobuf;
using Grpc.Core;

namespace Camelid.JobPool.Steps;

/// <summary>From a verified output to a settled claim. What the chain says is asked for each time, never remembered.</summary>
internal sealed partial class PaymentSteps(
    SignerRpc.SignerRpcClient signer, ChainRpc.ChainRpcClient chain, ISecp256k1 curve, ILogger<PaymentSteps> logger)
{
    /// <summary>
    /// Seals the ciphertext to the client and has J1 signed and broadcast; from here on the answer stands. Repeated, it
    /// seals with the stored key, so the Chain service sees the same request.
    /// </summary>
    public async Task<StepResult> PayAsync(JobRow row, CancellationToken cancellationToken)
    {
        JobTransactionReply payment = await signer.BuildPaymentAsync(
            new BuildPaymentRequest
            {
                JobId = OfferSteps.IdOf(row),
                Testament = ByteString.CopyFrom(row.Testament),
                TestamentSignature = ByteString.CopyFrom(row.TestamentSignature),
                Envelope = ByteString.CopyFrom(Seal(row)),
                AmountGrains = row.PaymentGrains,
            },
            cancellationToken: cancellationToken);
        return StepResult.Of(JobChange.Of(row with
        {
            PaymentTxid = payment.Txid.ToByteArray(),
            PaymentRaw = payment.Raw.ToByteArray(),
            RefundTime = payment.RefundTimeUnix,
            IsAnswered = 1,
        }));
    }

    /// <summary><c>committed</c> to <c>paid</c> once J1 is in a block, then the claim once it is buried.</summary>
    public async Task<StepResult> WatchPaymentAsync(JobRow row, long now, CancellationToken cancellationToken)
    {
        TransactionReply? payment = await FindAsync(row.PaymentTxid, cancellationToken);
        bool isMined = payment is { Confirmations: > 0 };
        if (JobFacets.PaymentOf(row) == PaymentState.Committed)
        {
            return isMined ? Paid(row, payment!, now)
                : now >= row.TestamentExpiry * 1000 ? EndSteps.ExpireTestament(row, now)
                : StepResult.Wait;
        }

        if (!isMined)
        {
            LogPaymentLeft(row.JobId);
            return StepResult.Of(JobFacets.Move(
                JobChange.Of(row with { PaymentBlockHash = null, PaymentHeight = 0 }), PaymentCause.PaymentDisconnected, now));
        }

        if (now >= row.RefundTime * 1000)
        {
            return await RefundAsync(row, now, cancellationToken);
        }

        uint depth = EscrowSchedule.ClaimDepth(Amount.Grain(row.PaymentGrains), Subsidy.At(payment!.Height));
        return payment.Confirmations >= depth ? await ClaimAsync(row, now, cancellationToken) : StepResult.Wait;
    }

    /// <summary><c>delivered</c> to <c>settled</c> once the claim is in a block; back again where a reorg took it out.</summary>
    public async Task<StepResult> WatchClaimAsync(JobRow row, long now, CancellationToken cancellationToken)
    {
        TransactionReply? claim = await FindAsync(row.ClaimTxid, cancellationToken);
        bool isMined = claim is { Confirmations: > 0 };
        if (JobFacets.PaymentOf(row) == PaymentState.Settled)
        {
            return isMined
                ? StepResult.Of(JobChange.Of(row with { IsOpen = 0 }))
                : StepResult.Of(JobFacets.Move(
                    JobChange.Of(row with { ClaimBlockHash = null, ClaimHeight = 0 }), PaymentCause.ClaimDisconnected, now));
        }

        if (isMined)
        {
            JobRow settled = row with
            {
                ClaimBlockHash = claim!.BlockHash.ToByteArray(),
                ClaimHeight = claim.Height,
                IsOpen = 0,
            };
            return StepResult.Of(JobFacets.Move(JobChange.Of(settled), PaymentCause.ClaimMined, now));
        }

        if (await FindAsync(row.PaymentTxid, cancellationToken) is not { Confirmations: > 0 })
        {
            LogPaymentLeft(row.JobId);
            return StepResult.Of(JobFacets.Move(
                JobChange.Of(row with { PaymentBlockHash = null, PaymentHeight = 0 }), PaymentCause.PaymentDisconnected, now));
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

    private static StepResult Paid(JobRow row, TransactionReply payment, long now)
    {
        JobRow paid = row with { PaymentBlockHash = payment.BlockHash.ToByteArray(), PaymentHeight = payment.Height };
        return StepResult.Of(JobFacets.Move(JobChange.Of(paid), PaymentCause.PaymentMined, now));
    }

    /// <summary>Opens the ciphertext with k to the bound root, then lets the worker's claim show k.</summary>
    private async Task<StepResult> ClaimAsync(JobRow row, long now, CancellationToken cancellationToken)
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

    private async Task<JobTransactionReply?> BuildClaimAsync(JobRow row, CancellationToken cancellationToken)
    {
        try
        {
            return await signer.BuildClaimAsync(
                new BuildClaimRequest
                {
                    JobId = OfferSteps.IdOf(row),
                    Key = ByteString.CopyFrom(row.OutputKey),
                    Testament = ByteString.CopyFrom(row.Testament),
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
    private async Task<StepResult> RefundAsync(JobRow row, long now, CancellationToken cancellationToken)
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

        return await FindAsync(row.RefundTxid, cancellationToken) is { Confirmations: > 0 }
            ? StepResult.Of(JobFacets.Move(JobChange.Of(row), PaymentCause.RefundMined, now))
            : StepResult.Wait;
    }

    private async Task<TransactionReply?> FindAsync(byte[]? txid, CancellationToken cancellationToken)
    {
        try
        {
            return await chain.GetTransactionAsync(
                new GetTransactionRequest { Txid = ByteString.CopyFrom(txid) }, cancellationToken: cancellationToken);
        }
        catch (RpcException exception) when (exception.StatusCode == StatusCode.NotFound)
        {
            return null;
        }
    }

    [LoggerMessage(2010, LogLevel.Warning, "Job {JobId}: a reorganisation took its payment out of the chain; it waits again")]
    private partial void LogPaymentLeft(string jobId);

    [LoggerMessage(2011, LogLevel.Information, "Job {JobId}: the claim is not made yet: {Reason}")]
    private partial void LogClaimRefused(string jobId, string reason);

    [LoggerMessage(2012, LogLevel.Information, "Job {JobId}: the refund is not made yet: {Reason}")]
    private partial void LogRefundRefused(string jobId, string reason);
}
