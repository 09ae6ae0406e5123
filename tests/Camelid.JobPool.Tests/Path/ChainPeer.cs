using System.Collections.Concurrent;
using System.Security.Cryptography;
using Camelid.Contracts.Chain.V1;
using Camelid.Protocol;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Verification;
using Camelid.Secp256k1;
using Google.Protobuf;
using Grpc.Core;

namespace Camelid.JobPool.Tests.Path;

/// <summary>
/// The other side of the Chain service's protocol, with real keys and real checks, and blocks on demand. It outlives the
/// job pools that it talks to, counts what it is asked for, and can refuse one call.
/// </summary>
internal sealed class ChainPeer
{
    private readonly ConcurrentDictionary<string, Mined> transactions = new();
    private readonly ISecp256k1 curve = Secp256k1Provider.Create();
    private readonly PrivateKey clientKey;
    private readonly PrivateKey workerKey;
    private readonly PrivateKey verifierKey;
    private readonly ConcurrentDictionary<string, byte[]> testaments = new();
    private int height = 20;

    public ChainPeer()
    {
        clientKey = KeyOf(1);
        workerKey = KeyOf(2);
        verifierKey = KeyOf(3);
    }

    private sealed record Mined(byte[] JobId, int Height);

    /// <summary>Names the call that fails as a broken service does, or null.</summary>
    public string? BrokenCall { get; set; }

    /// <summary>Ends once the broken call was made.</summary>
    public TaskCompletionSource BrokenCallMade { get; set; } = NewSignal();

    /// <summary>The reason with which offers are refused, or null.</summary>
    public string? OfferRefusal { get; set; }

    /// <summary>Every answered call that makes or frees something, in order.</summary>
    public ConcurrentQueue<string> Made { get; } = [];

    public PublicKey VerifierKey => curve.PublicKeyOf(verifierKey);

    public StakeId Stake { get; } = new(Hashes.Sha256([7]), 1);

    public static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Puts what waits into a block, and blocks on top of it.</summary>
    public void Mine(int blocks)
    {
        height += blocks;
        foreach ((string txid, Mined waiting) in transactions)
        {
            if (waiting.Height == 0)
            {
                transactions[txid] = waiting with { Height = height - blocks + 1 };
            }
        }
    }

    /// <summary>Takes every block above a height out of the chain.</summary>
    public void Disconnect(int above)
    {
        height = above;
        foreach ((string txid, Mined mined) in transactions)
        {
            transactions[txid] = mined with { Height = mined.Height > above ? 0 : mined.Height };
        }
    }

    public int Height => height;

    /// <summary>A verdict on a testament, signed by this operator's verifier.</summary>
    public (byte[] Attestation, byte[] Signature) Attest(JobId job, Hash256 testament, VerificationState verdict)
    {
        VerificationAttestation attestation = new()
        {
            Genesis = Network.Regtest.GenesisHash.Value,
            JobId = job,
            TestamentHash = testament,
            Level = VerificationLevel.Full,
            Verdict = verdict,
            FirstBadPosition = verdict == VerificationState.Failed ? 1 : -1,
            NumericsClass = Hashes.Sha256([9]),
            Verifier = Stake,
        };
        return (attestation.Encode(), curve.Sign(verifierKey, attestation.SigningHash));
    }

    public Signer NewSigner() => new(this);

    public Chain NewChain() => new(this);

    private PrivateKey KeyOf(byte number) => PrivateKey.FromBytes(Hashes.Sha256([number]).ToBytes(), curve)!;

    private T Answer<T>(string call, Func<T> answer)
    {
        if (BrokenCall == call)
        {
            BrokenCallMade.TrySetResult();
            throw new RpcException(new Status(StatusCode.Internal, $"{call} is broken"));
        }

        return answer();
    }

    private byte[] Transact(string kind, byte[] jobId)
    {
        byte[] txid = SHA256.HashData([.. System.Text.Encoding.ASCII.GetBytes(kind), .. jobId]);
        if (transactions.TryAdd(Convert.ToHexString(txid), new Mined(jobId, 0)))
        {
            Made.Enqueue(kind);
        }

        return txid;
    }

    private bool IsMined(string kind, byte[] jobId) => transactions.TryGetValue(
        Convert.ToHexString(SHA256.HashData([.. System.Text.Encoding.ASCII.GetBytes(kind), .. jobId])), out Mined? mined)
        && mined.Height > 0;

    /// <summary>Blocks and transactions.</summary>
    internal sealed class Chain(ChainPeer peer) : ChainRpc.ChainRpcBase
    {
        public override Task<ChainStatus> GetStatus(GetStatusRequest request, ServerCallContext context) =>
            Task.FromResult(new ChainStatus { Network = "regtest", Height = peer.height, Ready = true });

        public override Task<TransactionReply> GetTransaction(GetTransactionRequest request, ServerCallContext context) =>
            Task.FromResult(peer.Answer(nameof(GetTransaction), () =>
                peer.transactions.TryGetValue(Convert.ToHexString(request.Txid.Span), out Mined? mined)
                    ? new TransactionReply
                    {
                        Txid = request.Txid,
                        JobId = ByteString.CopyFrom(mined.JobId),
                        Height = mined.Height,
                        Confirmations = mined.Height == 0 ? 0 : peer.height - mined.Height + 1,
                        BlockHash = mined.Height == 0
                            ? ByteString.Empty
                            : ByteString.CopyFrom(Hashes.Sha256([(byte)mined.Height]).ToBytes()),
                    }
                    : throw new RpcException(new Status(StatusCode.NotFound, "no such transaction"))));
    }

    /// <summary>Typed signatures.</summary>
    internal sealed class Signer(ChainPeer peer) : SignerRpc.SignerRpcBase
    {
        public override Task<OperatorReply> GetOperator(GetOperatorRequest request, ServerCallContext context) =>
            Task.FromResult(peer.Answer(nameof(GetOperator), () => new OperatorReply
            {
                Network = "regtest",
                GenesisHash = ByteString.CopyFrom(Network.Regtest.GenesisHash.Value.ToBytes()),
                WindowSeconds = Network.Regtest.WindowSeconds,
                ClientKey = Bytes(peer.curve.PublicKeyOf(peer.clientKey)),
                WorkerKey = Bytes(peer.curve.PublicKeyOf(peer.workerKey)),
                VerifierKey = Bytes(peer.VerifierKey),
                RewardAddress = Address.Of(peer.curve.PublicKeyOf(peer.workerKey), Network.Regtest).ToString(),
                SlashGrains = 100_000_000,
            }));

        public override Task<OfferReply> OpenOffer(OpenOfferRequest request, ServerCallContext context) =>
            Task.FromResult(peer.Answer(nameof(OpenOffer), () =>
            {
                if (peer.OfferRefusal is { } reason)
                {
                    throw new RpcException(
                        new Status(StatusCode.FailedPrecondition, "the client has no coins"),
                        new Metadata { { "camelid-reason", reason } });
                }

                Assert.True(JobParameters.TryDecode(request.JobParameters.Span, out JobParameters? parameters));
                byte[] txid = peer.Transact("offer", parameters!.Id.Value.ToBytes());
                return new OfferReply { Txid = ByteString.CopyFrom(txid), Raw = ByteString.CopyFrom(txid) };
            }));

        public override Task<CloseOfferReply> CloseOffer(CloseOfferRequest request, ServerCallContext context) =>
            Task.FromResult(peer.Answer(nameof(CloseOffer), () =>
            {
                peer.Made.Enqueue("close");
                return new CloseOfferReply();
            }));

        public override Task<AssignmentReply> SignAssignment(SignAssignmentRequest request, ServerCallContext context) =>
            Task.FromResult(peer.Answer(nameof(SignAssignment), () =>
            {
                Assignment assignment = new()
                {
                    Genesis = Network.Regtest.GenesisHash.Value,
                    JobId = new JobId(Hash256.FromBytes(request.JobId.Span)),
                    Stake = peer.Stake,
                    Nonce = Hash256.FromBytes(request.Nonce.Span),
                };
                byte[] stake = [.. peer.Stake.Txid.ToBytes(), .. BitConverter.GetBytes(peer.Stake.Index)];
                return new AssignmentReply
                {
                    StakeId = ByteString.CopyFrom(stake),
                    Signature = ByteString.CopyFrom(peer.curve.Sign(peer.clientKey, assignment.SigningHash)),
                    ClientKey = Bytes(peer.curve.PublicKeyOf(peer.clientKey)),
                };
            }));

        public override Task<SignatureReply> SignTestament(SignTestamentRequest request, ServerCallContext context) =>
            Task.FromResult(peer.Answer(nameof(SignTestament), () =>
            {
                Assert.True(Testament.TryDecode(request.Testament.Span, out Testament? testament));
                byte[] first = peer.testaments.GetOrAdd(testament!.JobId.ToString(), request.Testament.ToByteArray());
                return first.AsSpan().SequenceEqual(request.Testament.Span)
                    ? SignatureOf(peer.workerKey, testament.Hash)
                    : throw new RpcException(
                        new Status(StatusCode.FailedPrecondition, "another testament of this job is signed already"),
                        new Metadata { { "camelid-reason", "second-testament" } });
            }));

        public override Task<JobTransactionReply> BuildPayment(BuildPaymentRequest request, ServerCallContext context) =>
            Task.FromResult(peer.Answer(nameof(BuildPayment), () =>
            {
                Assert.True(Testament.TryDecode(request.Testament.Span, out Testament? testament));
                Assert.True(peer.curve.Verify(
                    peer.curve.PublicKeyOf(peer.workerKey), testament!.Hash, request.TestamentSignature.Span));
                Assert.True(DeliveryEnvelope.TryOpen(
                    peer.curve, peer.clientKey, request.Envelope.Span, testament.Hash.ToBytes(), out byte[] opened));
                Assert.True(OutputDelivery.TryDecode(opened, out OutputDelivery? delivery) && delivery!.IsBoundBy(testament));
                return TransactionOf("payment", request.JobId);
            }));

        public override Task<JobTransactionReply> BuildClaim(BuildClaimRequest request, ServerCallContext context) =>
            Task.FromResult(peer.Answer(nameof(BuildClaim), () =>
            {
                Assert.True(peer.IsMined("payment", request.JobId.ToByteArray()));
                Assert.True(Testament.TryDecode(request.Testament.Span, out Testament? testament));
                Assert.Equal(testament!.KeyHash, Hash160.Of(request.Key.Span));
                return TransactionOf("claim", request.JobId);
            }));

        public override Task<JobTransactionReply> BuildRefund(BuildRefundRequest request, ServerCallContext context) =>
            Task.FromResult(peer.Answer(nameof(BuildRefund), () => TransactionOf("refund", request.JobId)));

        public override Task<SignatureReply> SignCancellation(SignCancellationRequest request, ServerCallContext context) =>
            Task.FromResult(peer.Answer(nameof(SignCancellation), () =>
                SignatureOf(peer.clientKey, Hashes.Sha256([(byte)request.TokenCount]))));

        private SignatureReply SignatureOf(PrivateKey key, Hash256 digest) => new()
        {
            Signature = ByteString.CopyFrom(peer.curve.Sign(key, digest)),
            PublicKey = Bytes(peer.curve.PublicKeyOf(key)),
        };

        private JobTransactionReply TransactionOf(string kind, ByteString jobId)
        {
            byte[] txid = peer.Transact(kind, jobId.ToByteArray());
            return new JobTransactionReply
            {
                Txid = ByteString.CopyFrom(txid),
                Raw = ByteString.CopyFrom(txid),
                RefundTimeUnix = (uint)(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + 400),
            };
        }

        private static ByteString Bytes(PublicKey key) => ByteString.CopyFrom(key.Span);
    }
}
