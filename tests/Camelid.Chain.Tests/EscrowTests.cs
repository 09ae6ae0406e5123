using Camelid.Contracts.Chain.V1;
using Camelid.Protocol.Transactions;
using Camelid.ServiceDefaults.Rpc;
using Google.Protobuf;
using Grpc.Core;

namespace Camelid.Chain.Tests;

/// <summary>
/// Rules E-30 to E-37: the escrow of a job from the offer to the claim, and every way that must not work.
/// </summary>
public sealed class EscrowTests : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("camelid-chain").FullName;
    private readonly ManualTime time = new(DateTimeOffset.FromUnixTimeSeconds(1_800_000_000));
    private ChainHost chain = null!;

    public async ValueTask InitializeAsync() =>
        chain = await ChainHost.StartAsync(folder, time, "Chain:DepositCount=4");

    public async ValueTask DisposeAsync()
    {
        await chain.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_job_is_offered_paid_claimed_and_no_coin_is_lost()
    {
        TestJob job = await TestJob.MakeAsync(chain, time, 1);
        OfferReply offer = await job.OfferAsync();
        await job.AssignAsync();
        JobTransactionReply payment = await job.PayAsync();
        await chain.RunAsync();
        Assert.Equal(0, await TestJob.ConfirmationsAsync(chain, payment.Txid));
        Assert.Equal(-1, await TestJob.ConfirmationsAsync(chain, offer.Txid));

        time.Advance(10);
        await chain.RunAsync();
        Assert.True(await TestJob.ConfirmationsAsync(chain, payment.Txid) >= 2);
        JobTransactionReply claim = await job.ClaimAsync();
        await chain.RunAsync();

        Assert.Equal(1, await TestJob.ConfirmationsAsync(chain, claim.Txid));
        BalancesReply balances = await chain.Wallet.GetBalances(new GetBalancesRequest(), new CallContext());
        RoleBalance worker = balances.Roles.Single(role => role.Role == "worker");
        Assert.Equal(job.AmountGrains - 200, worker.SpendableGrains);
        Assert.Equal((4, 0), (balances.DepositsFree, balances.DepositsOpen));
        SupplyReply supply = SupplyInvariant.Check(chain);
        Assert.Equal(0, supply.PaymentsGrains);
        Assert.Equal((4 * 100_000_000L) - job.AmountGrains - 200, supply.DepositsGrains);
    }

    /// <summary>Rule E-31.</summary>
    [Fact]
    public async Task A_payment_replaces_its_offer_in_the_mempool_and_the_offer_does_not_come_back()
    {
        TestJob job = await TestJob.MakeAsync(chain, time, 1);
        OfferReply offer = await job.OfferAsync();
        Assert.Equal(0, await TestJob.ConfirmationsAsync(chain, offer.Txid));
        JobTransactionReply payment = await job.PayAsync();
        Assert.Equal(0, await TestJob.ConfirmationsAsync(chain, payment.Txid));
        SubmitTransactionReply again = await SubmitAsync(offer.Raw);
        Assert.Equal((false, "conflict"), (again.Accepted, again.Reason));
        await chain.Rebroadcast.RunAsync(TestContext.Current.CancellationToken);
        Assert.Equal(-1, await TestJob.ConfirmationsAsync(chain, offer.Txid));
    }

    /// <summary>Rule E-30: one open job for each deposit.</summary>
    [Fact]
    public async Task Each_job_reserves_its_own_deposit_and_the_next_one_is_refused()
    {
        HashSet<string> deposits = [];
        for (int i = 0; i < 4; i++)
        {
            TestJob job = await TestJob.MakeAsync(chain, time, i);
            deposits.Add((await job.OfferAsync()).Deposit.ToBase64());
        }

        Assert.Equal(4, deposits.Count);
        TestJob fifth = await TestJob.MakeAsync(chain, time, 5);
        RpcException refusal = await Assert.ThrowsAsync<RpcException>(fifth.OfferAsync);
        Assert.Equal((StatusCode.ResourceExhausted, "no-free-deposit"), (refusal.StatusCode, RpcReason.Of(refusal)));
    }

    /// <summary>Rule E-31: even a transaction that the signer would never make is refused by the mempool.</summary>
    [Fact]
    public async Task A_second_job_on_one_deposit_is_refused_by_the_mempool()
    {
        TestJob first = await TestJob.MakeAsync(chain, time, 1);
        OfferReply offer = await first.OfferAsync();
        Assert.True(Transaction.TryDecode(offer.Raw.Span, out Transaction? signed));
        TestJob second = await TestJob.MakeAsync(chain, time, 2);
        Transaction thief = SignedFor(signed, second);
        SubmitTransactionReply reply = await SubmitAsync(ByteString.CopyFrom(thief.EncodedSpan));
        Assert.Equal((false, "deposit-in-use"), (reply.Accepted, reply.Reason));
    }

    [Fact]
    public async Task A_reward_above_what_any_deposit_covers_is_no_money()
    {
        TestJob job = await TestJob.MakeAsync(chain, time, 1, price: 3_000_000);
        RpcException refusal = await Assert.ThrowsAsync<RpcException>(job.OfferAsync);
        Assert.Equal((StatusCode.FailedPrecondition, "no-money"), (refusal.StatusCode, RpcReason.Of(refusal)));
    }

    /// <summary>Rule E-36.</summary>
    [Fact]
    public async Task A_claim_before_burial_is_refused()
    {
        TestJob job = await TestJob.MakeAsync(chain, time, 1);
        await job.OfferAsync();
        await job.PayAsync();
        Assert.Equal("not-buried", RpcReason.Of(await Assert.ThrowsAsync<RpcException>(job.ClaimAsync)));
        time.Advance(10);
        await chain.Chain.Mine(new MineRequest { Count = 1 }, new CallContext());
        Assert.Equal("not-buried", RpcReason.Of(await Assert.ThrowsAsync<RpcException>(job.ClaimAsync)));
        await chain.Chain.Mine(new MineRequest { Count = 1 }, new CallContext());
        await job.ClaimAsync();
    }

    /// <summary>Rules E-36 and E-37: the limit is 12 W before T_r, and one second before it.</summary>
    [Theory]
    [InlineData(121, true)]
    [InlineData(120, false)]
    [InlineData(30, false)]
    public async Task A_claim_too_close_to_the_refund_is_refused(int secondsBefore, bool isClaimed)
    {
        TestJob job = await TestJob.MakeAsync(chain, time, 1);
        await job.OfferAsync();
        JobTransactionReply payment = await job.PayAsync();
        time.Advance(10);
        await chain.RunAsync();
        time.AdvanceTo(payment.RefundTimeUnix - (uint)secondsBefore);
        if (isClaimed)
        {
            await job.ClaimAsync();
            return;
        }

        Assert.Equal("too-late", RpcReason.Of(await Assert.ThrowsAsync<RpcException>(job.ClaimAsync)));
    }

    /// <summary>Rule E-36: a claim that was made is not handed in again from T_r − 6 W on.</summary>
    [Fact]
    public async Task A_late_claim_is_not_broadcast_again_after_a_restart()
    {
        TestJob job = await TestJob.MakeAsync(chain, time, 1);
        await job.OfferAsync();
        JobTransactionReply payment = await job.PayAsync();
        time.Advance(10);
        await chain.RunAsync();
        JobTransactionReply claim = await job.ClaimAsync();
        await ReopenAsync();
        time.AdvanceTo(payment.RefundTimeUnix - 60);
        await chain.Rebroadcast.RunAsync(TestContext.Current.CancellationToken);
        Assert.Equal(-1, await TestJob.ConfirmationsAsync(chain, claim.Txid));
        time.AdvanceTo(payment.RefundTimeUnix - 61);
        await chain.Rebroadcast.RunAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, await TestJob.ConfirmationsAsync(chain, claim.Txid));
    }

    /// <summary>Rule E-37.</summary>
    [Fact]
    public async Task An_unclaimed_payment_comes_back_after_its_refund_time_and_not_before()
    {
        TestJob job = await TestJob.MakeAsync(chain, time, 1);
        await job.OfferAsync();
        JobTransactionReply payment = await job.PayAsync();
        time.Advance(10);
        await chain.RunAsync();
        time.AdvanceTo(payment.RefundTimeUnix);
        Assert.Equal("too-early", RpcReason.Of(await Assert.ThrowsAsync<RpcException>(job.RefundAsync)));
        time.Advance(1);
        JobTransactionReply refund = await job.RefundAsync();
        Assert.Equal(refund.Txid, (await job.RefundAsync()).Txid);
        await chain.RunAsync();
        Assert.True(await TestJob.ConfirmationsAsync(chain, refund.Txid) >= 1);
        BalancesReply balances = await chain.Wallet.GetBalances(new GetBalancesRequest(), new CallContext());
        Assert.Equal(job.AmountGrains - 200, balances.Roles.Single(role => role.Role == "client").SpendableGrains);
        Assert.Equal(0, SupplyInvariant.Check(chain).PaymentsGrains);
    }

    /// <summary>Rule E-35.</summary>
    [Fact]
    public async Task A_closed_offer_frees_its_deposit_and_can_not_be_paid()
    {
        TestJob job = await TestJob.MakeAsync(chain, time, 1);
        OfferReply offer = await job.OfferAsync();
        await job.CloseAsync();
        await job.CloseAsync();
        await chain.RunAsync();
        Assert.Equal(-1, await TestJob.ConfirmationsAsync(chain, offer.Txid));
        BalancesReply balances = await chain.Wallet.GetBalances(new GetBalancesRequest(), new CallContext());
        Assert.Equal((4, 0), (balances.DepositsFree, balances.DepositsOpen));
        Assert.Equal("offer-closed", RpcReason.Of(await Assert.ThrowsAsync<RpcException>(() => job.PayAsync())));
        Assert.False((await SubmitAsync(offer.Raw)).Accepted);
    }

    [Fact]
    public async Task An_offer_that_nobody_follows_lapses_and_its_deposit_is_free_again()
    {
        TestJob job = await TestJob.MakeAsync(chain, time, 1);
        OfferReply offer = await job.OfferAsync();
        time.Advance(130);
        await chain.RunAsync();
        Assert.Equal(1, await TestJob.ConfirmationsAsync(chain, offer.Txid));
        BalancesReply balances = await chain.Wallet.GetBalances(new GetBalancesRequest(), new CallContext());
        Assert.Equal((4, 0), (balances.DepositsFree, balances.DepositsOpen));
        Assert.Equal("offer-lapsed", RpcReason.Of(await Assert.ThrowsAsync<RpcException>(() => job.PayAsync())));
    }

    /// <summary>Rule E-33: what is signed is stored first, so that it is signed once.</summary>
    [Fact]
    public async Task Every_call_of_the_signer_gives_the_same_answer_again_after_a_restart()
    {
        TestJob job = await TestJob.MakeAsync(chain, time, 1);
        OfferReply offer = await job.OfferAsync();
        AssignmentReply assignment = await job.AssignAsync();
        JobTransactionReply payment = await job.PayAsync();
        SignatureReply testament = await job.SignTestamentAsync();
        await ReopenAsync();
        TestJob same = await TestJob.MakeAsync(chain, time, 1);
        Assert.Equal(offer, await same.OfferAsync());
        Assert.Equal(assignment, await same.AssignAsync());
        Assert.Equal(payment, await same.PayAsync());
        Assert.Equal(testament, await same.SignTestamentAsync());
        Assert.Equal(payment, await same.PayAsync());
        time.Advance(10);
        await chain.RunAsync();
        JobTransactionReply claim = await same.ClaimAsync();
        Assert.Equal(claim, await same.ClaimAsync());
        await chain.RunAsync();
        Assert.Equal(claim, await same.ClaimAsync());
        Assert.Equal(payment, await same.PayAsync());
        SupplyInvariant.Check(chain);
    }

    [Fact]
    public async Task A_second_different_testament_is_refused()
    {
        TestJob job = await TestJob.MakeAsync(chain, time, 1);
        await job.OfferAsync();
        await job.PayAsync();
        RpcException refusal = await Assert.ThrowsAsync<RpcException>(() => job.PayAsync(variant: 1));
        Assert.Equal("second-testament", RpcReason.Of(refusal));
    }

    /// <summary>Rule E-34: a client that can't open the envelope to the bound roots does not pay.</summary>
    [Fact]
    public async Task A_payment_for_another_envelope_amount_or_signature_is_refused()
    {
        TestJob job = await TestJob.MakeAsync(chain, time, 1);
        await job.OfferAsync();
        BuildPaymentRequest good = await job.DemandAsync();
        good.TestamentSignature = (await job.SignTestamentAsync()).Signature;
        BuildPaymentRequest envelope = good.Clone();
        byte[] bytes = envelope.Envelope.ToByteArray();
        bytes[^1] ^= 1;
        envelope.Envelope = ByteString.CopyFrom(bytes);
        BuildPaymentRequest amount = good.Clone();
        amount.AmountGrains++;
        BuildPaymentRequest signature = good.Clone();
        signature.TestamentSignature = ByteString.CopyFrom(new byte[70]);
        foreach ((BuildPaymentRequest request, string reason) in new[]
        {
            (envelope, "envelope"), (amount, "wrong-amount"), (signature, "testament-signature"),
        })
        {
            RpcException refusal = await Assert.ThrowsAsync<RpcException>(
                () => chain.Signer.BuildPayment(request, new CallContext()));
            Assert.Equal(reason, RpcReason.Of(refusal));
        }

        await chain.Signer.BuildPayment(good, new CallContext());
    }

    /// <summary>Rule E-34: the mempool knows the job, so a payment due at another time is refused.</summary>
    [Fact]
    public async Task A_payment_with_another_lock_time_is_refused_by_the_mempool()
    {
        TestJob job = await TestJob.MakeAsync(chain, time, 1);
        await job.OfferAsync();
        JobTransactionReply payment = await job.PayAsync();
        Assert.True(Transaction.TryDecode(payment.Raw.Span, out Transaction? signed));
        SubmitTransactionReply reply = await SubmitAsync(
            ByteString.CopyFrom(Resign(signed, signed.LockTime - 1, job).EncodedSpan));
        Assert.Equal((false, "job-lock-time"), (reply.Accepted, reply.Reason));
    }

    [Fact]
    public async Task Bytes_that_are_no_job_are_an_invalid_argument()
    {
        RpcException refusal = await Assert.ThrowsAsync<RpcException>(() => chain.Signer.OpenOffer(
            new OpenOfferRequest { JobParameters = ByteString.CopyFromUtf8("nonsense") }, new CallContext()));
        Assert.Equal(StatusCode.InvalidArgument, refusal.StatusCode);
    }

    private Task<SubmitTransactionReply> SubmitAsync(ByteString raw) =>
        chain.Chain.SubmitTransaction(new SubmitTransactionRequest { Raw = raw }, new CallContext());

    private async Task ReopenAsync()
    {
        await chain.DisposeAsync();
        chain = await ChainHost.OpenAsync(folder, time, "Chain:DepositCount=4");
    }

    private Transaction SignedFor(Transaction offer, TestJob other) => Resign(offer, offer.LockTime, other);

    private Transaction Resign(Transaction transaction, uint lockTime, TestJob job)
    {
        Protocol.Scripts.Script deposit = chain.State.Read(reading =>
            reading.Outputs.TryGet(transaction.Inputs[0].Previous, out Utxo? utxo) ? utxo.Output.Script : default);
        Transaction unsigned = Transaction.Create(2, transaction.Inputs, transaction.Outputs, lockTime, job.Id);
        byte[] signature = SignatureHash.Sign(
            unsigned, 0, deposit, chain.State.Keys[Protocol.Keys.KeyRole.Client].Private, chain.State.Curve);
        return unsigned.WithScript(0, Protocol.Scripts.DepositScript.UnlockJob(signature));
    }
}
