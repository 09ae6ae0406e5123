using Camelid.Contracts.Chain.V1;
using Camelid.Protocol;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Transactions;
using Camelid.Protocol.Verification;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.Options;

namespace Camelid.Chain.Signing;

/// <summary>One signature at a time: what is signed next depends on what was signed before.</summary>
internal sealed class SignerGate : IDisposable
{
    private readonly SemaphoreSlim one = new(1, 1);

    /// <summary>Runs <paramref name="work"/> alone.</summary>
    public async Task<T> RunAsync<T>(Func<Task<T>> work, CancellationToken cancellationToken)
    {
        await one.WaitAsync(cancellationToken);
        try
        {
            return await work();
        }
        finally
        {
            one.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => one.Dispose();
}

/// <summary>The signers, one for each side.</summary>
internal sealed record Signers(OfferSigner Offers, PaymentSigner Payments, ClaimSigner Claims, WordSigner Words);

/// <summary>The edge of the signers: bytes become values here, once.</summary>
internal sealed class SignerService(
    Signers signers, SignerParts parts, SignerGate gate, IOptions<ChainOptions> options) : SignerRpc.SignerRpcBase
{
    /// <summary>A tenth of the stake: clients ask for a stake ten times what one job may cost it.</summary>
    private const long SlashShare = 10;

    /// <inheritdoc/>
    public override Task<OperatorReply> GetOperator(GetOperatorRequest request, ServerCallContext context)
    {
        OperatorReply reply = new()
        {
            Network = parts.State.Network.Name,
            GenesisHash = Bytes(parts.State.Network.GenesisHash.Value),
            WindowSeconds = parts.State.Network.WindowSeconds,
            ClientKey = Bytes(parts.State.Keys[KeyRole.Client].Public),
            WorkerKey = Bytes(parts.State.Keys[KeyRole.Worker].Public),
            VerifierKey = Bytes(parts.State.Keys[KeyRole.Verifier].Public),
            WorkerStakeId = Bytes(signers.Words.StakeOf(KeyRole.Worker)),
            VerifierStakeId = Bytes(signers.Words.StakeOf(KeyRole.Verifier)),
            RewardAddress = parts.State.Keys[KeyRole.Worker].Address.ToString(),
            SlashGrains = options.Value.StakeGrains / SlashShare,
            WorkerStakeGrains = options.Value.StakeGrains,
        };
        return Task.FromResult(reply);
    }

    /// <inheritdoc/>
    public override async Task<OfferReply> OpenOffer(OpenOfferRequest request, ServerCallContext context)
    {
        if (!JobParameters.TryDecode(request.JobParameters.Span, out JobParameters? job) || job is null)
        {
            throw SignerParts.Bad("job_parameters: not the canonical bytes of a job (rule J-01)");
        }

        OpenedOffer opened = await gate.RunAsync(
            () => signers.Offers.OpenAsync(job, context.CancellationToken), context.CancellationToken);
        return new OfferReply
        {
            Raw = ByteString.CopyFrom(opened.Transaction.EncodedSpan),
            Txid = Bytes(opened.Transaction.Txid.Value),
            Deposit = Bytes(opened.Offer.Deposit),
            DepositGrains = opened.Offer.DepositGrains,
        };
    }

    /// <inheritdoc/>
    public override Task<CloseOfferReply> CloseOffer(CloseOfferRequest request, ServerCallContext context) =>
        gate.RunAsync(
            async () =>
            {
                await signers.Offers.CloseAsync(
                    SignerParts.JobIdOf(request.JobId.Span), context.CancellationToken);
                return new CloseOfferReply();
            },
            context.CancellationToken);

    /// <inheritdoc/>
    public override async Task<AssignmentReply> SignAssignment(SignAssignmentRequest request, ServerCallContext context)
    {
        if (request.Nonce.Length != Hash256.Bytes)
        {
            throw SignerParts.Bad($"nonce: {request.Nonce.Length} bytes, not {Hash256.Bytes}");
        }

        (SignedWord word, StakeId stake) = await gate.RunAsync(
            () => signers.Words.AssignAsync(
                SignerParts.JobIdOf(request.JobId.Span), Hash256.FromBytes(request.Nonce.Span),
                context.CancellationToken),
            context.CancellationToken);
        return new AssignmentReply
        {
            StakeId = Bytes(stake),
            Signature = ByteString.CopyFrom(word.Signature),
            ClientKey = Bytes(word.Key),
        };
    }

    /// <inheritdoc/>
    public override async Task<SignatureReply> SignTestament(SignTestamentRequest request, ServerCallContext context) =>
        Reply(await gate.RunAsync(
            () => signers.Words.SignTestamentAsync(TestamentOf(request.Testament), context.CancellationToken),
            context.CancellationToken));

    /// <inheritdoc/>
    public override async Task<JobTransactionReply> BuildPayment(BuildPaymentRequest request, ServerCallContext context)
    {
        PaymentDemand demand = new()
        {
            Testament = TestamentOf(request.Testament),
            Signature = request.TestamentSignature.ToByteArray(),
            Envelope = request.Envelope.ToByteArray(),
            AmountGrains = request.AmountGrains,
        };
        return Reply(await gate.RunAsync(
            () => signers.Payments.PayAsync(
                SignerParts.JobIdOf(request.JobId.Span), demand, context.CancellationToken),
            context.CancellationToken));
    }

    /// <inheritdoc/>
    public override async Task<JobTransactionReply> BuildClaim(BuildClaimRequest request, ServerCallContext context)
    {
        Testament testament = TestamentOf(request.Testament);
        return Reply(await gate.RunAsync(
            () => signers.Claims.ClaimAsync(
                SignerParts.JobIdOf(request.JobId.Span), request.Key.ToByteArray(), testament,
                context.CancellationToken),
            context.CancellationToken));
    }

    /// <inheritdoc/>
    public override async Task<JobTransactionReply> BuildRefund(
        BuildRefundRequest request, ServerCallContext context) =>
        Reply(await gate.RunAsync(
            () => signers.Payments.RefundAsync(SignerParts.JobIdOf(request.JobId.Span), context.CancellationToken),
            context.CancellationToken));

    /// <inheritdoc/>
    public override Task<SignatureReply> SignAttestation(SignAttestationRequest request, ServerCallContext context) =>
        VerificationAttestation.TryDecode(request.Attestation.Span, out VerificationAttestation? attestation)
            && attestation is not null
            ? Task.FromResult(Reply(signers.Words.SignAttestation(attestation)))
            : throw SignerParts.Bad("attestation: not the canonical bytes of an attestation (rule V-08)");

    /// <inheritdoc/>
    public override async Task<SignatureReply> SignCancellation(
        SignCancellationRequest request, ServerCallContext context) =>
        Reply(await gate.RunAsync(
            () => signers.Words.SignCancellationAsync(
                SignerParts.JobIdOf(request.JobId.Span), request.TokenCount, context.CancellationToken),
            context.CancellationToken));

    private static Testament TestamentOf(ByteString bytes) =>
        Testament.TryDecode(bytes.Span, out Testament? testament) && testament is not null
            ? testament
            : throw SignerParts.Bad("testament: not the canonical bytes of a testament (rule E-25)");

    private static JobTransactionReply Reply(JobTransactionRow row) => new()
    {
        Raw = ByteString.CopyFrom(row.Raw),
        Txid = Bytes(row.Transaction.Txid.Value),
        OutputIndex = 0,
        RefundTimeUnix = (uint)row.RefundTime,
    };

    private static SignatureReply Reply(SignedWord word) =>
        new() { Signature = ByteString.CopyFrom(word.Signature), PublicKey = Bytes(word.Key) };

    private static ByteString Bytes(Hash256 hash) => ByteString.CopyFrom(hash.ToBytes());

    private static ByteString Bytes(PublicKey key) => ByteString.CopyFrom(key.Span);

    private static ByteString Bytes(StakeId stake) => stake.IsNone
        ? ByteString.Empty
        : ByteString.CopyFrom(new CanonicalWriter().Hash(stake.Txid).UInt32(stake.Index).Written);

    private static ByteString Bytes(OutPoint outPoint) =>
        ByteString.CopyFrom(new CanonicalWriter().Hash(outPoint.Txid.Value).UInt32(outPoint.Index).Written);
}
