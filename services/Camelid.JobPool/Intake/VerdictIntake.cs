using Camelid.Contracts.Verifier.V1;
using Camelid.JobPool.Jobs;
using Camelid.JobPool.Steps;
using Camelid.JobPool.Submission;
using Camelid.JobPool.Trade;
using Camelid.Protocol;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Verification;
using MassTransit;

namespace Camelid.JobPool.Intake;

/// <summary>Takes a verifier's signed verdict.</summary>
internal sealed partial class VerdictIntake(
    JobSteps steps, OperatorDirectory directory, CheckDesk checks, ISecp256k1 curve, ILogger<VerdictIntake> logger)
{
    /// <summary>
    /// Moves the verification facet, if the attestation is about this testament and signed by our verifier.
    /// </summary>
    public async Task AcceptAsync(JobVerified message, CancellationToken cancellationToken)
    {
        OperatorProfile profile = await directory.GetAsync(cancellationToken);
        if (!VerificationAttestation.TryDecode(message.Attestation, out VerificationAttestation? attestation)
            || attestation is null || !PublicKey.TryFromBytes(message.VerifierKey, out PublicKey key)
            || key != profile.VerifierKey || attestation.Genesis != profile.Genesis
            || !curve.Verify(key, attestation.SigningHash, message.Signature))
        {
            LogNotSigned(message.JobId);
            return;
        }

        await steps.ApplyAsync(message.JobId, (row, now) => Judge(row, message, attestation, now), cancellationToken);
        await checks.AcceptVerdictAsync(message, attestation, cancellationToken);
    }

    private JobChange? Judge(JobRow row, JobVerified message, VerificationAttestation attestation, long now)
    {
        VerificationState state = JobFacets.VerificationOf(row);
        bool isOurs = attestation.JobId.ToString() == row.JobId && row.TestamentHash is not null
            && attestation.TestamentHash == Hash256.FromBytes(row.TestamentHash);
        VerificationCause cause = VerificationLifecycle.CauseOf(attestation.Verdict);
        if (!isOurs || VerificationLifecycle.Next(state, cause) is null)
        {
            LogIgnored(row.JobId, message.Verdict, JobFacets.NameOf(state));
            return null;
        }

        JobRow judged = row with
        {
            Attestation = message.Attestation,
            AttestationSignature = message.Signature,
            VerifierKey = message.VerifierKey,
        };
        if (attestation.Verdict == VerificationState.Failed && row.PaymentTxid is null && row.Side == JobSide.Own)
        {
            judged = judged with
            {
                Failure = $"verification-failed: {message.Finding} at output position {attestation.FirstBadPosition}",
            };
        }

        return JobFacets.Move(JobChange.Of(judged), cause, now);
    }

    [LoggerMessage(2030, LogLevel.Warning,
        "Job {JobId}: a verdict is ignored, it is not signed by this operator's verifier")]
    private partial void LogNotSigned(string jobId);

    [LoggerMessage(2031, LogLevel.Information,
        "Job {JobId}: verdict {Verdict} changes nothing (state {State}, or another testament)")]
    private partial void LogIgnored(string jobId, string verdict, string state);
}

/// <summary>
/// [J8] Pays for a verified output: from then on the answer stands. Safe to run twice: the verdict is a state, and the
/// Chain service gives the same payment again.
/// </summary>
internal sealed class JobVerifiedConsumer(VerdictIntake intake) : IConsumer<JobVerified>
{
    public Task Consume(ConsumeContext<JobVerified> context) =>
        intake.AcceptAsync(context.Message, context.CancellationToken);
}
