using Camelid.Contracts.Chain.V1;
using Camelid.Contracts.ModelRegistry.V1;
using Camelid.JobPool.Jobs;
using Camelid.JobPool.Steps;
using Camelid.Protocol;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Trade;
using Camelid.Protocol.Transactions;
using Google.Protobuf;
using Grpc.Core;

namespace Camelid.JobPool.Trade;

/// <summary>From the payment of another operator's worker to its answer, read out of the claim.</summary>
internal sealed partial class PurchasePaymentSteps(
    EscrowLook look, PaymentSteps payments, ModelRegistryRpc.ModelRegistryRpcClient models,
    ILogger<PurchasePaymentSteps> logger)
{
    /// <summary>
    /// [J15] <c>committed</c> to <c>paid</c>, then k is read out of the claim: <c>delivered</c>; or back to the client
    /// after T_r.
    /// </summary>
    public async Task<StepResult> WatchAsync(JobRow row, long now, CancellationToken cancellationToken)
    {
        TransactionReply? payment = await look.FindAsync(row.PaymentTxid, cancellationToken);
        bool isMined = payment is { Confirmations: > 0 };
        if (JobFacets.PaymentOf(row) is PaymentState.Committed or PaymentState.Expired)
        {
            return PaymentSteps.Unmined(row, payment, now);
        }

        if (!isMined)
        {
            return payments.Unpaid(row, now);
        }

        if (row.OutputKey is not null)
        {
            // A reorganisation took the payment away after k was known: it is back, and so is the answer.
            return StepResult.Of(JobFacets.Move(JobChange.Of(row), PaymentCause.KeyOpened, now));
        }

        TransactionReply? spend = await look.FindSpendAsync(row.PaymentTxid!, cancellationToken);
        if (spend is not null)
        {
            return await SpentAsync(row, spend, now, cancellationToken);
        }

        return now >= row.RefundTime * 1000
            ? await payments.RefundAsync(row, now, cancellationToken)
            : StepResult.Wait;
    }

    /// <summary>
    /// <c>delivered</c> to <c>settled</c> once the claim is in a block; back where a reorg took it out.
    /// </summary>
    public async Task<StepResult> WatchClaimAsync(JobRow row, long now, CancellationToken cancellationToken)
    {
        TransactionReply? claim = await look.FindAsync(row.ClaimTxid, cancellationToken);
        bool isMined = claim is { Confirmations: > 0 };
        long isOpen = PurchasePlan.WaitsForVerdict(row) ? 1 : 0;
        if (JobFacets.PaymentOf(row) == PaymentState.Settled)
        {
            return !isMined ? PaymentSteps.Unclaimed(row, now)
                : row.IsOpen == isOpen ? StepResult.Wait
                : StepResult.Of(JobChange.Of(row with { IsOpen = isOpen }));
        }

        if (isMined)
        {
            return PaymentSteps.Settled(row with { IsOpen = isOpen }, claim!, now);
        }

        if (await look.FindAsync(row.PaymentTxid, cancellationToken) is not { Confirmations: > 0 })
        {
            return payments.Unpaid(row, now);
        }

        // The answer is here. What the worker did not claim by T_r is the client's again.
        return now >= row.RefundTime * 1000 && claim is null
            ? await payments.RefundAsync(row, now, cancellationToken)
            : StepResult.Wait;
    }

    private async Task<StepResult> SpentAsync(
        JobRow row, TransactionReply spend, long now, CancellationToken cancellationToken)
    {
        Testament testament = SaleSteps.TestamentOf(row);
        OutPoint paid = new(new Txid(Hash256.FromBytes(row.PaymentTxid)), 0);
        if (!Transaction.TryDecode(spend.Raw.Span, out Transaction? transaction)
            || !PaymentJudge.TryReadKey(transaction, paid, testament.KeyHash, out byte[] key))
        {
            JobRow refunded = row with { RefundTxid = spend.Txid.ToByteArray(), IsAnswered = 1 };
            return spend.Confirmations > 0
                ? StepResult.Of(JobFacets.Move(
                    JobChange.Of(refunded with { Failure = Refunded }), PaymentCause.RefundMined, now))
                : StepResult.Wait;
        }

        JobRow claimed = row with { ClaimTxid = spend.Txid.ToByteArray(), ClaimRaw = spend.Raw.ToByteArray() };
        return OutputDelivery.TryDecode(row.Delivery, out OutputDelivery? delivery) && delivery is not null
            && OutputCommitment.TryOpen(delivery.Ciphertext, key, testament.OutputRoot, out JobOutput? output)
            && output is not null && testament.Describes(output)
            ? await DeliverAsync(claimed with { OutputKey = key }, output, now, cancellationToken)
            : WrongKey(claimed with { OutputKey = key }, now);
    }

    private const string Refunded =
        "the worker did not claim the payment before its refund time: the client has its money back";

    /// <summary>k opens the ciphertext to the bound root: the answer stands.</summary>
    private async Task<StepResult> DeliverAsync(
        JobRow row, JobOutput output, long now, CancellationToken cancellationToken)
    {
        JobParameters job = OfferSteps.ParametersOf(row);
        JobRow delivered = row with
        {
            Output = output.Encode(),
            OutputText = await TextAsync(job, output, cancellationToken),
            Delivered = now,
            Sent = 0,
            IsAnswered = 1,
        };
        return StepResult.Of(JobFacets.Move(JobChange.Of(delivered), PaymentCause.KeyOpened, now));
    }

    /// <summary>
    /// The text, by the model's own rules. A model that is not here any more gives tokens without text.
    /// </summary>
    private async Task<string> TextAsync(JobParameters job, JobOutput output, CancellationToken cancellationToken)
    {
        RenderAnswerRequest request = new()
        {
            Model = job.ModelRoot.ToString(),
            Tokens = { output.Tokens },
            StopTokens = { job.StopTokens },
            StopStrings = { job.StopStrings },
        };
        try
        {
            return (await models.RenderAnswerAsync(request, cancellationToken: cancellationToken)).Text;
        }
        catch (RpcException exception) when (exception.StatusCode
            is StatusCode.NotFound or StatusCode.InvalidArgument or StatusCode.DataLoss or StatusCode.Unimplemented)
        {
            LogNoText(job.Id.ToString(), exception.Status.Detail);
            return "";
        }
    }

    /// <summary>Rule E-23: the worker bound itself to a key that leads elsewhere; the proof is in the row.</summary>
    private static StepResult WrongKey(JobRow row, long now)
    {
        JobRow failed = row with
        {
            IsAnswered = 1,
            IsOpen = 0,
            Failure = "wrong-key: the claim's key does not open the ciphertext to what the testament binds; key, "
                + "ciphertext and leaves are kept as the proof for a dispute",
        };
        return StepResult.Of(JobFacets.Move(JobChange.Of(failed), VerificationCause.RuleBroken, now));
    }

    [LoggerMessage(2056, LogLevel.Warning, "Job {JobId}: its tokens are here, but not its text: {Reason}")]
    private partial void LogNoText(string jobId, string reason);
}

/// <summary>Asks the chain about the transactions of an escrow.</summary>
internal sealed class EscrowLook(ChainRpc.ChainRpcClient chain)
{
    /// <summary>A transaction in a block or waiting, or null.</summary>
    public async Task<TransactionReply?> FindAsync(byte[]? txid, CancellationToken cancellationToken) =>
        txid is null ? null : await OrNullAsync(chain.GetTransactionAsync(
            new GetTransactionRequest { Txid = ByteString.CopyFrom(txid) }, cancellationToken: cancellationToken));

    /// <summary>What spends the payment output of J1, or null.</summary>
    public Task<TransactionReply?> FindSpendAsync(byte[] paymentTxid, CancellationToken cancellationToken) =>
        OrNullAsync(chain.FindSpendAsync(
            new FindSpendRequest { Txid = ByteString.CopyFrom(paymentTxid) }, cancellationToken: cancellationToken));

    /// <summary>The payment of a testament of ours, or null.</summary>
    public Task<TransactionReply?> FindPaymentAsync(JobRow row, CancellationToken cancellationToken) =>
        OrNullAsync(chain.FindPaymentAsync(
            new FindPaymentRequest
            {
                JobParameters = ByteString.CopyFrom(row.Parameters),
                Testament = ByteString.CopyFrom(row.Testament),
                WorkerKey = ByteString.CopyFrom(row.WorkerKey),
            },
            cancellationToken: cancellationToken));

    private static async Task<TransactionReply?> OrNullAsync(AsyncUnaryCall<TransactionReply> call)
    {
        try
        {
            return await call;
        }
        catch (RpcException exception) when (exception.StatusCode == StatusCode.NotFound)
        {
            return null;
        }
    }
}
