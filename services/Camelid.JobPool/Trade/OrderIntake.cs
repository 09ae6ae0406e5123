using Camelid.Contracts.Chain.V1;
using Camelid.Contracts.JobPool.V1;
using Camelid.JobPool.Jobs;
using Camelid.JobPool.Steps;
using Camelid.JobPool.Submission;
using Camelid.JobPool.Telemetry;
using Camelid.JobPool.Workers;
using Camelid.Protocol;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Trade;
using Camelid.ServiceDefaults.Rpc;
using Google.Protobuf;
using Grpc.Core;

namespace Camelid.JobPool.Trade;

/// <summary>
/// Orders of other operators' clients. One row for each job: an order that comes again is answered again, and computed
/// once.
/// </summary>
internal sealed partial class OrderIntake(
    JobStore store, JobSteps steps, SaleSteps sales, OperatorDirectory directory, OrderIntake.Tools tools)
{
    /// <summary>What the intake is given besides its collaborators.</summary>
    internal sealed record Tools(
        SignerRpc.SignerRpcClient Signer, TradePost Post, WorkerRoster Roster, ISecp256k1 Curve, JobPoolOptions Options,
        JobMetrics Metrics, TimeProvider Time, NodeConduct Conduct, ILogger<OrderIntake> Logger);

    private readonly ILogger logger = tools.Logger;

    /// <summary>[J13] Judges an order, keeps the job and answers. Safe to repeat.</summary>
    public async Task TakeAsync(NodeMessage message, CancellationToken cancellationToken)
    {
        byte[] sender = message.Sender.ToByteArray();
        if (await OpenAsync(message, cancellationToken) is not { } opened)
        {
            return;
        }

        JobOrder order = opened.Order;
        string jobId = order.Parameters.Id.ToString();
        JobRow? row = await store.FindAsync(jobId, cancellationToken);
        if (row is null)
        {
            OrderCode code = await JudgeAsync(opened, cancellationToken);
            if (code == OrderCode.Unset)
            {
                return;
            }

            if (code != OrderCode.Accepted)
            {
                await RefuseAsync(opened, code, sender, cancellationToken);
                return;
            }

            row = RowOf(opened, sender);
            await store.AddAsync(row, cancellationToken);
            tools.Metrics.Opened();
            LogTaken(jobId, row.PromptTokenCount, row.RewardGrains, Convert.ToHexStringLower(sender));
        }

        await AnswerAsync(row.JobId, sender, cancellationToken);
    }

    private async Task AnswerAsync(string jobId, byte[] sender, CancellationToken cancellationToken)
    {
        await steps.AdvanceAsync(jobId, cancellationToken);
        JobRow? row = await store.FindAsync(jobId, cancellationToken);
        if (row is { Side: JobSide.Sold, OrderAnswerSignature: not null }
            && sender.AsSpan().SequenceEqual(row.PeerNode))
        {
            await sales.SendAnswerAsync(row, cancellationToken);
        }
    }

    /// <summary>An order that was sealed to our worker's stake, with what the chain says of it.</summary>
    private sealed record OpenedOrder(JobOrder Order, StakeId Stake, uint StakeTime, OperatorProfile Profile);

    private async Task<OpenedOrder?> OpenAsync(NodeMessage message, CancellationToken cancellationToken)
    {
        OperatorProfile profile = await directory.GetAsync(cancellationToken);
        OpenOrderReply reply;
        try
        {
            reply = await tools.Signer.OpenOrderAsync(
                new OpenOrderRequest { Order = message.Body }, cancellationToken: cancellationToken);
        }
        catch (RpcException exception) when (exception.StatusCode
            is StatusCode.FailedPrecondition or StatusCode.InvalidArgument)
        {
            tools.Conduct.Refuse(
                message.Sender, "order", exception.StatusCode == StatusCode.InvalidArgument
                    ? TradeFault.Malformed
                    : TradeFault.NotSealedHere,
                exception.Status.Detail);
            return null;
        }

        if (!JobOrder.TryDecode(reply.Content.Span, out JobOrder? order) || order is null)
        {
            tools.Conduct.Refuse(message.Sender, "order", TradeFault.Malformed, "its content is not canonical");
            return null;
        }

        return new OpenedOrder(
            order, OperatorProfile.StakeOf(reply.StakeId.Span), checked((uint)reply.StakeBlockTimeUnix), profile);
    }

    /// <summary>Unset where J0 may still be on its way: the order comes again.</summary>
    private async Task<OrderCode> JudgeAsync(OpenedOrder opened, CancellationToken cancellationToken)
    {
        JobParameters job = opened.Order.Parameters;
        uint now = checked((uint)tools.Time.GetUtcNow().ToUnixTimeSeconds());
        WorkerTerms terms = new()
        {
            Genesis = opened.Profile.Genesis,
            Stake = opened.Stake,
            StakeTime = opened.StakeTime,
            Now = now,
            PriceGrainsPerToken = tools.Options.PriceGrainsPerToken,
            SlashGrains = opened.Profile.SlashGrains,
            Models = ModelsOf(tools.Roster.Alive()),
        };
        OrderCode code = OrderJudge.Judge(opened.Order, terms, tools.Curve);
        if (code != OrderCode.Accepted)
        {
            return code;
        }

        SoldCount sold = await store.CountSoldAsync(job.ClientKey.Span.ToArray(), cancellationToken);
        if (sold.Total >= tools.Options.SoldOpenMax || sold.OfClient >= tools.Options.SoldPerClientMax)
        {
            return OrderCode.Busy;
        }

        return await BackingAsync(opened.Order, cancellationToken);
    }

    /// <summary>
    /// Rule J-16: the money behind the offer, as the chain sees it. Unset while J0 is on its way: a job may have waited
    /// long for a deposit, so its age says nothing, and a refusal is for good.
    /// </summary>
    private async Task<OrderCode> BackingAsync(JobOrder order, CancellationToken cancellationToken)
    {
        try
        {
            await tools.Signer.CheckOfferAsync(
                new CheckOfferRequest
                {
                    JobParameters = ByteString.CopyFrom(order.Parameters.Encode()),
                    OfferTxid = ByteString.CopyFrom(order.Offer.Value.ToBytes()),
                },
                cancellationToken: cancellationToken);
            return OrderCode.Accepted;
        }
        catch (RpcException exception) when (exception.StatusCode == StatusCode.FailedPrecondition)
        {
            LogUnbacked(order.Parameters.Id.ToString(), exception.Status.Detail);
            return RpcReason.Of(exception) == RuleCode.OfferTransactionUnknown.ToReason()
                ? OrderCode.Unset
                : OrderCode.OfferUnbacked;
        }
    }

    private static Dictionary<Hash256, Hash256> ModelsOf(IReadOnlyList<WorkerReport> workers)
    {
        Dictionary<Hash256, Hash256> models = [];
        foreach (WorkerReport worker in workers.Where(worker => worker.NumericsClass.Length == Hash256.Bytes))
        {
            foreach (ByteString root in worker.ModelRoots)
            {
                models[Hash256.FromBytes(root.Span)] = Hash256.FromBytes(worker.NumericsClass.Span);
            }
        }

        return models;
    }

    /// <summary>The refusal is signed and kept: the job can't be taken later under another word.</summary>
    private async Task RefuseAsync(
        OpenedOrder opened, OrderCode code, byte[] sender, CancellationToken cancellationToken)
    {
        OrderAnswer answer = new()
        {
            Genesis = opened.Profile.Genesis, JobId = opened.Order.Parameters.Id, Stake = opened.Stake, Code = code,
        };
        LogNotTaken(answer.JobId.ToString(), JobFacets.NameOf(code));
        tools.Metrics.Refused(JobFacets.NameOf(code));
        try
        {
            SignatureReply reply = await tools.Signer.SignOrderAnswerAsync(
                new SignOrderAnswerRequest { Answer = ByteString.CopyFrom(answer.Encode()) },
                cancellationToken: cancellationToken);
            SignedBody signed = new() { Body = answer.Encode(), Signature = reply.Signature.ToByteArray() };
            await tools.Post.SendAsync(sender, TradeMessageKind.OrderAnswer, signed.Encode(), cancellationToken);
        }
        catch (RpcException exception) when (RpcReason.Of(exception) == "second-order-answer")
        {
            // Refused before, for another reason: that word stands, and was sent.
            LogNotTaken(answer.JobId.ToString(), "refused before");
        }
    }

    private JobRow RowOf(OpenedOrder opened, byte[] sender)
    {
        JobParameters job = opened.Order.Parameters;
        long nowMs = tools.Time.GetUtcNow().ToUnixTimeMilliseconds();
        return new JobRow
        {
            JobId = job.Id.ToString(),
            RequestKey = $"sold:{job.Id}",
            PaymentState = JobFacets.NameOf(PaymentState.Created),
            VerificationState = JobFacets.NameOf(VerificationState.Pending),
            Created = nowMs,
            Updated = nowMs,
            Version = 1,
            IsOpen = 1,
            Due = nowMs + JobSteps.RetryMs,
            Parameters = job.Encode(),
            ModelRoot = job.ModelRoot.ToBytes(),
            PromptTokenCount = job.PromptTokens.Count,
            VerificationLevel = JobFacets.NameOf(job.Verification),
            Deadline = job.Deadline,
            Nonce = opened.Order.Nonce.ToBytes(),
            RewardGrains = Pricing.RewardGrains(job).Grains,
            ClientKey = job.ClientKey.Span.ToArray(),
            OfferTxid = opened.Order.Offer.Value.ToBytes(),
            IsOfferClosed = 1,
            StakeId = OperatorProfile.BytesOf(opened.Stake),
            AssignmentSignature = opened.Order.Signature,
            Seed = JobSeed.Of(job, opened.Order.Nonce, opened.Stake).ToBytes(),
            Side = JobSide.Sold,
            PeerNode = sender,
        };
    }

    [LoggerMessage(2058, LogLevel.Information,
        "Job {JobId} of another operator is taken: {PromptTokens} prompt tokens, {RewardGrains} grains, node {Node}")]
    private partial void LogTaken(string jobId, long promptTokens, long rewardGrains, string node);

    [LoggerMessage(2059, LogLevel.Information, "Job {JobId} of another operator is not taken: {Reason}")]
    private partial void LogNotTaken(string jobId, string reason);

    [LoggerMessage(2061, LogLevel.Information, "The offer of job {JobId} is not backed yet: {Reason}")]
    private partial void LogUnbacked(string jobId, string reason);
}

/// <summary>What clients of other operators say about jobs that run here.</summary>
internal sealed class SaleIntake(JobSteps steps)
{
    /// <summary>The client has the commitment: it need not be sent again.</summary>
    public Task TakeReceiptAsync(NodeMessage message, CancellationToken cancellationToken) =>
        CommitmentReceipt.TryDecode(message.Body.Span, out CommitmentReceipt receipt)
            ? steps.ApplyAsync(
                receipt.JobId.ToString(), (row, now) => Received(row, receipt, message, now), cancellationToken)
            : Task.CompletedTask;

    private static JobChange? Received(JobRow row, CommitmentReceipt receipt, NodeMessage message, long now) =>
        row is { Side: JobSide.Sold, PeerAnswered: 0, TestamentHash: not null }
        && message.Sender.Span.SequenceEqual(row.PeerNode)
        && receipt.TestamentHash == Hash256.FromBytes(row.TestamentHash)
            ? JobChange.Of(row with { PeerAnswered = now })
            : null;
}
