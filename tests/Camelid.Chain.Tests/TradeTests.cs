using Camelid.Contracts.Chain.V1;
using Camelid.Protocol;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Trade;
using Camelid.Protocol.Transactions;
using Camelid.Secp256k1;
using Camelid.ServiceDefaults.Rpc;
using Google.Protobuf;
using Grpc.Core;

namespace Camelid.Chain.Tests;

/// <summary>Rules J-20 to J-25 and E-39 to E-41: what the signers do towards other operators.</summary>
public sealed class TradeTests : IAsyncLifetime
{
    private static readonly ISecp256k1 Curve = Secp256k1Provider.Create();

    private readonly string folder = Directory.CreateTempSubdirectory("camelid-trade").FullName;
    private readonly ManualTime time = new(DateTimeOffset.FromUnixTimeSeconds(1_800_000_000));
    private ChainHost chain = null!;
    private OperatorReply self = null!;

    public async ValueTask InitializeAsync()
    {
        chain = await ChainHost.StartAsync(folder, time, "Chain:DepositCount=4");
        self = await chain.Signer.GetOperator(new GetOperatorRequest(), new CallContext());
    }

    public async ValueTask DisposeAsync()
    {
        await chain.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    private StakeId WorkerStake => SignerStake(self.WorkerStakeId);

    private static Hash256 Genesis => Network.Regtest.GenesisHash.Value;

    [Fact]
    public async Task An_order_opens_for_the_workers_stake_alone()
    {
        byte[] content = [1, 2, 3];
        OpenOrderReply opened = await OpenAsync(TradeMessageKind.Order, WorkerStake, self.WorkerKey, content);
        Assert.Equal(content, opened.Content.ToByteArray());
        Assert.Equal(self.WorkerStakeId, opened.StakeId);
        Assert.True(opened.StakeBlockTimeUnix > 0);

        await RefusedAsync("sealed", () => OpenAsync(TradeMessageKind.Order, WorkerStake, self.ClientKey, content));
        await RefusedAsync(
            "sealed", () => OpenAsync(TradeMessageKind.CheckRequest, WorkerStake, self.WorkerKey, content));
        await RefusedAsync(
            "sealed",
            () => OpenAsync(TradeMessageKind.Order, SignerStake(self.VerifierStakeId), self.WorkerKey, content));
    }

    /// <summary>Rule J-22: an order that was refused can't be taken by a second answer.</summary>
    [Fact]
    public async Task A_worker_answers_an_order_once()
    {
        TestJob job = await TestJob.MakeAsync(chain, time, 1);
        OrderAnswer refused = AnswerOf(job, OrderCode.Busy);
        SignatureReply signature = await AnswerAsync(refused);
        Assert.True(PublicKey.TryFromBytes(signature.PublicKey.Span, out PublicKey key));
        Assert.True(Curve.Verify(key, refused.SigningHash, signature.Signature.Span));
        Assert.Equal(signature, await AnswerAsync(refused));
        await RefusedAsync("second-order-answer", () => AnswerAsync(AnswerOf(job, OrderCode.Accepted)));
        await Assert.ThrowsAsync<RpcException>(
            () => AnswerAsync(AnswerOf(job, OrderCode.Accepted) with { Stake = SignerStake(self.VerifierStakeId) }));
    }

    /// <summary>Rule J-05: no stake that was made to fit the job.</summary>
    [Fact]
    public async Task A_job_is_assigned_to_a_stake_that_was_in_a_block_before_it()
    {
        // Blocks that are mined at once are dated one second after the other.
        TestJob early = await TestJob.MakeAsync(chain, time, 2);
        await early.OfferAsync();
        await RefusedAsync("unknown-stake", () => early.AssignAsync(self.WorkerStakeId));

        time.Advance(60);
        TestJob job = await TestJob.MakeAsync(chain, time, 1);
        await job.OfferAsync();
        ByteString unknown = ByteString.CopyFrom([.. Hashes.Sha256([9]).ToBytes(), 0, 0, 0, 0]);
        await RefusedAsync("unknown-stake", () => job.AssignAsync(unknown));
        AssignmentReply assignment = await job.AssignAsync(self.WorkerStakeId);
        Assert.Equal(self.WorkerStakeId, assignment.StakeId);
    }

    /// <summary>Rules E-24 and E-41: the client keeps the ciphertext of a worker that can lose enough.</summary>
    [Fact]
    public async Task A_delivery_is_opened_where_the_stake_covers_the_job()
    {
        TestJob job = await TestJob.MakeAsync(chain, time, 1);
        await job.OfferAsync();
        OpenDeliveryRequest request = await job.DeliveryAsync();
        OpenDeliveryReply opened = await chain.Signer.OpenDelivery(request, new CallContext());
        Assert.True(OutputDelivery.TryDecode(opened.Delivery.Span, out OutputDelivery? delivery));
        Assert.True(delivery!.IsBoundBy(job.Testament!));
        Assert.Equal(self.WorkerKey, opened.WorkerKey);

        OpenDeliveryRequest garbled = request.Clone();
        byte[] envelope = garbled.Envelope.ToByteArray();
        envelope[^1] ^= 1;
        garbled.Envelope = ByteString.CopyFrom(envelope);
        await RefusedAsync("envelope", () => chain.Signer.OpenDelivery(garbled, new CallContext()));
    }

    /// <summary>
    /// Rule E-41: 20 tokens at 600,000 grains need a slash of 24,000,000; a tenth of the stake is less.
    /// </summary>
    [Fact]
    public async Task A_delivery_of_a_stake_that_is_too_small_is_refused()
    {
        TestJob job = await TestJob.MakeAsync(chain, time, 1, price: 600_000);
        await job.OfferAsync();
        OpenDeliveryRequest request = await job.DeliveryAsync();
        await RefusedAsync("stake-too-small", () => chain.Signer.OpenDelivery(request, new CallContext()));
    }

    /// <summary>
    /// Rules E-39 and E-40: the worker finds the payment on the chain, the client finds k in the claim.
    /// </summary>
    [Fact]
    public async Task A_worker_claims_a_payment_that_it_did_not_sign_itself()
    {
        TestJob job = await TestJob.MakeAsync(chain, time, 1);
        await job.OfferAsync();
        JobTransactionReply payment = await job.PayAsync();
        await ForgetPaymentsAsync();
        Assert.Equal(payment.Txid, (await FindPaymentAsync(job)).Txid);
        Assert.Equal("no-payment", RpcReason.Of(await Assert.ThrowsAsync<RpcException>(job.ClaimAsync)));
        time.Advance(10);
        await chain.RunAsync();
        await NotFoundAsync(() => FindSpendAsync(payment.Txid));

        JobTransactionReply claim = await job.ClaimAsync(sold: true);
        TransactionReply spend = await FindSpendAsync(payment.Txid);
        Assert.Equal(claim.Txid, spend.Txid);
        Assert.True(Transaction.TryDecode(spend.Raw.Span, out Transaction? claimed));
        OutPoint paid = new(new Txid(Hash256.FromBytes(payment.Txid.Span)), 0);
        Assert.True(PaymentJudge.TryReadKey(claimed, paid, job.Testament!.KeyHash, out byte[] key));
        Assert.Equal(job.Key, key);
        await chain.RunAsync();
        Assert.Equal(claim.Txid, (await FindSpendAsync(payment.Txid)).Txid);
        Assert.True((await FindSpendAsync(payment.Txid)).Confirmations > 0);
    }

    /// <summary>
    /// Rule E-39: a payment to the same worker for the same job, but of another testament, is not the one.
    /// </summary>
    [Fact]
    public async Task A_payment_of_another_testament_is_not_found()
    {
        TestJob job = await TestJob.MakeAsync(chain, time, 1);
        await job.OfferAsync();
        await job.PayAsync();
        await job.DemandAsync(variant: 1);
        await NotFoundAsync(() => FindPaymentAsync(job));
    }

    /// <summary>Rule E-42: the rows are gone, the keys are not.</summary>
    [Fact]
    public async Task A_client_that_lost_its_rows_takes_an_unclaimed_payment_back_after_T_r_and_not_before()
    {
        TestJob job = await TestJob.MakeAsync(chain, time, 1);
        await job.OfferAsync();
        JobTransactionReply payment = await job.PayAsync();
        time.Advance(10);
        await chain.RunAsync();
        await ForgetPaymentsAsync();
        time.AdvanceTo(payment.RefundTimeUnix);
        await chain.Rebroadcast.RunAsync(TestContext.Current.CancellationToken);
        await NotFoundAsync(() => FindSpendAsync(payment.Txid));

        time.Advance(60);
        await chain.Rebroadcast.RunAsync(TestContext.Current.CancellationToken);
        await chain.RunAsync();
        TransactionReply refund = await FindSpendAsync(payment.Txid);
        Assert.True(refund.Confirmations > 0);
        SupplyInvariant.Check(chain);
    }

    /// <summary>Rule J-16, as the worker asks it before it computes.</summary>
    [Fact]
    public async Task An_offer_is_backed_by_its_own_J0_alone()
    {
        TestJob job = await TestJob.MakeAsync(chain, time, 1);
        OfferReply offer = await job.OfferAsync();
        await CheckOfferAsync(job, offer.Txid);
        TestJob other = await TestJob.MakeAsync(chain, time, 2);
        await Assert.ThrowsAsync<RpcException>(() => CheckOfferAsync(other, offer.Txid));
        await Assert.ThrowsAsync<RpcException>(
            () => CheckOfferAsync(job, ByteString.CopyFrom(Hashes.Sha256([5]).ToBytes())));
    }

    private static StakeId SignerStake(ByteString bytes) =>
        new(Hash256.FromBytes(bytes.Span[..32]), BitConverter.ToUInt32(bytes.Span[32..]));

    private OrderAnswer AnswerOf(TestJob job, OrderCode code) =>
        new() { Genesis = Genesis, JobId = job.Id, Stake = WorkerStake, Code = code };

    private Task<SignatureReply> AnswerAsync(OrderAnswer answer) => chain.Signer.SignOrderAnswer(
        new SignOrderAnswerRequest { Answer = ByteString.CopyFrom(answer.Encode()) }, new CallContext());

    private Task<OpenOrderReply> OpenAsync(TradeMessageKind kind, StakeId stake, ByteString key, byte[] content)
    {
        Assert.True(PublicKey.TryFromBytes(key.Span, out PublicKey stakeKey));
        SealedMessage message = SealedMessage.Seal(
            kind, new SealedAddress(Genesis, stake),
            new SealingKeys(Curve, PrivateKey.FromBytes(Hashes.Sha256([77]).ToBytes(), Curve)!), stakeKey, content);
        return chain.Signer.OpenOrder(
            new OpenOrderRequest { Order = ByteString.CopyFrom(message.Encode()) }, new CallContext());
    }

    private Task<TransactionReply> FindPaymentAsync(TestJob job) => chain.Chain.FindPayment(
        new FindPaymentRequest
        {
            JobParameters = ByteString.CopyFrom(job.Parameters.Encode()),
            Testament = ByteString.CopyFrom(job.Testament!.Encode()),
            WorkerKey = self.WorkerKey,
        },
        new CallContext());

    private Task<TransactionReply> FindSpendAsync(ByteString txid) =>
        chain.Chain.FindSpend(new FindSpendRequest { Txid = txid }, new CallContext());

    private Task<CheckOfferReply> CheckOfferAsync(TestJob job, ByteString offer) => chain.Signer.CheckOffer(
        new CheckOfferRequest { JobParameters = ByteString.CopyFrom(job.Parameters.Encode()), OfferTxid = offer },
        new CallContext());

    /// <summary>As if another operator's client had signed it.</summary>
    private Task<int> ForgetPaymentsAsync() => chain.Database.WriteAsync(
        session => session.ExecuteAsync("delete from job_transactions where kind = 'payment'"),
        TestContext.Current.CancellationToken);

    private static async Task RefusedAsync(string reason, Func<Task> call) =>
        Assert.Equal(reason, RpcReason.Of(await Assert.ThrowsAsync<RpcException>(call)));

    private static async Task NotFoundAsync(Func<Task> call) =>
        Assert.Equal(StatusCode.NotFound, (await Assert.ThrowsAsync<RpcException>(call)).StatusCode);
}
