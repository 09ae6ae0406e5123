using Camelid.Cli.Demos;
using Camelid.Client;
using Camelid.Client.Completions;
using Camelid.Client.Jobs;
using Camelid.TestKit;

namespace Camelid.Cluster.Tests;

/// <summary>A real node that sends its spans to a collector: what an operator sees of a job.</summary>
public sealed class TraceTests
{
    private const string JobIdTag = "camelid.job_id";
    private static readonly TimeSpan SettledLimit = TimeSpan.FromSeconds(60);

    /// <summary>What is done for every job, by the service that does it.</summary>
    private static readonly string[] StepsOfEveryJob =
    [
        // JobPool, down to settlement.
        "job open-offer", "job assign", "job commit", "job pay", "job watch-payment", "job watch-claim",

        // Inference and Verifier.
        "job compute", "job verify",

        // Messages from service to service.
        "outbox publish",
    ];

    /// <summary>What the chain is asked for every job, the claim after the answer included.</summary>
    private static readonly string[] CallsOfEveryJob =
    [
        "/camelid.jobpool.v1.JobPoolRpc/SubmitJob", "/camelid.jobpool.v1.JobPoolRpc/StreamTokens",
        "/camelid.chain.v1.SignerRpc/OpenOffer", "/camelid.chain.v1.SignerRpc/SignTestament",
        "/camelid.chain.v1.SignerRpc/SignAttestation", "/camelid.chain.v1.SignerRpc/BuildPayment",
        "/camelid.chain.v1.SignerRpc/BuildClaim", "/camelid.chain.v1.ChainRpc/GetTransaction",
    ];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task One_job_is_one_trace_across_all_services()
    {
        await using SpanReceiver receiver = await SpanReceiver.StartAsync(Stop);
        IReadOnlyList<JobDocument> jobs = await RunTwoJobsAsync(receiver.Address);
        IReadOnlyList<ReceivedSpan> spans = receiver.Spans;
        string[] traces = [.. jobs.Select(job => TraceOf(job, spans))];
        Assert.Equal(jobs.Count, traces.Distinct().Count());
    }

    /// <summary>The trace that holds all that was done for the job; it is whole, and begins with the request.</summary>
    private static string TraceOf(JobDocument job, IReadOnlyList<ReceivedSpan> spans)
    {
        ReceivedSpan[] ours = [.. spans.Where(span => span.Attributes.GetValueOrDefault(JobIdTag) == job.JobId)];
        string trace = Assert.Single(ours.Select(span => span.TraceId).Distinct());
        Assert.Superset(StepsOfEveryJob.ToHashSet(), ours.Select(span => span.Name).ToHashSet());

        ReceivedSpan[] all = [.. spans.Where(span => span.TraceId == trace)];
        HashSet<string> known = [.. all.Select(span => span.SpanId)];
        ReceivedSpan root = Assert.Single(all, span => !known.Contains(span.ParentId));
        Assert.Equal("", root.ParentId);
        Assert.Equal(("/v1/completions", job.JobId), (root.Attributes["url.path"], root.Attributes[JobIdTag]));
        HashSet<string> calls = [.. all.Select(span => span.Attributes.GetValueOrDefault("grpc.method", ""))];
        Assert.Superset(CallsOfEveryJob.ToHashSet(), calls);
        return trace;
    }

    /// <summary>Two completions, both settled; the node is stopped, so that it has sent all that it saw.</summary>
    private static async Task<IReadOnlyList<JobDocument>> RunTwoJobsAsync(Uri collector)
    {
        string folder = Directory.CreateTempSubdirectory("camelid-trace-").FullName;
        try
        {
            using NodeUnderTest node = new(SharedFiles.RepositoryRoot, folder, WalkingNode.FreePort())
            {
                Variables = new Dictionary<string, string>
                {
                    ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.ToString(),
                    ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
                    ["OTEL_BSP_SCHEDULE_DELAY"] = "500",
                },
            };
            using CamelidClient client = await node.StartAsync(Stop);
            foreach (string prompt in (string[])["Once upon a time", "There was a camel"])
            {
                await client.CompleteAsync(
                    new CompletionRequest { Model = "camelid-nano", Prompt = prompt, MaxTokens = 8 }, Stop);
            }

            IReadOnlyList<JobDocument> jobs = await PaymentAudit.WaitUntilEndedAsync(client, SettledLimit, Stop);
            Assert.Equal(2, jobs.Count);
            Assert.All(jobs, job => Assert.Equal("settled", job.Payment.State));
            Assert.True(await node.StopAsync(), "SIGTERM did not end the node within 10 s with exit code 0");
            return jobs;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
