using Camelid.Contracts.Chain.V1;
using Camelid.Contracts.JobPool.V1;
using Google.Protobuf;
using Grpc.Core;

namespace Camelid.JobPool.Tests.Path;

/// <summary>A job pool that stops after any step is continued by the next one, and the job settles once.</summary>
public sealed class CrashTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(nameof(SignerRpc.SignerRpcBase.OpenOffer))]
    [InlineData(nameof(SignerRpc.SignerRpcBase.SignAssignment))]
    [InlineData(nameof(SignerRpc.SignerRpcBase.SignTestament))]
    [InlineData(nameof(SignerRpc.SignerRpcBase.BuildPayment))]
    public async Task A_job_that_stopped_before_its_answer_settles_once(string brokenCall)
    {
        await using JobPoolWorld world = await JobPoolWorld.StartAsync(Stop);
        world.Chain.BrokenCall = brokenCall;
        await using (JobPoolHost first = await world.OpenAsync(Stop))
        {
            await SubmitAsync(first);
            await world.Chain.BrokenCallMade.Task.WaitAsync(Stop);
        }

        world.Chain.BrokenCall = null;
        await using JobPoolHost second = await world.OpenAsync(Stop);
        ByteString jobId = await second.SubmitAsync("a", Stop);
        (_, JobAnswer answer) = await second.AnswerAsync(jobId, Stop);
        Assert.Equal("abc", answer.Text);
        await JobPathTests.SettleAsync(world, second);
        await CheckSettledOnceAsync(world, second, jobId);
    }

    [Theory]
    [InlineData(nameof(ChainRpc.ChainRpcBase.GetTransaction), 1)]
    [InlineData(nameof(SignerRpc.SignerRpcBase.BuildClaim), 6)]
    public async Task A_job_that_stopped_after_its_answer_settles_once(string brokenCall, int blocks)
    {
        await using JobPoolWorld world = await JobPoolWorld.StartAsync(Stop);
        ByteString jobId;
        await using (JobPoolHost first = await world.OpenAsync(Stop))
        {
            jobId = await first.SubmitAsync("a", Stop);
            await first.AnswerAsync(jobId, Stop);
            world.Chain.BrokenCall = brokenCall;
            world.Chain.Mine(blocks);
            await first.AnnounceBlockAsync(Stop);
            await world.Chain.BrokenCallMade.Task.WaitAsync(Stop);
        }

        world.Chain.BrokenCall = null;
        await using JobPoolHost second = await world.OpenAsync(Stop);
        await JobPathTests.SettleAsync(world, second);
        await CheckSettledOnceAsync(world, second, jobId);
    }

    [Fact]
    public async Task A_job_whose_worker_and_verifier_messages_were_lost_settles_once()
    {
        await using JobPoolWorld world = await JobPoolWorld.StartAsync(Stop);
        WorkersPeer silent = new() { IsComputing = false };
        ByteString jobId;
        await using (JobPoolHost first = await world.OpenAsync(Stop, silent))
        {
            jobId = await first.SubmitAsync("a", Stop);
            await silent.Commands.Reader.ReadAsync(Stop);
        }

        OwnTime time = new();
        time.Advance(TimeSpan.FromSeconds(16));
        WorkersPeer noVerifier = new() { IsVerifying = false };
        await using (JobPoolHost second = await world.OpenAsync(Stop, noVerifier, time))
        {
            await noVerifier.Verifications.Reader.ReadAsync(Stop);
        }

        time.Advance(TimeSpan.FromSeconds(6));
        await using JobPoolHost third = await world.OpenAsync(Stop, time: time);
        (_, JobAnswer answer) = await third.AnswerAsync(jobId, Stop);
        Assert.Equal("passed", answer.Job.Summary.VerificationState);
        await JobPathTests.SettleAsync(world, third);
        await CheckSettledOnceAsync(world, third, jobId);
    }

    /// <summary>The control: without the loop nothing goes on by itself, so it is the loop that heals.</summary>
    [Fact]
    public async Task A_job_that_nobody_looks_at_stays_where_it_is()
    {
        await using JobPoolWorld world = await JobPoolWorld.StartAsync(Stop);
        await using JobPoolHost host = await world.OpenAsync(Stop, new WorkersPeer { IsComputing = false });
        ByteString jobId = await host.SubmitAsync("a", Stop);
        Assert.Equal(0, await host.Recovery.RunOnceAsync(Stop));
        JobDetails job = await host.Jobs.GetJobAsync(new GetJobRequest { JobId = jobId }, cancellationToken: Stop);
        Assert.Equal("created", job.Summary.PaymentState);
    }

    private static async Task SubmitAsync(JobPoolHost host)
    {
        try
        {
            await host.SubmitAsync("a", Stop);
        }
        catch (RpcException exception) when (exception.StatusCode is StatusCode.Internal or StatusCode.Unknown)
        {
            // The caller of a job pool that breaks off learns nothing, and asks again with the same key.
        }
    }

    private static async Task CheckSettledOnceAsync(JobPoolWorld world, JobPoolHost host, ByteString jobId)
    {
        JobDetails job = await host.Jobs.GetJobAsync(new GetJobRequest { JobId = jobId }, cancellationToken: Stop);
        Assert.Equal(
            ["accepted", "committed", "paid", "delivered", "settled"],
            job.Transitions.Where(step => step.Facet == "payment").Select(step => step.To));
        Assert.Equal(["offer", "payment", "claim"], world.Chain.Made);
    }
}
