using System.Diagnostics;
using Camelid.Contracts.Chain.V1;
using Camelid.JobPool.Jobs;
using Camelid.JobPool.Steps;
using Camelid.JobPool.Submission;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Trade;
using Camelid.Protocol.Transactions;
using Camelid.ServiceDefaults.Rpc;
using Google.Protobuf;
using Grpc.Core;

namespace Camelid.JobPool.Trade;

/// <summary>The worker's side of a job of another operator's client.</summary>
internal sealed class SaleSteps(
    SignerRpc.SignerRpcClient signer, OperatorDirectory directory, EscrowLook look, PaymentSteps payments,
    TradePost post)
{
    /// <summary>
    /// Windows after T_r in which the client may still take its payment back before the row is closed.
    /// </summary>
    private const uint PatienceWindows = 36;

    /// <summary>The worker's word, once for each job; then the job is computed as any other.</summary>
    public async Task<StepResult> AcceptAsync(JobRow row, long now, CancellationToken cancellationToken)
    {
        OperatorProfile profile = await directory.GetAsync(cancellationToken);
        SignatureReply signature;
        try
        {
            signature = await signer.SignOrderAnswerAsync(
                new SignOrderAnswerRequest { Answer = ByteString.CopyFrom(AnswerOf(row, profile).Encode()) },
                cancellationToken: cancellationToken);
        }
        catch (RpcException exception) when (RpcReason.Of(exception) == "second-order-answer")
        {
            return EndSteps.Withdraw(JobChange.Of(row), now, "refused: an earlier answer of this worker stands");
        }

        return OfferSteps.Send(
            row with
            {
                OrderAnswerSignature = signature.Signature.ToByteArray(),
                WorkerKey = signature.PublicKey.ToByteArray(),
                Attempt = 1,
            },
            now);
    }

    /// <summary>Tells the client that its order is taken. Repeated whenever the order comes again.</summary>
    public async Task SendAnswerAsync(JobRow row, CancellationToken cancellationToken)
    {
        OperatorProfile profile = await directory.GetAsync(cancellationToken);
        SignedBody signed = new()
        {
            Body = AnswerOf(row, profile).Encode(), Signature = row.OrderAnswerSignature!,
        };
        await post.SendAsync(row.PeerNode!, TradeMessageKind.OrderAnswer, signed.Encode(), cancellationToken);
    }

    /// <summary>Sends testament and sealed ciphertext; again until the client has them, or has paid.</summary>
    public async Task<StepResult> SendCommitmentAsync(JobRow row, long now, CancellationToken cancellationToken)
    {
        JobCommitment commitment = new()
        {
            Testament = TestamentOf(row), Signature = row.TestamentSignature!, Envelope = payments.Seal(row),
        };
        await post.SendAsync(row.PeerNode!, TradeMessageKind.Commitment, commitment.Encode(), cancellationToken);
        return StepResult.Of(JobChange.Of(row with { Sent = now }));
    }

    /// <summary><c>committed</c> to <c>paid</c>, then the claim once J1 is buried.</summary>
    public async Task<StepResult> WatchAsync(JobRow row, long now, CancellationToken cancellationToken)
    {
        if (row.PaymentTxid is null)
        {
            return await FindPaymentAsync(row, now, cancellationToken);
        }

        TransactionReply? payment = await look.FindAsync(row.PaymentTxid, cancellationToken);
        bool isMined = payment is { Confirmations: > 0 };
        if (JobFacets.PaymentOf(row) is PaymentState.Committed or PaymentState.Expired)
        {
            bool isLooking = JobFacets.PaymentOf(row) == PaymentState.Committed && now < row.TestamentExpiry * 1000;
            return payment is null && isLooking
                ? StepResult.Of(JobChange.Of(row with { PaymentTxid = null, PaymentRaw = null }))
                : PaymentSteps.Unmined(row, payment, now);
        }

        if (!isMined)
        {
            return payments.Unpaid(row, now);
        }

        if (await look.FindSpendAsync(row.PaymentTxid, cancellationToken) is { } spend && !IsOurs(row, spend))
        {
            return TakenBack(row, spend, now);
        }

        uint depth = EscrowSchedule.ClaimDepth(Amount.Grain(row.PaymentGrains), Subsidy.At(payment!.Height));
        return payment.Confirmations >= depth
            ? await ClaimOrCloseAsync(row, now, cancellationToken)
            : StepResult.Wait;
    }

    /// <summary>
    /// <c>delivered</c> to <c>settled</c> once the claim is in a block; back where a reorg took it out.
    /// </summary>
    public async Task<StepResult> WatchClaimAsync(JobRow row, long now, CancellationToken cancellationToken)
    {
        TransactionReply? claim = await look.FindAsync(row.ClaimTxid, cancellationToken);
        bool isMined = claim is { Confirmations: > 0 };
        if (JobFacets.PaymentOf(row) == PaymentState.Settled)
        {
            return isMined ? StepResult.Of(JobChange.Of(row with { IsOpen = 0 })) : PaymentSteps.Unclaimed(row, now);
        }

        if (isMined)
        {
            return PaymentSteps.Settled(row with { IsOpen = 0 }, claim!, now);
        }

        if (await look.FindAsync(row.PaymentTxid, cancellationToken) is not { Confirmations: > 0 })
        {
            return payments.Unpaid(row, now);
        }

        if (await look.FindSpendAsync(row.PaymentTxid!, cancellationToken) is { } spend && !IsOurs(row, spend))
        {
            return TakenBack(row, spend, now);
        }

        if (claim is null)
        {
            // The Chain service lost it, or was restarted: it gives and broadcasts the same claim again.
            await payments.BuildClaimAsync(row, cancellationToken);
        }

        return StepResult.Wait;
    }

    /// <summary>The stored testament, which was in form when it was stored.</summary>
    public static Testament TestamentOf(JobRow row) =>
        Testament.TryDecode(row.Testament, out Testament? testament) && testament is not null
            ? testament
            : throw new UnreachableException($"job {row.JobId}: the stored testament is not canonical");

    private async Task<StepResult> FindPaymentAsync(JobRow row, long now, CancellationToken cancellationToken)
    {
        TransactionReply? payment = await look.FindPaymentAsync(row, cancellationToken);
        if (payment is null || !Transaction.TryDecode(payment.Raw.Span, out Transaction? transaction)
            || !PaymentScript.TryParse(transaction.Outputs[0].Script, out PaymentScript script))
        {
            return now >= row.TestamentExpiry * 1000 ? EndSteps.ExpireTestament(row, now) : StepResult.Wait;
        }

        return StepResult.Of(JobChange.Of(row with
        {
            PaymentTxid = payment.Txid.ToByteArray(),
            PaymentRaw = payment.Raw.ToByteArray(),
            RefundTime = script.RefundTime,
            PaymentGrains = transaction.Outputs[0].Value.Grains,
        }));
    }

    /// <summary>Too late to claim, the money is the client's to take back; one day nobody looks any more.</summary>
    private async Task<StepResult> ClaimOrCloseAsync(JobRow row, long now, CancellationToken cancellationToken)
    {
        OperatorProfile profile = await directory.GetAsync(cancellationToken);
        long closeAt = row.RefundTime + (PatienceWindows * profile.WindowSeconds);
        return now < closeAt * 1000
            ? await payments.ClaimAsync(row, now, cancellationToken)
            : StepResult.Of(JobChange.Of(row with
            {
                IsOpen = 0, IsAnswered = 1, Failure = "unclaimed: the payment was not claimed before its refund time",
            }));
    }

    private static bool IsOurs(JobRow row, TransactionReply spend) =>
        row.ClaimTxid is not null && spend.Txid.Span.SequenceEqual(row.ClaimTxid);

    private static StepResult TakenBack(JobRow row, TransactionReply spend, long now)
    {
        bool isClaim = Transaction.TryDecode(spend.Raw.Span, out Transaction? transaction)
            && PaymentJudge.TryReadKey(
                transaction, new OutPoint(new Txid(Hash256.FromBytes(row.PaymentTxid)), 0),
                TestamentOf(row).KeyHash, out byte[] _);
        if (isClaim)
        {
            // Our own claim, which this row has forgotten: a crash between its broadcast and the row.
            JobRow claimed = row with { ClaimTxid = spend.Txid.ToByteArray(), ClaimRaw = spend.Raw.ToByteArray() };
            return JobFacets.PaymentOf(row) == PaymentState.Delivered
                ? StepResult.Of(JobChange.Of(claimed))
                : StepResult.Of(JobFacets.Move(JobChange.Of(claimed), PaymentCause.KeyOpened, now));
        }

        return spend.Confirmations > 0
            ? StepResult.Of(JobFacets.Move(
                JobChange.Of(row with
                {
                    RefundTxid = spend.Txid.ToByteArray(),
                    IsAnswered = 1,
                    Failure = "refunded: the client took its payment back after the refund time",
                }),
                PaymentCause.RefundMined, now))
            : StepResult.Wait;
    }

    private static OrderAnswer AnswerOf(JobRow row, OperatorProfile profile) => new()
    {
        Genesis = profile.Genesis,
        JobId = OfferSteps.ParametersOf(row).Id,
        Stake = OperatorProfile.StakeOf(row.StakeId),
        Code = OrderCode.Accepted,
    };
}
