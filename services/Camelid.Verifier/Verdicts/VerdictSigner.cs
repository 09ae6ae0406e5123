using Camelid.Contracts.Chain.V1;
using Camelid.Protocol;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Verification;
using Camelid.ServiceDefaults.Rpc;
using Google.Protobuf;
using Grpc.Core;

namespace Camelid.Verifier.Verdicts;

/// <summary>An attestation with its signature.</summary>
/// <param name="Attestation">Canonical bytes.</param>
/// <param name="Signature">DER.</param>
/// <param name="VerifierKey">33 bytes.</param>
internal sealed record SignedAttestation(byte[] Attestation, byte[] Signature, byte[] VerifierKey);

/// <summary>Has verdicts signed by the operator's verifier key, which stays in Chain.</summary>
internal sealed class VerdictSigner(SignerRpc.SignerRpcClient signer)
{
    /// <summary>Attests a verdict.</summary>
    /// <exception cref="RpcException">Chain is away, or the verifier's stake is not confirmed yet.</exception>
    public async Task<SignedAttestation> SignAsync(
        JudgedOutput judged, RasticVerdict verdict, Hash256 numericsClass, CancellationToken cancellationToken)
    {
        OperatorReply operatorReply = await signer.GetOperatorAsync(
            new GetOperatorRequest(), cancellationToken: cancellationToken);
        VerificationAttestation attestation = new()
        {
            Genesis = Hash256.FromBytes(operatorReply.GenesisHash.Span),
            JobId = judged.Parameters.Id,
            TestamentHash = judged.TestamentHash,
            Level = judged.Parameters.Verification,
            Verdict = verdict.State,
            FirstBadPosition = verdict.Position,
            NumericsClass = numericsClass,
            Verifier = StakeOf(operatorReply.VerifierStakeId),
        };
        byte[] bytes = attestation.Encode();
        SignatureReply reply = await signer.SignAttestationAsync(
            new SignAttestationRequest { Attestation = ByteString.CopyFrom(bytes) },
            cancellationToken: cancellationToken);
        return new SignedAttestation(bytes, reply.Signature.ToByteArray(), reply.PublicKey.ToByteArray());
    }

    /// <summary>36 bytes: txid ‖ index, little-endian.</summary>
    private static StakeId StakeOf(ByteString bytes)
    {
        if (bytes.Length != StakeId.Bytes)
        {
            RpcReason.Throw(
                StatusCode.FailedPrecondition, "no-stake",
                "the verifier's stake is not confirmed yet; the job is sent again");
        }

        CanonicalReader reader = new(bytes.Span);
        return new StakeId(reader.Hash(), reader.UInt32());
    }
}
