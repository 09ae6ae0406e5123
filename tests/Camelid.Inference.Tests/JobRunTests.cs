using Camelid.Contracts.JobPool.V1;
using Camelid.Inference.Jobs;
using Camelid.Protocol;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;
using Grpc.Core;
using Microsoft.Extensions.Configuration;

namespace Camelid.Inference.Tests;

public sealed class JobRunTests(ModelFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_first_report_takes_the_lease_and_the_tokens_reported_are_the_output()
    {
        await using JobPoolPeer jobPool = await StartAsync(new JobPoolPeer());
        JobResult result = await RunAsync(jobPool, Job(maxTokens: 32), Cancellation);

        Assert.Equal("computed", result.Outcome);
        Assert.True(JobOutput.TryDecode(result.Computed!.Output, out JobOutput? output));
        TokenReport[] reports = [.. jobPool.Reports];
        Assert.Empty(reports[0].Tokens);
        Token[] tokens = [.. reports.SelectMany(report => report.Tokens)];
        Assert.Equal(output!.Tokens, tokens.Select(token => token.TokenId));
        Assert.Equal(output.Fingerprints, tokens.Select(token => token.Fingerprint));
        Assert.Equal(Enumerable.Range(0, tokens.Length), tokens.Select(token => (int)token.Index));
        Assert.Equal(result.Computed.Text, string.Concat(tokens.Select(token => token.Text)));
        Assert.NotEmpty(result.Computed.Text);
        Assert.All(reports, report => Assert.Equal(("pod", 3u), (report.Worker, report.Attempt)));
    }

    [Fact]
    public async Task Two_runs_of_one_job_say_the_same()
    {
        await using JobPoolPeer jobPool = await StartAsync(new JobPoolPeer());
        JobResult[] results = await Task.WhenAll(
            RunAsync(jobPool, Job(maxTokens: 24), Cancellation), RunAsync(jobPool, Job(maxTokens: 24), Cancellation));
        Assert.Equal(results[0].Computed!.Output, results[1].Computed!.Output);
    }

    [Fact]
    public async Task A_job_that_the_client_gave_up_is_stopped_and_what_it_ran_is_reported()
    {
        // The first job is too short to be given up. It also makes the connection: a refusal that waits for one, and
        // for code that runs for the first time, comes after a small model has written all that it may.
        await using JobPoolPeer jobPool = await StartAsync(
            new JobPoolPeer { Refusal = StatusCode.Cancelled, RefusalAfterTokens = 9 });
        Assert.Equal("computed", (await RunAsync(jobPool, Job(maxTokens: 8), Cancellation)).Outcome);
        JobResult result = await RunAsync(jobPool, Job(maxTokens: 450), Cancellation);

        Assert.Equal("cancelled", result.Outcome);
        Assert.True(JobOutput.TryDecode(result.Computed!.Output, out JobOutput? output));
        Assert.Equal(FinishReason.Cancelled, output!.FinishReason);
        Assert.InRange(output.Tokens.Length, 1, 449);
    }

    [Theory]
    [InlineData(StatusCode.AlreadyExists, "taken")]
    [InlineData(StatusCode.Aborted, "stale")]
    [InlineData(StatusCode.NotFound, "stale")]
    public async Task A_job_of_another_worker_or_attempt_is_dropped_without_a_word(StatusCode refusal, string outcome)
    {
        await using JobPoolPeer jobPool = await StartAsync(
            new JobPoolPeer { Refusal = refusal, RefusalAfterTokens = 0 });
        Assert.Equal(new JobResult(outcome), await RunAsync(jobPool, Job(maxTokens: 8), Cancellation));
    }

    [Fact]
    public async Task A_job_beyond_the_context_fails_for_good_and_says_both_numbers()
    {
        await using JobPoolPeer jobPool = await StartAsync(new JobPoolPeer());
        JobResult result = await RunAsync(jobPool, Job(maxTokens: 100_000), Cancellation);
        Assert.True(result.Failed!.Final);
        Assert.Contains("100000", result.Failed.Reason, StringComparison.Ordinal);
        Assert.Contains("512", result.Failed.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_job_of_another_model_or_with_changed_parameters_is_refused_before_any_lease()
    {
        await using JobPoolPeer jobPool = await StartAsync(new JobPoolPeer());
        ComputeJob foreign = Of(Parameters(8) with { ModelRoot = Hashes.Sha256([9]) });
        ComputeJob changed = Job(maxTokens: 8) with { JobId = foreign.JobId };
        Assert.False((await RunAsync(jobPool, foreign, Cancellation)).Failed!.Final);
        Assert.True((await RunAsync(jobPool, changed, Cancellation)).Failed!.Final);
        Assert.Empty(jobPool.Reports);
    }

    [Fact]
    public async Task A_job_is_abandoned_without_a_word_when_the_process_must_end()
    {
        await using JobPoolPeer jobPool = await StartAsync(new JobPoolPeer());
        using CancellationTokenSource abandon = new();
        await abandon.CancelAsync();
        Assert.Equal(new JobResult("abandoned"), await RunAsync(jobPool, Job(maxTokens: 450), abandon.Token));
    }

    [Theory]
    [InlineData("Inference:ExecutionProvider", "cuda", "CUDA provider is not part of this build")]
    [InlineData("Inference:ExecutionProvider", "tpu", "cpu or cuda")]
    [InlineData("Inference:Slots", "0", "1 to 64")]
    [InlineData("Inference:Threads", "many", "1 to 256")]
    [InlineData("Inference:KeyValueMebibytes", "-1", "1 to 16777216")]
    public void A_bad_setting_is_refused_by_name(string name, string value, string part)
    {
        IConfiguration configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?> { [name] = value }).Build();
        InvalidOperationException refusal =
            Assert.Throws<InvalidOperationException>(() => WorkerOptions.Read(configuration));
        Assert.StartsWith(name, refusal.Message, StringComparison.Ordinal);
        Assert.Contains(part, refusal.Message, StringComparison.Ordinal);
    }

    private static async Task<JobPoolPeer> StartAsync(JobPoolPeer peer)
    {
        await peer.StartAsync(Cancellation);
        return peer;
    }

    private static ComputeJob Of(JobParameters parameters) => new()
    {
        JobId = parameters.Id.ToString(),
        Attempt = 3,
        Parameters = parameters.Encode(),
        Seed = JobSeed.FromClient(7).ToBytes(),
    };

    private ComputeJob Job(uint maxTokens) => Of(Parameters(maxTokens));

    private JobParameters Parameters(uint maxTokens)
    {
        // The generator of the curve: a valid point, nobody's key.
        Assert.True(PublicKey.TryParse(
            "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798", out PublicKey key));
        return new JobParameters
        {
            ModelRoot = fixture.Model.Package.Root,
            PromptTokens = fixture.Model.Tokenizer.Encode("Once upon a time"),
            Sampling = new SamplingParameters { LogitBiases = NoEnd() },
            MaxTokens = maxTokens,
            PriceGrainsPerToken = 1000,
            FeeGrains = 1000,
            Created = 1_800_000_000,
            Deadline = JobParameters.TimeMax,
            ClientKey = key,
            NonceHash = Hashes.Sha256([1]),
        };
    }

    /// <summary>The model may not end by itself, so that lengths are the test's.</summary>
    private LogitBias[] NoEnd() =>
        [.. fixture.Model.Package.Manifest.EndTokens.Order().Select(token => new LogitBias(token, -100_000_000))];

    private async Task<JobResult> RunAsync(JobPoolPeer jobPool, ComputeJob job, CancellationToken abandon)
    {
        WorkerOptions options = WorkerOptions.Read(new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?> { ["Camelid:Instance"] = "pod" }).Build());
        using WorkerMetrics metrics = new(options);
        return await new JobRun(jobPool.Client, fixture.Model, metrics, options, TimeProvider.System)
            .RunAsync(job, abandon);
    }
}
