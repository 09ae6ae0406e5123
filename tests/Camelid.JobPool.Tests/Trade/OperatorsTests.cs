using Camelid.Contracts.Chain.V1;
using Camelid.Contracts.JobPool.V1;
using Camelid.JobPool.Jobs;
using Camelid.JobPool.Tests.Path;
using Camelid.Protocol.Trade;
using Google.Protobuf;

namespace Camelid.JobPool.Tests.Trade;

/// <summary>Strangers trade: real chains, keys and messages, between operators that know each other by gossip alone.
/// </summary>
public sealed class OperatorsTests : IAsyncLifetime
{
    private readonly OperatorsWorld world = new();
    private Operator client = null!;

    public async ValueTask InitializeAsync() => client = await world.OpenClientAsync();

    public ValueTask DisposeAsync() => world.DisposeAsync();

    [Fact]
    public async Task A_job_is_computed_by_one_stranger_checked_by_another_and_paid_once()
    {
        Operator worker = await world.OpenWorkerAsync();
        Operator verifier = await world.OpenVerifierAsync();
        ByteString jobId = await client.SubmitAsync("a");
        await client.ReachAsync(jobId, job => job.PaymentTxid.Length > 0);
        world.Time.Advance(TimeSpan.FromSeconds(11));
        JobDetails bought = await client.ReachAsync(
            jobId, job => job is { PaymentState: "settled", VerificationState: "passed" });
        JobDetails sold = await worker.ReachAsync(jobId, job => job.PaymentState == "settled");

        Assert.Equal(
            ["accepted", "committed", "paid", "delivered", "settled"],
            bought.Transitions.Where(step => step.Facet == "payment").Select(step => step.To));
        Assert.Equal(("bought", "sold"), (bought.Summary.Side, sold.Summary.Side));
        Assert.Equal(await worker.NodeIdAsync(), bought.PeerNodeId);
        Assert.Equal(await client.NodeIdAsync(), sold.PeerNodeId);
        Assert.Equal(await verifier.NodeIdAsync(), bought.VerifierNodeId);
        Assert.Equal(7_000, bought.Summary.PaymentGrains);
        Assert.Equal((bought.Summary.PaymentTxid, bought.ClaimTxid), (sold.Summary.PaymentTxid, sold.ClaimTxid));
        (_, JobAnswer answer) = await client.Host.AnswerAsync(jobId, TestContext.Current.CancellationToken);
        Assert.Equal("abc", answer.Text);
        Receipt receipt = await client.Jobs.GetReceiptAsync(
            new GetReceiptRequest { JobId = jobId },
            cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal([11u, 12u, 13u], receipt.Fields.Output.Tokens);
        Assert.Equal("passed", receipt.Fields.Attestation.Verdict);
    }

    [Fact]
    public async Task A_worker_that_takes_a_job_and_falls_silent_costs_time_and_no_money()
    {
        await world.OpenWorkerAsync(new WorkersPeer { IsComputing = false });
        ByteString jobId = await client.SubmitAsync("a", request => request.DeadlineSeconds = 30);
        await client.ReachAsync(jobId, job => job.PaymentState == "accepted");
        world.Time.Advance(TimeSpan.FromSeconds(31));
        JobDetails job = await client.ReachAsync(jobId, summary => summary.PaymentState == "expired");
        Assert.StartsWith("worker-lost", job.Failure, StringComparison.Ordinal);
        Assert.Equal(0, job.Summary.PaymentTxid.Length);
        Assert.StartsWith("No money moved", job.Summary.Money, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_worker_that_returns_after_its_testament_claims_and_is_paid()
    {
        Operator worker = await world.OpenWorkerAsync();
        ByteString jobId = await client.SubmitAsync("a", request => request.VerifyBy = "none");
        await client.ReachAsync(jobId, job => job.PaymentTxid.Length > 0);
        await world.CloseAsync(worker);
        world.Time.Advance(TimeSpan.FromSeconds(11));
        await client.ReachAsync(jobId, job => job.PaymentState == "paid");

        worker = await world.OpenWorkerAsync();
        JobDetails bought = await client.ReachAsync(jobId, job => job.PaymentState == "settled");
        Assert.Equal("inconclusive", bought.Summary.VerificationState);
        await worker.ReachAsync(jobId, job => job.PaymentState == "settled");
    }

    [Fact]
    public async Task A_worker_that_never_claims_leaves_the_payment_to_the_client()
    {
        Operator worker = await world.OpenWorkerAsync();
        ByteString jobId = await client.SubmitAsync("a");
        await client.ReachAsync(jobId, job => job.PaymentTxid.Length > 0);
        await world.CloseAsync(worker);
        world.Time.Advance(TimeSpan.FromSeconds(11));
        JobDetails paid = await client.ReachAsync(jobId, job => job.PaymentState == "paid");
        world.Time.Advance(TimeSpan.FromSeconds(paid.RefundTimeUnix - world.Time.GetUtcNow().ToUnixTimeSeconds() + 30));
        JobDetails job = await client.ReachAsync(jobId, summary => summary.PaymentState == "refunded");
        Assert.Contains("again", job.Summary.Money, StringComparison.Ordinal);
    }

    /// <summary>A crash between the signed payment and its row, and a return after everything was over.</summary>
    [Fact]
    public async Task A_payment_that_its_row_forgot_is_followed_to_its_end()
    {
        Operator worker = await world.OpenWorkerAsync();
        ByteString jobId = await client.SubmitAsync("a");
        await client.ReachAsync(jobId, job => job.PaymentTxid.Length > 0);
        await world.CloseAsync(worker);
        string id = Convert.ToHexStringLower(jobId.Span);
        CancellationToken stop = TestContext.Current.CancellationToken;
        JobRow row = (await client.Host.Store.FindAsync(id, stop))!;
        JobRow forgotten = row with { PaymentTxid = null, PaymentRaw = null, RefundTime = 0 };
        world.Time.Advance(TimeSpan.FromSeconds(row.TestamentExpiry + 60 - world.Time.GetUtcNow().ToUnixTimeSeconds()));
        Assert.True(await client.Host.Store.SaveAsync(JobChange.Of(forgotten), null, stop));

        JobDetails job = await client.ReachAsync(jobId, summary => summary.PaymentState == "refunded");
        Assert.Contains("expired", job.Transitions.Select(step => step.To));
        Assert.Equal(row.PaymentTxid!, job.Summary.PaymentTxid.ToByteArray());
    }

    [Fact]
    public async Task A_price_that_no_worker_takes_leaves_the_job_without_one()
    {
        await world.OpenWorkerAsync(price: "5000");
        ByteString jobId = await client.SubmitAsync("a", request =>
        {
            request.MaxPriceGrains = 4999;
            request.DeadlineSeconds = 10;
        });
        await client.ReachAsync(jobId, job => job.PaymentState == "created");
        Assert.Equal("a worker that announces the model", (await client.JobAsync(jobId)).WaitingFor);
        world.Time.Advance(TimeSpan.FromSeconds(11));
        JobDetails job = await client.ReachAsync(jobId, summary => summary.PaymentState == "expired");
        Assert.Equal(0, job.StakeId.Length);
    }

    /// <summary>Rules J-21 and J-22: an order that comes again is answered again, and computed once.</summary>
    [Fact]
    public async Task A_replayed_order_is_computed_once()
    {
        WorkersPeer workers = new() { IsComputing = false };
        Operator worker = await world.OpenWorkerAsync(workers);
        ByteString jobId = await client.SubmitAsync("a");
        await client.ReachAsync(jobId, job => job.PaymentState == "accepted");
        NodeMessage order = await OrderAsync(jobId);
        for (int i = 0; i < 3; i++)
        {
            await worker.Inbox.TakeAsync(order, TestContext.Current.CancellationToken);
        }

        // Commands keep their order: the next one is the next job's.
        ByteString next = await client.SubmitAsync("b");
        foreach (ByteString expected in new[] { jobId, next })
        {
            ComputeJob command = await workers.Commands.Reader.ReadAsync(TestContext.Current.CancellationToken);
            Assert.Equal(Convert.ToHexStringLower(expected.Span), command.JobId);
        }

        Assert.Equal("sold", (await worker.JobAsync(jobId)).Summary.Side);
    }

    /// <summary>Nothing of a stranger's message counts that its node, stake and job do not bear out.</summary>
    [Fact]
    public async Task Forged_answers_commitments_and_verdicts_change_nothing()
    {
        Operator worker = await world.OpenWorkerAsync(new WorkersPeer { IsComputing = false });
        ByteString jobId = await client.SubmitAsync("a");
        await client.ReachAsync(jobId, job => job.PaymentState == "accepted");
        JobDetails before = await client.JobAsync(jobId);
        ByteString node = await worker.NodeIdAsync();
        ByteString stranger = ByteString.CopyFrom(new byte[20]);
        byte[][] bodies = [[], [1], new byte[500], TradeForgeries.Refusal(jobId), TradeForgeries.Commitment(jobId)];
        foreach (byte[] body in bodies)
        {
            foreach (TradeMessageKind kind in Enum.GetValues<TradeMessageKind>())
            {
                foreach (ByteString sender in new[] { node, stranger })
                {
                    NodeMessage message = new()
                    {
                        Sender = sender, Kind = (uint)kind, Body = ByteString.CopyFrom(body),
                    };
                    await client.Inbox.TakeAsync(message, TestContext.Current.CancellationToken);
                    await worker.Inbox.TakeAsync(message, TestContext.Current.CancellationToken);
                }
            }
        }

        JobDetails after = await client.JobAsync(jobId);
        Assert.Equal(before.Transitions, after.Transitions);
        Assert.Equal(before.Failure, after.Failure);
    }

    /// <summary>The order as the client would send it once more.</summary>
    private async Task<NodeMessage> OrderAsync(ByteString jobId) => new()
    {
        Sender = await client.NodeIdAsync(),
        Kind = (uint)TradeMessageKind.Order,
        Body = ByteString.CopyFrom(await TradeForgeries.OrderAsync(client, jobId)),
    };
}
