using Camelid.Contracts.Chain.V1;
using Camelid.JobPool.Jobs;
using Camelid.JobPool.Steps;
using Camelid.JobPool.Submission;
using Camelid.Protocol;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Trade;
using Camelid.Protocol.Transactions;
using Camelid.ServiceDefaults.Rpc;
using Google.Protobuf;
using Grpc.Core;

namespace Camelid.JobPool.Trade;

/// <summary>From an open offer to an order in a worker's hands.</summary>
internal sealed partial class PurchaseSteps(
    SignerRpc.SignerRpcClient signer, MarketRpc.MarketRpcClient market, OperatorDirectory directory,
    WorkerChoice choice, PurchaseSteps.Tools tools)
{
    /// <summary>What the steps are given besides their collaborators.</summary>
    internal sealed record Tools(TradePost Post, ILogger<PurchaseSteps> Logger);

    private readonly ILogger logger = tools.Logger;

    /// <summary>
    /// [J12] Gossips the offer, chooses a worker and signs the assignment to its stake. A job without a worker waits
    /// until its deadline: one may come.
    /// </summary>
    public async Task<StepResult> ChooseWorkerAsync(JobRow row, CancellationToken cancellationToken)
    {
        if (row.Attempt == 0 && await AnnounceAsync(row, cancellationToken))
        {
            return StepResult.Of(JobChange.Of(row with { Attempt = 1 }));
        }

        JobParameters job = OfferSteps.ParametersOf(row);
        if (await choice.WorkerAsync(job, cancellationToken) is not { } worker)
        {
            return StepResult.Wait;
        }

        AssignmentReply assignment;
        try
        {
            assignment = await signer.SignAssignmentAsync(
                new SignAssignmentRequest
                {
                    JobId = OfferSteps.IdOf(row), Nonce = ByteString.CopyFrom(row.Nonce), StakeId = worker.StakeId,
                },
                cancellationToken: cancellationToken);
        }
        catch (RpcException exception) when (RpcReason.Of(exception) == "unknown-stake")
        {
            LogNotAssigned(row.JobId, exception.Status.Detail);
            return StepResult.Wait;
        }

        StakeId stake = OperatorProfile.StakeOf(assignment.StakeId.Span);
        LogAssigned(row.JobId, stake, Convert.ToHexStringLower(worker.NodeId.Span));
        return StepResult.Of(JobChange.Of(row with
        {
            StakeId = assignment.StakeId.ToByteArray(),
            AssignmentSignature = assignment.Signature.ToByteArray(),
            Seed = JobSeed.Of(job, Hash256.FromBytes(row.Nonce), stake).ToBytes(),
            PeerNode = worker.NodeId.ToByteArray(),
            WorkerKey = worker.PublicKey.ToByteArray(),
            Worker = Convert.ToHexStringLower(worker.NodeId.Span),
            Attempt = 1,
        }));
    }

    /// <summary>
    /// Seals the order to the chosen stake and sends it to its node alone; again until it is answered.
    /// </summary>
    public async Task<StepResult> SendOrderAsync(JobRow row, long now, CancellationToken cancellationToken)
    {
        OperatorProfile profile = await directory.GetAsync(cancellationToken);
        JobOrder order = new()
        {
            Parameters = OfferSteps.ParametersOf(row),
            Nonce = Hash256.FromBytes(row.Nonce),
            Signature = row.AssignmentSignature!,
            Offer = new Txid(Hash256.FromBytes(row.OfferTxid)),
        };
        SealedMessage message = tools.Post.Seal(
            TradeMessageKind.Order, new SealedAddress(profile.Genesis, OperatorProfile.StakeOf(row.StakeId)),
            KeyOf(row.WorkerKey), order.Encode());
        await tools.Post.SendAsync(row.PeerNode!, TradeMessageKind.Order, message.Encode(), cancellationToken);
        return StepResult.Of(JobChange.Of(row with { Sent = now, Attempt = row.Attempt + 1 }));
    }

    /// <summary>A public key that was checked when it was stored.</summary>
    public static PublicKey KeyOf(byte[]? bytes) => PublicKey.TryFromBytes(bytes, out PublicKey key)
        ? key
        : throw new System.Diagnostics.UnreachableException("a stored key is no key");

    /// <summary>
    /// The offer is told to everybody, for workers to see what is wanted; the job does not depend on it.
    /// </summary>
    private async Task<bool> AnnounceAsync(JobRow row, CancellationToken cancellationToken)
    {
        try
        {
            await market.AnnounceOfferAsync(
                new AnnounceOfferRequest { JobId = OfferSteps.IdOf(row) }, cancellationToken: cancellationToken);
            return true;
        }
        catch (RpcException exception) when (!cancellationToken.IsCancellationRequested)
        {
            LogNotAnnounced(row.JobId, exception.Status.Detail);
            return false;
        }
    }

    [LoggerMessage(2053, LogLevel.Information, "Job {JobId} is assigned to stake {Stake} of node {Node}")]
    private partial void LogAssigned(string jobId, StakeId stake, string node);

    [LoggerMessage(2054, LogLevel.Information, "Job {JobId} is not assigned yet: {Reason}")]
    private partial void LogNotAssigned(string jobId, string reason);

    [LoggerMessage(2055, LogLevel.Information, "The offer of job {JobId} is not gossiped yet: {Reason}")]
    private partial void LogNotAnnounced(string jobId, string reason);
}
