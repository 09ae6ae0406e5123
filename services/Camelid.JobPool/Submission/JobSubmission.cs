using System.Security.Cryptography;
using Camelid.Contracts.JobPool.V1;
using Camelid.JobPool.Jobs;
using Camelid.JobPool.Steps;
using Camelid.JobPool.Telemetry;
using Camelid.JobPool.Trade;
using Camelid.JobPool.Workers;
using Camelid.Protocol;
using Camelid.Protocol.Jobs;
using Camelid.ServiceDefaults.Rpc;
using Camelid.ServiceDefaults.Telemetry;
using Google.Protobuf;
using Grpc.Core;

namespace Camelid.JobPool.Submission;

/// <summary>Opens jobs.</summary>
internal sealed partial class JobSubmission(
    JobStore store, JobSteps steps, OperatorDirectory directory, WorkerRoster workers, JobSubmission.Context context)
{
    /// <summary>What submission is given besides its collaborators.</summary>
    internal sealed record Context(
        JobPoolOptions Options, TimeProvider Time, JobMetrics Metrics, WorkerChoice Choice,
        ILogger<JobSubmission> Logger);

    private readonly ILogger logger = context.Logger;

    /// <summary>
    /// [J2] Makes the JobId from the request and saves the row, state <c>created</c>, before anything is sent. Safe to
    /// repeat: the request key is unique.
    /// </summary>
    public async Task<SubmitJobReply> SubmitAsync(SubmitJobRequest request, CancellationToken cancellationToken)
    {
        JobRequestForm.CheckEnvelope(request);
        if (await store.FindByRequestAsync(request.RequestKey, cancellationToken) is { } earlier)
        {
            ThrowIf(await steps.AdvanceAsync(earlier.JobId, cancellationToken));
            return ReplyOf(earlier, repeated: true);
        }

        byte[] nonce = RandomNumberGenerator.GetBytes(Hash256.Bytes);
        OperatorProfile profile = await directory.GetAsync(cancellationToken);
        DateTimeOffset now = context.Time.GetUtcNow();
        bool isBought = request.Mode == JobMode.Batch && !workers.HasModel(request.ModelRoot.Span);
        ulong price = isBought ? await PriceAsync(request, cancellationToken) : context.Options.PriceGrainsPerToken;
        JobParameters parameters = JobRequestForm.ToParameters(request, context.Options, new JobRequestForm.Additions(
            profile.ClientKey, Hashes.Sha256(nonce), checked((uint)now.ToUnixTimeSeconds()), price));
        await CheckRoomAsync(request, isBought, cancellationToken);
        JobRow row = RowOf(request, parameters, nonce, now.ToUnixTimeMilliseconds()) with
        {
            Side = isBought ? JobSide.Bought : JobSide.Own,
            VerifyBy = request.VerifyBy,
        };
        if (!await store.AddAsync(row, cancellationToken))
        {
            JobRow? other = await store.FindByRequestAsync(request.RequestKey, cancellationToken);
            return ReplyOf(other ?? row, repeated: true);
        }

        context.Metrics.Opened();
        LogOpened(row.JobId, row.PromptTokenCount, parameters.MaxTokens, row.RewardGrains);
        ThrowIf(await steps.AdvanceAsync(row.JobId, cancellationToken));
        return ReplyOf(row, repeated: false);
    }

    private static void ThrowIf(StepRefusal? refusal)
    {
        if (refusal is not null)
        {
            throw RpcReason.Exception(refusal.Status, refusal.Reason, refusal.Message);
        }
    }

    /// <summary>
    /// What the client allows; else the lowest price that is asked now, or our own where nobody asks.
    /// </summary>
    private async Task<ulong> PriceAsync(SubmitJobRequest request, CancellationToken cancellationToken) =>
        request.MaxPriceGrains > 0
            ? request.MaxPriceGrains
            : await context.Choice.LowestPriceAsync(Hash256.FromBytes(request.ModelRoot.Span), cancellationToken)
                ?? context.Options.PriceGrainsPerToken;

    private async Task CheckRoomAsync(SubmitJobRequest request, bool isBought, CancellationToken cancellationToken)
    {
        if (!isBought && !workers.HasModel(request.ModelRoot.Span))
        {
            RpcReason.Throw(StatusCode.ResourceExhausted, "no-worker",
                $"no worker with the model {Convert.ToHexStringLower(request.ModelRoot.Span)} reported within "
                + $"{context.Options.WorkerSeconds} s: start one, or wait until it has loaded the model");
        }

        long waiting = await store.CountWaitingAsync(cancellationToken);
        if (waiting >= context.Options.OpenJobsMax)
        {
            RpcReason.Throw(StatusCode.ResourceExhausted, "queue-full",
                $"{waiting} jobs wait already, at most {context.Options.OpenJobsMax} may: try again later");
        }
    }

    private static JobRow RowOf(SubmitJobRequest request, JobParameters parameters, byte[] nonce, long nowMs) => new()
    {
        JobId = parameters.Id.ToString(),
        RequestKey = request.RequestKey,
        Account = request.Account,
        PaymentState = JobFacets.NameOf(PaymentState.Created),
        VerificationState = JobFacets.NameOf(VerificationState.Pending),
        Created = nowMs,
        Updated = nowMs,
        Version = 1,
        IsOpen = 1,

        // The caller takes the first steps; the recovery loop only where the caller does not get there.
        Due = nowMs + JobSteps.RetryMs,
        Parameters = parameters.Encode(),
        ModelRoot = parameters.ModelRoot.ToBytes(),
        PromptTokenCount = parameters.PromptTokens.Count,
        TopLogprobs = request.TopLogprobs,
        VerificationLevel = JobFacets.NameOf(parameters.Verification),
        Deadline = parameters.Deadline,
        Nonce = nonce,
        RewardGrains = Pricing.RewardGrains(parameters).Grains,
        Traceparent = ServiceTracing.CurrentTraceparent,
        ClientKey = parameters.ClientKey.Span.ToArray(),
    };

    private static SubmitJobReply ReplyOf(JobRow row, bool repeated) => new()
    {
        JobId = ByteString.CopyFrom(Convert.FromHexString(row.JobId)),
        Repeated = repeated,
    };

    [LoggerMessage(2001, LogLevel.Information,
        "Job {JobId} opened: {PromptTokens} prompt tokens, at most {MaxTokens} more, reward {RewardGrains} grains")]
    private partial void LogOpened(string jobId, long promptTokens, uint maxTokens, long rewardGrains);
}
