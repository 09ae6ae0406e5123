using Camelid.Contracts.Chain.V1;
using Camelid.Protocol;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;
using Camelid.Secp256k1;
using Google.Protobuf;

namespace Camelid.Chain.Tests;

/// <summary>One job with everything that its sides make, driven through the signer's calls.</summary>
internal sealed class TestJob
{
    public const uint TokensRun = 3;

    private static readonly ISecp256k1 Curve = Secp256k1Provider.Create();

    private readonly ChainHost chain;
    private readonly Hash256 nonce;

    private TestJob(ChainHost chain, JobParameters parameters, Hash256 nonce)
    {
        this.chain = chain;
        this.nonce = nonce;
        Parameters = parameters;
    }

    public JobParameters Parameters { get; }

    public JobId Id => Parameters.Id;

    public ByteString IdBytes => ByteString.CopyFrom(Id.Value.ToBytes());

    public byte[] Key { get; private set; } = Hashes.Sha256("the key k"u8).ToBytes();

    public Testament? Testament { get; private set; }

    public long AmountGrains { get; private set; }

    /// <summary>A job of this operator's client; each number is another job.</summary>
    public static async Task<TestJob> MakeAsync(
        ChainHost chain, ManualTime time, int number, ulong price = 1000, uint deadlineSeconds = 120)
    {
        OperatorReply self = await chain.Signer.GetOperator(new GetOperatorRequest(), new CallContext());
        Hash256 nonce = Hashes.Sha256([(byte)number, (byte)(number >> 8), 1]);
        Assert.True(PublicKey.TryFromBytes(self.ClientKey.Span, out PublicKey client));
        JobParameters parameters = new()
        {
            ModelRoot = Hashes.Sha256("model"u8),
            PromptTokens = [1, 2, 3, 4],
            MaxTokens = 16,
            PriceGrainsPerToken = price,
            FeeGrains = 200,
            Created = time.UnixSeconds,
            Deadline = time.UnixSeconds + deadlineSeconds,
            ClientKey = client,
            NonceHash = Hashes.Sha256(nonce.ToBytes()),
        };
        return new TestJob(chain, parameters, nonce);
    }

    public Task<OfferReply> OfferAsync() => chain.Signer.OpenOffer(
        new OpenOfferRequest { JobParameters = ByteString.CopyFrom(Parameters.Encode()) }, new CallContext());

    public Task<AssignmentReply> AssignAsync(ByteString? stake = null) => chain.Signer.SignAssignment(
        new SignAssignmentRequest
        {
            JobId = IdBytes, Nonce = ByteString.CopyFrom(nonce.ToBytes()), StakeId = stake ?? ByteString.Empty,
        },
        new CallContext());

    /// <summary>
    /// The request of a payment for an output of three tokens; another <paramref name="variant"/> is another output.
    /// </summary>
    public async Task<BuildPaymentRequest> DemandAsync(byte variant = 0)
    {
        OperatorReply self = await chain.Signer.GetOperator(new GetOperatorRequest(), new CallContext());
        JobOutput output = new()
        {
            Tokens = [7, 8, 9u + variant],
            Fingerprints = [1, 2, 3],
            FinishReason = FinishReason.Stop,
        };
        Key = Hashes.Sha256([variant, 42]).ToBytes();
        OutputCommitment commitment = OutputCommitment.Create(output, Key);
        ReadOnlySpan<byte> stake = self.WorkerStakeId.Span;
        Testament = new Testament
        {
            Genesis = Network.Regtest.GenesisHash.Value,
            JobId = Id,
            OutputRoot = commitment.OutputRoot,
            CiphertextRoot = commitment.CiphertextRoot,
            ChunkCount = commitment.ChunkCount,
            TokenCount = TokensRun,
            FinishReason = output.FinishReason,
            Nonce = nonce,
            NumericsClass = Hashes.Sha256("class"u8),
            KeyHash = commitment.KeyHash,
            RewardAddress = Hash160.Of(self.WorkerKey.Span),
            Stake = new StakeId(Hash256.FromBytes(stake[..32]), BitConverter.ToUInt32(stake[32..])),
            SlashGrains = (ulong)self.SlashGrains,
            Expiry = EscrowSchedule.Of(Parameters, self.WindowSeconds).TestamentExpiry,
        };
        AmountGrains = Pricing.PaymentGrains(Parameters, Pricing.TokensRun(Parameters, TokensRun)).Grains;
        PrivateKey oneTime = PrivateKey.FromBytes(Hashes.Sha256([variant, 43]).ToBytes(), Curve)!;
        return new BuildPaymentRequest
        {
            JobId = IdBytes,
            Testament = ByteString.CopyFrom(Testament.Encode()),
            Envelope = ByteString.CopyFrom(DeliveryEnvelope.Seal(
                Curve, oneTime, Parameters.ClientKey, commitment.Delivery.Encode(), Testament.Hash.ToBytes())),
            AmountGrains = AmountGrains,
        };
    }

    public Task<SignatureReply> SignTestamentAsync() => chain.Signer.SignTestament(
        new SignTestamentRequest { Testament = ByteString.CopyFrom(Testament!.Encode()) }, new CallContext());

    public async Task<JobTransactionReply> PayAsync(byte variant = 0)
    {
        BuildPaymentRequest request = await DemandAsync(variant);
        request.TestamentSignature = (await SignTestamentAsync()).Signature;
        return await chain.Signer.BuildPayment(request, new CallContext());
    }

    /// <summary>What another operator's client has of it before it pays.</summary>
    public async Task<OpenDeliveryRequest> DeliveryAsync()
    {
        BuildPaymentRequest demand = await DemandAsync();
        return new OpenDeliveryRequest
        {
            JobId = demand.JobId,
            Testament = demand.Testament,
            TestamentSignature = (await SignTestamentAsync()).Signature,
            Envelope = demand.Envelope,
        };
    }

    public Task<JobTransactionReply> ClaimAsync() => ClaimAsync(sold: false);

    public Task<JobTransactionReply> ClaimAsync(bool sold) => chain.Signer.BuildClaim(
        new BuildClaimRequest
        {
            JobId = IdBytes,
            Key = ByteString.CopyFrom(Key),
            Testament = ByteString.CopyFrom(Testament!.Encode()),
            JobParameters = sold ? ByteString.CopyFrom(Parameters.Encode()) : ByteString.Empty,
        },
        new CallContext());

    public Task<JobTransactionReply> RefundAsync() =>
        chain.Signer.BuildRefund(new BuildRefundRequest { JobId = IdBytes }, new CallContext());

    public Task CloseAsync() => chain.Signer.CloseOffer(new CloseOfferRequest { JobId = IdBytes }, new CallContext());

    /// <summary>Confirmations of a transaction; 0 in the mempool; −1 where it is nowhere.</summary>
    public static async Task<int> ConfirmationsAsync(ChainHost chain, ByteString txid)
    {
        try
        {
            TransactionReply reply = await chain.Chain.GetTransaction(
                new GetTransactionRequest { Txid = txid }, new CallContext());
            return reply.Confirmations;
        }
        catch (Grpc.Core.RpcException exception) when (exception.StatusCode == Grpc.Core.StatusCode.NotFound)
        {
            return -1;
        }
    }
}
