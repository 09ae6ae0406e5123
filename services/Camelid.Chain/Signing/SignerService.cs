using Camelid.Contracts.Chain.V1;
using Camelid.Protocol;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Trade;
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
internal sealed record Signers(
    OfferSigner Offers, PaymentSigner Payments, ClaimSigner Claims, WordSigner Words, TradeSigner Trade);

/// <summary>The edge of the signers: bytes become values here, once.</summary>
internal sealed class SignerService(
    Signers signers, SignerParts parts, SignerGate gate, EscrowReader escrow, IOptions<ChainOptions> options)
    : SignerRpc.SignerRpcBase
{
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
            SlashGrains = options.Value.StakeGrains / EscrowSchedule.StakePerSlash,
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
                SignerParts.StakeIdOf(request.StakeId.Span), context.CancellationToken),
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
        JobParameters? sold = null;
        if (request.JobParameters.Length > 0
            && (!JobParameters.TryDecode(request.JobParameters.Span, out sold) || sold?.Id != testament.JobId))
        {
            throw SignerParts.Bad("job_parameters: not the canonical bytes of the testament's job (rule J-01)");
        }

        ClaimDemand demand = new(testament, request.Key.ToByteArray(), sold);
        return Reply(await gate.RunAsync(
            () => signers.Claims.ClaimAsync(
                SignerParts.JobIdOf(request.JobId.Span), demand, context.CancellationToken),
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

    /// <inheritdoc/>
    public override Task<OpenOrderReply> OpenOrder(OpenOrderRequest request, ServerCallContext context)
    {
        OpenedOrder opened = signers.Trade.OpenOrder(SealedOf(request.Order, "order"));
        return Task.FromResult(new OpenOrderReply
        {
            Content = ByteString.CopyFrom(opened.Content),
            StakeId = Bytes(opened.Stake),
            StakeBlockTimeUnix = opened.StakeBlockTime,
        });
    }

    /// <inheritdoc/>
    public override async Task<CheckOfferReply> CheckOffer(CheckOfferRequest request, ServerCallContext context)
    {
        if (!JobParameters.TryDecode(request.JobParameters.Span, out JobParameters? job) || job is null
            || request.OfferTxid.Length != Hash256.Bytes)
        {
            throw SignerParts.Bad("job_parameters, offer_txid: one of them is not in canonical form");
        }

        Txid offer = new(Hash256.FromBytes(request.OfferTxid.Span));
        RuleCode code = await escrow.CheckOfferAsync(job, offer, context.CancellationToken);
        return code == RuleCode.Accepted
            ? new CheckOfferReply()
            : throw SignerParts.Refused(code.ToReason(), $"job {job.Id}: offer {offer}: {code.ToReason()}");
    }

    /// <inheritdoc/>
    public override async Task<SignatureReply> SignOrderAnswer(
        SignOrderAnswerRequest request, ServerCallContext context) =>
        OrderAnswer.TryDecode(request.Answer.Span, out OrderAnswer? answer) && answer is not null
            ? Reply(await gate.RunAsync(
                () => signers.Trade.SignOrderAnswerAsync(answer, context.CancellationToken), context.CancellationToken))
            : throw SignerParts.Bad("answer: not the canonical bytes of an order's answer (rule J-22)");

    /// <inheritdoc/>
    public override async Task<OpenDeliveryReply> OpenDelivery(OpenDeliveryRequest request, ServerCallContext context)
    {
        PaymentDemand demand = new()
        {
            Testament = TestamentOf(request.Testament),
            Signature = request.TestamentSignature.ToByteArray(),
            Envelope = request.Envelope.ToByteArray(),
            AmountGrains = 0,
        };
        (OutputDelivery delivery, PublicKey worker) = await signers.Payments.OpenDeliveryAsync(
            SignerParts.JobIdOf(request.JobId.Span), demand, context.CancellationToken);
        return new OpenDeliveryReply { Delivery = ByteString.CopyFrom(delivery.Encode()), WorkerKey = Bytes(worker) };
    }

    /// <inheritdoc/>
    public override async Task<SignatureReply> SignCheckRequest(
        SignCheckRequestRequest request, ServerCallContext context) =>
        request.TestamentHash.Length == Hash256.Bytes
            ? Reply(await signers.Trade.SignCheckRequestAsync(
                SignerParts.JobIdOf(request.JobId.Span), SignerParts.StakeIdOf(request.VerifierStakeId.Span),
                Hash256.FromBytes(request.TestamentHash.Span), context.CancellationToken))
            : throw SignerParts.Bad($"testament_hash: {request.TestamentHash.Length} bytes, not {Hash256.Bytes}");

    /// <inheritdoc/>
    public override Task<OpenCheckRequestReply> OpenCheckRequest(
        OpenCheckRequestRequest request, ServerCallContext context)
    {
        OpenedOrder opened = signers.Trade.OpenCheckRequest(SealedOf(request.Request, "request"));
        return Task.FromResult(new OpenCheckRequestReply
        {
            Content = ByteString.CopyFrom(opened.Content), StakeId = Bytes(opened.Stake),
        });
    }

    private static SealedMessage SealedOf(ByteString bytes, string field) =>
        SealedMessage.TryDecode(bytes.Span, out SealedMessage? message) && message is not null
            ? message
            : throw SignerParts.Bad($"{field}: not the canonical bytes of a sealed message (rule J-20)");

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
