using System.Diagnostics;
using Camelid.Contracts.Chain.V1;
using Camelid.Contracts.JobPool.V1;
using Camelid.JobPool.Jobs;
using Camelid.JobPool.Submission;
using Camelid.Protocol;
using Camelid.Protocol.Jobs;
using Google.Protobuf;
using FinishReason = Camelid.Protocol.Jobs.FinishReason;

namespace Camelid.JobPool.Steps;

/// <summary>From a stored output to a testament in the verifiers' queue.</summary>
internal sealed class CommitSteps(SignerRpc.SignerRpcClient signer, OperatorDirectory directory)
{
    /// <summary>
    /// Signs the testament over the stored output and k, and saves it with VerifyJob in the outbox: <c>committed</c>.
    /// Repeated, it signs the same bytes, since k is in the row.
    /// </summary>
    public async Task<StepResult> CommitAsync(JobRow row, long now, CancellationToken cancellationToken)
    {
        OperatorProfile profile = await directory.GetAsync(cancellationToken);
        JobOutput output = OutputOf(row);
        Testament testament = TestamentOf(row, profile, output);
        byte[]? cancellation = output.FinishReason == FinishReason.Cancelled
            ? await SignCancellationAsync(row, cancellationToken)
            : null;
        SignatureReply reply = await signer.SignTestamentAsync(
            new SignTestamentRequest { Testament = ByteString.CopyFrom(testament.Encode()) },
            cancellationToken: cancellationToken);
        JobParameters parameters = OfferSteps.ParametersOf(row);
        JobRow committed = row with
        {
            Testament = testament.Encode(),
            TestamentHash = testament.Hash.ToBytes(),
            TestamentSignature = reply.Signature.ToByteArray(),
            TestamentExpiry = testament.Expiry,
            WorkerKey = reply.PublicKey.ToByteArray(),
            OutputRoot = testament.OutputRoot.ToBytes(),
            CancellationSignature = cancellation,
            Committed = now,
            PaymentGrains = Pricing.PaymentGrains(
                parameters, Pricing.TokensRun(parameters, (uint)output.Tokens.Length)).Grains,
        };
        JobChange change = JobFacets.Move(JobChange.Of(committed), PaymentCause.TestamentSigned, now);

        // Sold: whether the answer is lawful, its client finds out; the worker's part is to send it.
        return row.Side == JobSide.Sold
            ? StepResult.Of(change with { Row = change.Row with { Sent = 0 } })
            : Send(change, now);
    }

    /// <summary>
    /// No verdict yet: the command may be lost, and a verifier gives one verdict however often it is asked.
    /// </summary>
    public static StepResult SendVerifyAgain(JobRow row, long now) => Send(JobChange.Of(row), now);

    /// <summary>
    /// No verifier answered in time. Inside one operator the worker is our own: the answer stands as inconclusive and
    /// is paid, and the receipt says so.
    /// </summary>
    public static StepResult GiveUpVerifying(JobRow row, long now) =>
        StepResult.Of(JobFacets.Move(JobChange.Of(row), VerificationCause.VerifierMissing, now));

    /// <summary>The stored output.</summary>
    public static JobOutput OutputOf(JobRow row) =>
        JobOutput.TryDecode(row.Output, out JobOutput? output) && output is not null
            ? output
            : throw new UnreachableException($"job {row.JobId}: the stored output is not canonical");

    private async Task<byte[]> SignCancellationAsync(JobRow row, CancellationToken cancellationToken)
    {
        SignatureReply reply = await signer.SignCancellationAsync(
            new SignCancellationRequest { JobId = OfferSteps.IdOf(row), TokenCount = (uint)row.OutputTokenCount },
            cancellationToken: cancellationToken);
        return reply.Signature.ToByteArray();
    }

    private static Testament TestamentOf(JobRow row, OperatorProfile profile, JobOutput output)
    {
        OutputCommitment commitment = OutputCommitment.Create(output, row.OutputKey);
        JobParameters parameters = OfferSteps.ParametersOf(row);
        return new Testament
        {
            Genesis = profile.Genesis,
            JobId = parameters.Id,
            OutputRoot = commitment.OutputRoot,
            CiphertextRoot = commitment.CiphertextRoot,
            ChunkCount = commitment.ChunkCount,
            TokenCount = (uint)output.Tokens.Length,
            FinishReason = output.FinishReason,
            Nonce = Hash256.FromBytes(row.Nonce),
            NumericsClass = Hash256.FromBytes(row.NumericsClass),
            KeyHash = commitment.KeyHash,
            RewardAddress = profile.RewardAddress,
            Stake = OperatorProfile.StakeOf(row.StakeId),
            SlashGrains = profile.SlashGrains,
            Expiry = EscrowSchedule.Of(parameters, profile.WindowSeconds).TestamentExpiry,
        };
    }

    private static StepResult Send(JobChange change, long now)
    {
        JobRow row = change.Row with { Sent = now };
        VerifyJob command = new()
        {
            JobId = row.JobId,
            Parameters = row.Parameters,
            Seed = row.Seed!,
            Output = row.Output!,
            TestamentHash = row.TestamentHash!,
            NumericsClass = row.NumericsClass!,
            Cancelled = row.CancellationSignature is not null,
        };
        return new StepResult
        {
            Change = change with { Row = row },
            Publish = session => session.Publish(command, row.JobId),
        };
    }
}
