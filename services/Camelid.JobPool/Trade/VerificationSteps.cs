using Camelid.Contracts.Chain.V1;
using Camelid.JobPool.Jobs;
using Camelid.JobPool.Steps;
using Camelid.JobPool.Submission;
using Camelid.Protocol;
using Camelid.Protocol.Trade;
using Camelid.ServiceDefaults.Hosting;
using Google.Protobuf;

namespace Camelid.JobPool.Trade;

/// <summary>The check of a bought answer: by this operator's verifier, or by another operator's.</summary>
internal sealed class VerificationSteps(
    SignerRpc.SignerRpcClient signer, OperatorDirectory directory, WorkerChoice choice, TradePost post,
    NodeRoles roles)
{
    /// <summary>Milliseconds after which another verifier is asked, where there is one.</summary>
    private const long AnotherAfterMs = 20_000;

    /// <summary>[J16] Asks, and asks again until there is a verdict or the time is over.</summary>
    public async Task<StepResult> RequestAsync(JobRow row, long now, CancellationToken cancellationToken)
    {
        if (roles.IsVerifier && row.VerifyBy is not VerifyChoice.Third)
        {
            return CommitSteps.SendVerifyAgain(row, now);
        }

        JobRow asked = row with { Sent = now };
        if (row.VerifyBy == VerifyChoice.Own)
        {
            return StepResult.Of(JobChange.Of(asked));
        }

        byte[]? avoid = now - row.Delivered >= AnotherAfterMs ? row.VerifierNode : null;
        if (await choice.VerifierAsync(row, avoid, cancellationToken) is not { } verifier)
        {
            return StepResult.Of(JobChange.Of(asked));
        }

        await SendAsync(row, verifier, cancellationToken);
        return StepResult.Of(JobChange.Of(asked with
        {
            VerifierNode = verifier.NodeId.ToByteArray(),
            VerifierStakeId = verifier.StakeId.ToByteArray(),
            VerifierKey = verifier.PublicKey.ToByteArray(),
        }));
    }

    private async Task SendAsync(JobRow row, ServiceDetails verifier, CancellationToken cancellationToken)
    {
        OperatorProfile profile = await directory.GetAsync(cancellationToken);
        SignatureReply signature = await signer.SignCheckRequestAsync(
            new SignCheckRequestRequest
            {
                JobId = OfferSteps.IdOf(row),
                VerifierStakeId = verifier.StakeId,
                TestamentHash = ByteString.CopyFrom(row.TestamentHash),
            },
            cancellationToken: cancellationToken);
        CheckRequest request = new()
        {
            Parameters = OfferSteps.ParametersOf(row),
            Nonce = Hash256.FromBytes(row.Nonce),
            Testament = SaleSteps.TestamentOf(row),
            Key = Hash256.FromBytes(row.OutputKey),
            Output = CommitSteps.OutputOf(row),
            Signature = signature.Signature.ToByteArray(),
        };
        SealedMessage message = post.Seal(
            TradeMessageKind.CheckRequest,
            new SealedAddress(profile.Genesis, OperatorProfile.StakeOf(verifier.StakeId.Span)),
            PurchaseSteps.KeyOf(verifier.PublicKey.ToByteArray()), request.Encode());
        await post.SendAsync(
            verifier.NodeId.ToByteArray(), TradeMessageKind.CheckRequest, message.Encode(), cancellationToken);
    }
}
