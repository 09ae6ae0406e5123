using Camelid.Contracts.Chain.V1;
using Camelid.Contracts.JobPool.V1;
using Camelid.Contracts.Verifier.V1;
using Camelid.JobPool.Submission;
using Camelid.Protocol;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Verification;
using Google.Protobuf;
using MassTransit;

namespace Camelid.JobPool.Tests.Path;

/// <summary>A verifier without a model, whose attestations the operator's own key signs.</summary>
internal sealed class SignedVerdictPeer(SignerRpc.SignerRpcClient signer) : IConsumer<VerifyJob>
{
    public async Task Consume(ConsumeContext<VerifyJob> context)
    {
        OperatorReply reply = await signer.GetOperatorAsync(
            new GetOperatorRequest(), cancellationToken: context.CancellationToken);
        Assert.True(JobId.TryParse(context.Message.JobId, out JobId job));
        VerificationAttestation attestation = new()
        {
            Genesis = Network.Regtest.GenesisHash.Value,
            JobId = job,
            TestamentHash = Hash256.FromBytes(context.Message.TestamentHash),
            Level = VerificationLevel.Full,
            Verdict = VerificationState.Passed,
            FirstBadPosition = -1,
            NumericsClass = Hash256.FromBytes(context.Message.NumericsClass),
            Verifier = OperatorProfile.StakeOf(reply.VerifierStakeId.Span),
        };
        SignatureReply signature = await signer.SignAttestationAsync(
            new SignAttestationRequest { Attestation = ByteString.CopyFrom(attestation.Encode()) },
            cancellationToken: context.CancellationToken);
        await context.Publish(
            new JobVerified
            {
                JobId = context.Message.JobId,
                TestamentHash = context.Message.TestamentHash,
                Verdict = "passed",
                Attestation = attestation.Encode(),
                Signature = signature.Signature.ToByteArray(),
                VerifierKey = signature.PublicKey.ToByteArray(),
            },
            context.CancellationToken);
    }
}
