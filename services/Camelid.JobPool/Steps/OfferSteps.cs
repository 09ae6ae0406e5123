using System.Diagnostics;
using Camelid.Contracts.Chain.V1;
using Camelid.Contracts.JobPool.V1;
using Camelid.JobPool.Jobs;
using Camelid.JobPool.Submission;
using Camelid.Protocol;
using Camelid.Protocol.Jobs;
using Camelid.ServiceDefaults.Rpc;
using Google.Protobuf;
using Grpc.Core;

namespace Camelid.JobPool.Steps;

/// <summary>From <c>created</c> to a command in the workers' queue, and back where nothing came of it.</summary>
internal sealed class OfferSteps(SignerRpc.SignerRpcClient signer)
{
    /// <summary>The client's offer J0. A refusal of money ends the job; the request key may be used again.</summary>
    public async Task<StepResult> OpenAsync(JobRow row, long now, CancellationToken cancellationToken)
    {
        try
        {
            OfferReply offer = await signer.OpenOfferAsync(
                new OpenOfferRequest { JobParameters = ByteString.CopyFrom(row.Parameters) },
                cancellationToken: cancellationToken);
            return StepResult.Of(JobChange.Of(
                row with { OfferTxid = offer.Txid.ToByteArray(), OfferRaw = offer.Raw.ToByteArray() }));
        }
        catch (RpcException exception) when (exception.StatusCode == StatusCode.ResourceExhausted
            && row.Side == JobSide.Bought)
        {
            // Every deposit has an open job. Nobody waits at the door: the job waits until one is free.
            return StepResult.Wait;
        }
        catch (RpcException exception) when (exception.StatusCode
            is StatusCode.ResourceExhausted or StatusCode.FailedPrecondition or StatusCode.InvalidArgument)
        {
            string reason = RpcReason.Of(exception) is { Length: > 0 } named ? named : "offer-refused";
            string message = exception.Status.Detail;
            StepResult ended = EndSteps.Withdraw(
                JobChange.Of(row with { RequestKey = $"refused:{row.JobId}" }), now, $"{reason}: {message}");
            return ended with { Refusal = new StepRefusal(exception.StatusCode, reason, message) };
        }
    }

    /// <summary>
    /// [J4] Assigns the job to the operator's worker stake, derives the seed, and puts ComputeJob into the outbox in
    /// the transaction that saves both.
    /// </summary>
    public async Task<StepResult> AssignAsync(JobRow row, long now, CancellationToken cancellationToken)
    {
        AssignmentReply reply = await signer.SignAssignmentAsync(
            new SignAssignmentRequest { JobId = IdOf(row), Nonce = ByteString.CopyFrom(row.Nonce) },
            cancellationToken: cancellationToken);
        StakeId stake = OperatorProfile.StakeOf(reply.StakeId.Span);
        Hash256 seed = JobSeed.Of(ParametersOf(row), Hash256.FromBytes(row.Nonce), stake);
        return Send(
            row with
            {
                StakeId = reply.StakeId.ToByteArray(),
                AssignmentSignature = reply.Signature.ToByteArray(),
                Seed = seed.ToBytes(),
                Attempt = 1,
            },
            now);
    }

    /// <summary>Nobody took the command: the queue may have lost it.</summary>
    public static StepResult SendAgain(JobRow row, long now) => Send(row, now);

    /// <summary>The lease lapsed: another worker may try, and what the first one still reports is stale.</summary>
    public static StepResult NextAttempt(JobRow row, long now) => Send(
        row with { Attempt = row.Attempt + 1, Worker = "", LeaseUntil = now + RepeatMs }, now);

    /// <summary>
    /// Frees the deposit. An offer that the Chain service does not know was never opened. Null where the job's payment
    /// is
    /// signed: the process ended before the row had it, and the row is to follow it.
    /// </summary>
    public async Task<StepResult?> CloseAsync(JobRow row, CancellationToken cancellationToken)
    {
        try
        {
            await signer.CloseOfferAsync(
                new CloseOfferRequest { JobId = IdOf(row) }, cancellationToken: cancellationToken);
        }
        catch (RpcException exception) when (RpcReason.Of(exception) == "already-paid" && row.Testament is not null)
        {
            return null;
        }
        catch (RpcException exception) when (exception.StatusCode
            is StatusCode.NotFound or StatusCode.FailedPrecondition)
        {
            // Never opened, or closed already: either way nothing is left to give back.
        }

        return StepResult.Of(JobChange.Of(row with { IsOfferClosed = 1 }));
    }

    /// <summary>The job's id as the wire carries it.</summary>
    public static ByteString IdOf(JobRow row) => ByteString.CopyFrom(Convert.FromHexString(row.JobId));

    /// <summary>The job's parameters, which were in form when they were stored.</summary>
    public static JobParameters ParametersOf(JobRow row) =>
        JobParameters.TryDecode(row.Parameters, out JobParameters? parameters) && parameters is not null
            ? parameters
            : throw new UnreachableException($"job {row.JobId}: the stored parameters are not canonical");

    /// <summary>Milliseconds in which a new attempt is to be taken up; after them comes the next one.</summary>
    private const long RepeatMs = 15_000;

    /// <summary>Puts ComputeJob into the outbox with the row.</summary>
    public static StepResult Send(JobRow row, long now)
    {
        ComputeJob command = new()
        {
            JobId = row.JobId,
            Attempt = (uint)row.Attempt,
            Parameters = row.Parameters,
            Seed = row.Seed ?? throw new UnreachableException($"job {row.JobId}: sent without a seed"),
            TopLogprobs = (uint)row.TopLogprobs,
        };
        return new StepResult
        {
            Change = JobChange.Of(row with { Sent = now }),
            Publish = session => session.Publish(command, row.JobId),
        };
    }
}
