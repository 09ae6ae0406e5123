using System.Collections.Concurrent;
using System.Diagnostics;
using System.Security.Cryptography;
using Camelid.Contracts.JobPool.V1;
using Camelid.Protocol;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;
using Camelid.Secp256k1;
using Camelid.ServiceDefaults.Telemetry;
using Google.Protobuf;
using Grpc.Core;

namespace Camelid.JobPool.Tests.Path;

/// <summary>
/// The whole path of a job through the real service: gRPC over Unix sockets, a real database, a real bus.
/// </summary>
public sealed class JobPathTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_job_is_run_verified_paid_and_settled()
    {
        await using JobPoolWorld world = await JobPoolWorld.StartAsync(Stop);
        await using JobPoolHost host = await world.OpenAsync(Stop);
        ByteString jobId = await host.SubmitAsync("a", Stop);

        (List<JobEvent> events, JobAnswer answer) = await host.AnswerAsync(jobId, Stop);
        Assert.Equal("abc", answer.Text);
        Assert.Equal("stop", answer.FinishReason);
        Assert.Equal([11u, 12u, 13u], events.Where(next => next.Token is not null).Select(next => next.Token.TokenId));
        Assert.Equal("committed", answer.Job.Summary.PaymentState);
        Assert.Equal("passed", answer.Job.Summary.VerificationState);
        Assert.Equal((4 + 3) * 1000, answer.Job.Summary.PaymentGrains);

        await SettleAsync(world, host);
        JobDetails job = await host.Jobs.GetJobAsync(new GetJobRequest { JobId = jobId }, cancellationToken: Stop);
        Assert.Equal(
            [
                "payment created accepted assignment-signed", "payment accepted committed testament-signed",
                "verification pending passed rules-held", "payment committed paid payment-mined",
                "payment paid delivered key-opened", "payment delivered settled claim-mined",
            ],
            job.Transitions.Select(step => $"{step.Facet} {step.From} {step.To} {step.Cause}"));
        Assert.Equal(["offer", "payment", "claim"], world.Chain.Made);
    }

    [Fact]
    public async Task A_model_is_as_popular_as_its_jobs_are_settled()
    {
        await using JobPoolWorld world = await JobPoolWorld.StartAsync(Stop);
        await using JobPoolHost host = await world.OpenAsync(Stop);
        await host.AnswerAsync(await host.SubmitAsync("a", Stop), Stop);
        GetPopularityRequest request = new();
        Assert.Empty((await host.Jobs.GetPopularityAsync(request, cancellationToken: Stop)).Models);

        await SettleAsync(world, host);
        ModelPopularity model =
            Assert.Single((await host.Jobs.GetPopularityAsync(request, cancellationToken: Stop)).Models);
        Assert.Equal((JobPoolHost.Request("a").ModelRoot, 1ul), (model.ModelRoot, model.SettledJobs));
    }

    [Fact]
    public async Task A_receipt_is_checked_offline_by_its_canonical_bytes()
    {
        await using JobPoolWorld world = await JobPoolWorld.StartAsync(Stop);
        await using JobPoolHost host = await world.OpenAsync(Stop);
        ByteString jobId = await host.SubmitAsync("a", Stop);
        await host.AnswerAsync(jobId, Stop);

        Receipt receipt = await host.Jobs.GetReceiptAsync(
            new GetReceiptRequest { JobId = jobId }, cancellationToken: Stop);
        ISecp256k1 curve = Secp256k1Provider.Create();
        Assert.True(JobParameters.TryDecode(receipt.JobParameters.Span, out JobParameters? parameters));
        Assert.Equal(jobId.ToByteArray(), parameters!.Id.Value.ToBytes());
        Assert.True(Testament.TryDecode(receipt.Testament.Span, out Testament? testament));
        Assert.True(PublicKey.TryFromBytes(receipt.WorkerKey.Span, out PublicKey worker));
        Assert.True(curve.Verify(worker, testament!.Hash, receipt.TestamentSignature.Span));
        Assert.True(JobOutput.TryDecode(receipt.Output.Span, out JobOutput? output));
        OutputCommitment commitment = OutputCommitment.Create(output!, receipt.OutputKey.Span);
        Assert.Equal(testament.OutputRoot, commitment.OutputRoot);
        Assert.Equal(parameters.NonceHash, Hash256.FromBytes(SHA256.HashData(receipt.Nonce.Span)));
        Assert.Equal(JobSeed.Of(parameters, testament.Nonce, testament.Stake).ToBytes(), receipt.Seed.ToByteArray());
        Assert.Equal(receipt.Fields.Testament.Hash.ToByteArray(), testament.Hash.ToBytes());
        Assert.Equal(parameters.PromptTokens, receipt.Fields.Parameters.PromptTokens);
        Assert.Equal("passed", receipt.Fields.Attestation.Verdict);
    }

    [Fact]
    public async Task Every_step_of_a_job_stands_in_the_trace_of_its_request()
    {
        ConcurrentQueue<Activity> spans = [];
        using ActivityListener listener = new()
        {
            ShouldListenTo = source => source.Name is ServiceTracing.SourceName or "Microsoft.AspNetCore",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await using JobPoolWorld world = await JobPoolWorld.StartAsync(Stop);
        await using JobPoolHost host = await world.OpenAsync(Stop);
        ByteString jobId = await host.SubmitAsync("a", Stop);
        await host.AnswerAsync(jobId, Stop);
        await SettleAsync(world, host);

        string id = Convert.ToHexStringLower(jobId.Span);
        Activity[] ours = [.. spans.Where(span => (string?)span.GetTagItem(ServiceTracing.JobIdTag) == id)];
        Assert.Superset(
            new HashSet<string> { "job open-offer", "job assign", "job commit", "job pay", "job watch-claim" },
            ours.Select(span => span.OperationName).ToHashSet());
        Assert.Single(ours.Select(span => span.TraceId).Distinct());
    }

    [Fact]
    public async Task A_request_key_names_one_job()
    {
        await using JobPoolWorld world = await JobPoolWorld.StartAsync(Stop);
        await using JobPoolHost host = await world.OpenAsync(Stop);
        SubmitJobReply[] replies = await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
            await host.Jobs.SubmitJobAsync(JobPoolHost.Request("same"), cancellationToken: Stop)));

        Assert.Single(replies.Select(reply => reply.JobId).Distinct());
        Assert.Single(replies, reply => !reply.Repeated);
        Assert.NotEqual(replies[0].JobId, await host.SubmitAsync("other", Stop));
    }

    [Fact]
    public async Task A_refused_offer_is_passed_on_and_its_request_key_is_free_again()
    {
        await using JobPoolWorld world = await JobPoolWorld.StartAsync(Stop);
        await using JobPoolHost host = await world.OpenAsync(Stop);
        world.Chain.OfferRefusal = "no-money";
        RpcException refused = await Assert.ThrowsAsync<RpcException>(() => host.SubmitAsync("a", Stop));
        Assert.Equal(StatusCode.FailedPrecondition, refused.StatusCode);
        Assert.Equal("no-money", refused.Trailers.GetValue("camelid-reason"));
        ListJobsReply jobs = await host.Jobs.ListJobsAsync(new ListJobsRequest { Limit = 1 }, cancellationToken: Stop);
        Assert.Equal("dismissed", Assert.Single(jobs.Jobs).PaymentState);

        world.Chain.OfferRefusal = null;
        (_, JobAnswer answer) = await host.AnswerAsync(await host.SubmitAsync("a", Stop), Stop);
        Assert.Equal("abc", answer.Text);
    }

    [Fact]
    public async Task A_job_is_refused_where_no_worker_has_its_model()
    {
        await using JobPoolWorld world = await JobPoolWorld.StartAsync(Stop);
        await using JobPoolHost host = await world.OpenAsync(Stop);
        SubmitJobRequest request = JobPoolHost.Request("a");
        request.ModelRoot = ByteString.CopyFrom(Hashes.Sha256([43]).ToBytes());
        RpcException refused = await Assert.ThrowsAsync<RpcException>(
            async () => await host.Jobs.SubmitJobAsync(request, cancellationToken: Stop));
        Assert.Equal("no-worker", refused.Trailers.GetValue("camelid-reason"));
    }

    [Fact]
    public async Task A_failed_verification_is_not_paid_and_frees_the_deposit()
    {
        await using JobPoolWorld world = await JobPoolWorld.StartAsync(Stop);
        await using JobPoolHost host = await world.OpenAsync(
            Stop, new WorkersPeer { Verdict = VerificationState.Failed });
        (_, JobAnswer answer) = await host.AnswerAsync(await host.SubmitAsync("a", Stop), Stop);

        Assert.StartsWith("verification-failed: integrity", answer.Failure, StringComparison.Ordinal);
        Assert.Empty(answer.Text);
        Assert.Equal("dismissed", answer.Job.Summary.PaymentState);
        Assert.DoesNotContain("payment", world.Chain.Made);
    }

    [Fact]
    public async Task An_inconclusive_verification_is_answered_and_paid()
    {
        await using JobPoolWorld world = await JobPoolWorld.StartAsync(Stop);
        await using JobPoolHost host = await world.OpenAsync(
            Stop, new WorkersPeer { Verdict = VerificationState.Inconclusive });
        (_, JobAnswer answer) = await host.AnswerAsync(await host.SubmitAsync("a", Stop), Stop);

        Assert.Equal("abc", answer.Text);
        Assert.Equal("inconclusive", answer.Job.Summary.VerificationState);
        Assert.Contains("payment", world.Chain.Made);
    }

    [Fact]
    public async Task A_watcher_starts_at_any_token_and_after_a_restart_too()
    {
        await using JobPoolWorld world = await JobPoolWorld.StartAsync(Stop);
        ByteString jobId;
        await using (JobPoolHost first = await world.OpenAsync(Stop))
        {
            jobId = await first.SubmitAsync("a", Stop);
            await first.AnswerAsync(jobId, Stop);
        }

        await using JobPoolHost second = await world.OpenAsync(Stop);
        (List<JobEvent> events, _) = await second.AnswerAsync(jobId, Stop, fromIndex: 1);
        Assert.Equal(["b", "c"], events.Where(next => next.Token is not null).Select(next => next.Token.Text));
    }

    [Fact]
    public async Task A_reorganisation_takes_a_settled_job_back_and_it_settles_again()
    {
        await using JobPoolWorld world = await JobPoolWorld.StartAsync(Stop);
        await using JobPoolHost host = await world.OpenAsync(Stop);
        ByteString jobId = await host.SubmitAsync("a", Stop);
        await host.AnswerAsync(jobId, Stop);
        int before = world.Chain.Height;
        await SettleAsync(world, host);

        world.Chain.Disconnect(before);
        await host.Bus.Publish(
            new Contracts.Chain.V1.BlockDisconnected
            {
                Height = before + 1,
                Hash = "",
                JobIds = [Convert.ToHexStringLower(jobId.Span)],
            },
            Stop);
        await host.ReachAsync("committed", Stop);
        await SettleAsync(world, host);
        JobDetails job = await host.Jobs.GetJobAsync(new GetJobRequest { JobId = jobId }, cancellationToken: Stop);
        Assert.Contains(job.Transitions, step => step.Cause == "claim-disconnected");
        Assert.Contains(job.Transitions, step => step.Cause == "payment-disconnected");
        Assert.Equal(["offer", "payment", "claim"], world.Chain.Made);
    }

    /// <summary>Two rounds of blocks: one buries the payment, one holds the claim.</summary>
    internal static async Task SettleAsync(JobPoolWorld world, JobPoolHost host)
    {
        Task settled = host.ReachAsync("settled", Stop);
        Task delivered = host.ReachAsync("delivered", Stop);
        world.Chain.Mine(6);
        await host.AnnounceBlockAsync(Stop);
        await delivered;
        world.Chain.Mine(1);
        await host.AnnounceBlockAsync(Stop);
        await settled;
    }
}
