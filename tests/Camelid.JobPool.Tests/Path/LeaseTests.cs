using Camelid.Contracts.Inference.V1;
using Camelid.Contracts.JobPool.V1;
using Camelid.Protocol.Jobs;
using Google.Protobuf;
using Grpc.Core;

namespace Camelid.JobPool.Tests.Path;

/// <summary>Who may run a job, and what a worker is told that may not.</summary>
public sealed class LeaseTests
{
    private static readonly WorkersPeer Silent = new() { IsComputing = false };

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_first_report_takes_the_lease_and_another_worker_is_refused()
    {
        await using JobPoolWorld world = await JobPoolWorld.StartAsync(Stop);
        await using JobPoolHost host = await world.OpenAsync(Stop, Silent);
        ByteString jobId = await host.SubmitAsync("a", Stop);
        ComputeJob command = await Silent.Commands.Reader.ReadAsync(Stop);

        Task accepted = host.ReachAsync("accepted", Stop);
        using AsyncClientStreamingCall<TokenReport, StreamTokensReply> first =
            host.Jobs.StreamTokens(cancellationToken: Stop);
        await first.RequestStream.WriteAsync(ComputeJobPeer.ReportOf(command, "one"), Stop);
        await accepted;
        Assert.Equal(StatusCode.AlreadyExists, await RefusalAsync(host, command, "two"));
        Assert.Equal(StatusCode.AlreadyExists, await RefusalAsync(host, command, "one"));
        Assert.Equal(StatusCode.Aborted, await RefusalAsync(host, command with { Attempt = 2 }, "one", ends: true, first));
        Assert.Equal(StatusCode.AlreadyExists, await RefusalAsync(host, command, "two"));
        JobDetails job = await host.Jobs.GetJobAsync(new GetJobRequest { JobId = jobId }, cancellationToken: Stop);
        Assert.Equal("one", job.Summary.Worker);
    }

    [Fact]
    public async Task A_lapsed_lease_starts_the_next_attempt_and_the_older_result_is_stale()
    {
        await using JobPoolWorld world = await JobPoolWorld.StartAsync(Stop);
        OwnTime time = new();
        WorkersPeer workers = new() { IsComputing = false };
        await using JobPoolHost host = await world.OpenAsync(Stop, workers, time);
        ByteString jobId = await host.SubmitAsync("a", Stop);
        ComputeJob first = await workers.Commands.Reader.ReadAsync(Stop);
        await ReportOnceAsync(host, first, "one");

        time.Advance(TimeSpan.FromSeconds(16));
        await host.Recovery.RunOnceAsync(Stop);
        ComputeJob second = await workers.Commands.Reader.ReadAsync(Stop);
        Assert.Equal(2u, second.Attempt);

        await host.Bus.Publish(ComputeJobPeer.ComputedOf(first, "one"), Stop);
        await ReportOnceAsync(host, second, "two");
        JobDetails job = await host.Jobs.GetJobAsync(new GetJobRequest { JobId = jobId }, cancellationToken: Stop);
        Assert.Equal("accepted", job.Summary.PaymentState);

        await host.Bus.Publish(ComputeJobPeer.ComputedOf(second, "two"), Stop);
        (_, JobAnswer answer) = await host.AnswerAsync(jobId, Stop);
        Assert.Equal("two", answer.Job.Summary.Worker);
    }

    [Fact]
    public async Task A_job_that_nobody_finishes_is_given_up_after_five_attempts()
    {
        await using JobPoolWorld world = await JobPoolWorld.StartAsync(Stop);
        OwnTime time = new();
        WorkersPeer workers = new() { IsComputing = false };
        await using JobPoolHost host = await world.OpenAsync(Stop, workers, time);
        ByteString jobId = await host.SubmitAsync("a", Stop);
        await ReportOnceAsync(host, await workers.Commands.Reader.ReadAsync(Stop), "one");
        for (int attempt = 2; attempt <= 6; attempt++)
        {
            time.Advance(TimeSpan.FromSeconds(16));
            await host.Recovery.RunOnceAsync(Stop);
        }

        (_, JobAnswer answer) = await host.AnswerAsync(jobId, Stop);
        Assert.Contains("5 attempts", answer.Failure, StringComparison.Ordinal);
        Assert.Equal("dismissed", answer.Job.Summary.PaymentState);
        Assert.Equal(["offer", "close"], world.Chain.Made);
    }

    [Fact]
    public async Task A_passed_deadline_expires_the_job_and_frees_the_deposit()
    {
        await using JobPoolWorld world = await JobPoolWorld.StartAsync(Stop);
        OwnTime time = new();
        await using JobPoolHost host = await world.OpenAsync(Stop, new WorkersPeer { IsComputing = false }, time);
        ByteString jobId = await host.SubmitAsync("a", Stop);
        time.Advance(TimeSpan.FromSeconds(121));
        await host.Recovery.RunOnceAsync(Stop);

        (_, JobAnswer answer) = await host.AnswerAsync(jobId, Stop);
        Assert.Equal("expired", answer.Job.Summary.PaymentState);
        Assert.Equal(["offer", "close"], world.Chain.Made);
    }

    [Fact]
    public async Task A_silent_verifier_leaves_the_job_inconclusive_and_paid()
    {
        await using JobPoolWorld world = await JobPoolWorld.StartAsync(Stop);
        OwnTime time = new();
        WorkersPeer workers = new() { IsVerifying = false };
        await using JobPoolHost host = await world.OpenAsync(Stop, workers, time);
        ByteString jobId = await host.SubmitAsync("a", Stop);
        await workers.Verifications.Reader.ReadAsync(Stop);
        time.Advance(TimeSpan.FromSeconds(6));
        await host.Recovery.RunOnceAsync(Stop);
        await workers.Verifications.Reader.ReadAsync(Stop);
        time.Advance(TimeSpan.FromSeconds(60));
        await host.Recovery.RunOnceAsync(Stop);

        (_, JobAnswer answer) = await host.AnswerAsync(jobId, Stop);
        Assert.Equal("inconclusive", answer.Job.Summary.VerificationState);
        Assert.Equal("abc", answer.Text);
    }

    [Fact]
    public async Task A_cancelled_job_stops_its_worker_and_pays_for_what_was_run()
    {
        await using JobPoolWorld world = await JobPoolWorld.StartAsync(Stop);
        WorkersPeer workers = new() { IsComputing = false };
        await using JobPoolHost host = await world.OpenAsync(Stop, workers);
        ByteString jobId = await host.SubmitAsync("a", Stop);
        ComputeJob command = await workers.Commands.Reader.ReadAsync(Stop);
        Task accepted = host.ReachAsync("accepted", Stop);
        using AsyncClientStreamingCall<TokenReport, StreamTokensReply> stream =
            host.Jobs.StreamTokens(cancellationToken: Stop);
        await stream.RequestStream.WriteAsync(ComputeJobPeer.ReportOf(command, "one", 0), Stop);
        await accepted;

        await host.Jobs.CancelJobAsync(new CancelJobRequest { JobId = jobId }, cancellationToken: Stop);
        RpcException told = await Assert.ThrowsAsync<RpcException>(async () => await stream.ResponseAsync);
        Assert.Equal(StatusCode.Cancelled, told.StatusCode);

        JobOutput partial = new() { Tokens = [11], Fingerprints = [21], FinishReason = Protocol.Jobs.FinishReason.Cancelled };
        JobComputed computed = ComputeJobPeer.ComputedOf(command, "one") with { Output = partial.Encode(), Text = "a" };
        await host.Bus.Publish(computed, Stop);
        (_, JobAnswer answer) = await host.AnswerAsync(jobId, Stop);
        Assert.Equal("cancelled", answer.FinishReason);
        Assert.Equal((4 + 1) * 1000, answer.Job.Summary.PaymentGrains);
        Receipt receipt = await host.Jobs.GetReceiptAsync(new GetReceiptRequest { JobId = jobId }, cancellationToken: Stop);
        Assert.False(receipt.CancellationSignature.IsEmpty);
    }

    [Fact]
    public async Task A_job_cancelled_before_a_worker_took_it_is_dismissed()
    {
        await using JobPoolWorld world = await JobPoolWorld.StartAsync(Stop);
        await using JobPoolHost host = await world.OpenAsync(Stop, new WorkersPeer { IsComputing = false });
        ByteString jobId = await host.SubmitAsync("a", Stop);
        await host.Jobs.CancelJobAsync(new CancelJobRequest { JobId = jobId }, cancellationToken: Stop);
        (_, JobAnswer answer) = await host.AnswerAsync(jobId, Stop);
        Assert.Equal("dismissed", answer.Job.Summary.PaymentState);
        Assert.Equal(["offer", "close"], world.Chain.Made);
    }

    private static async Task ReportOnceAsync(JobPoolHost host, ComputeJob command, string worker)
    {
        using AsyncClientStreamingCall<TokenReport, StreamTokensReply> stream =
            host.Jobs.StreamTokens(cancellationToken: Stop);
        await stream.RequestStream.WriteAsync(ComputeJobPeer.ReportOf(command, worker), Stop);
        await stream.RequestStream.CompleteAsync();
        await stream;
    }

    private static async Task<StatusCode> RefusalAsync(
        JobPoolHost host, ComputeJob command, string worker, bool ends = false,
        AsyncClientStreamingCall<TokenReport, StreamTokensReply>? running = null)
    {
        if (ends)
        {
            await running!.RequestStream.CompleteAsync();
            await running;
        }

        using AsyncClientStreamingCall<TokenReport, StreamTokensReply> stream =
            host.Jobs.StreamTokens(cancellationToken: Stop);
        await stream.RequestStream.WriteAsync(ComputeJobPeer.ReportOf(command, worker), Stop);
        RpcException refused = await Assert.ThrowsAsync<RpcException>(async () => await stream.ResponseAsync);
        return refused.StatusCode;
    }
}
