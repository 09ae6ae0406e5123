using Camelid.Contracts.Chain.V1;
using Camelid.Contracts.JobPool.V1;
using Camelid.JobPool.Intake;
using Camelid.JobPool.Jobs;
using Camelid.Protocol;
using Camelid.ServiceDefaults.Bus;
using Camelid.ServiceDefaults.Rpc;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using MassTransit;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Camelid.JobPool.Tests.Path;

/// <summary>A chain that stays, and job pools over one data folder that come and go.</summary>
internal sealed class JobPoolWorld : IAsyncDisposable
{
    private readonly string folder =
        System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"camelid-jobs-{Guid.NewGuid():N}");
    private WebApplication? chainHost;

    public ChainPeer Chain { get; } = new();

    public static byte[] ModelRoot { get; } = Hashes.Sha256([42]).ToBytes();

    private string ChainSocket => System.IO.Path.Combine(folder, "chain.sock");

    public static async Task<JobPoolWorld> StartAsync(CancellationToken cancellationToken)
    {
        JobPoolWorld world = new();
        Directory.CreateDirectory(world.folder);
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        UnixSocketHost.ListenOn(builder, world.ChainSocket);
        builder.AddServiceRpc();
        builder.Services.AddSingleton(world.Chain.NewChain());
        builder.Services.AddSingleton(world.Chain.NewSigner());
        world.chainHost = builder.Build();
        world.chainHost.MapGrpcService<ChainPeer.Chain>();
        world.chainHost.MapGrpcService<ChainPeer.Signer>();
        await world.chainHost.StartAsync(cancellationToken);
        return world;
    }

    /// <summary>A job pool over this world's folder, with workers that do as they are told.</summary>
    public async Task<JobPoolHost> OpenAsync(
        CancellationToken cancellationToken, WorkersPeer? workers = null, TimeProvider? time = null)
    {
        string socket = System.IO.Path.Combine(folder, $"{Guid.NewGuid():N}"[..8] + ".sock");
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Camelid:DataDir"] = folder,
            ["Camelid:Socket"] = ChainSocket,
            ["JobPool:RecoverySeconds"] = "1",
        });
        UnixSocketHost.ListenOn(builder, socket);
        builder.Services.AddSingleton(time ?? TimeProvider.System);
        builder.Services.AddSingleton(Chain);
        builder.Services.AddSingleton(workers ?? new WorkersPeer());
        GrpcChannel channel = UnixSocketHost.ChannelTo(socket);
        builder.Services.AddSingleton(new JobPoolRpc.JobPoolRpcClient(channel));
        builder.AddServiceDefaults();
        builder.AddJobPool();
        builder.Services.AddBusConsumer<ComputeJobPeer, ComputeJob>("inference");
        builder.Services.AddBusConsumer<VerifyJobPeer, VerifyJob>("verifier");
        builder.AddServiceBus();
        WebApplication app = builder.Build();

        // MassTransit keeps the log context of the first bus of an asynchronous flow, even after its host is gone.
        LogContext.Current = null;
        app.MapJobPool();
        await app.StartAsync(cancellationToken);
        JobPoolHost host = new(app, channel);
        await host.Jobs.ReportWorkerAsync(
            new WorkerReport { Worker = "pod", ModelRoots = { ByteString.CopyFrom(ModelRoot) }, Slots = 1 },
            cancellationToken: cancellationToken);
        return host;
    }

    public async ValueTask DisposeAsync()
    {
        if (chainHost is not null)
        {
            await chainHost.DisposeAsync();
        }

        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Directory.Delete(folder, recursive: true);
    }
}

/// <summary>One running job pool.</summary>
internal sealed class JobPoolHost(WebApplication app, GrpcChannel channel) : IAsyncDisposable
{
    public JobPoolRpc.JobPoolRpcClient Jobs { get; } = app.Services.GetRequiredService<JobPoolRpc.JobPoolRpcClient>();

    public JobStore Store { get; } = app.Services.GetRequiredService<JobStore>();

    public RecoveryLoop Recovery { get; } = app.Services.GetRequiredService<RecoveryLoop>();

    public IBus Bus { get; } = app.Services.GetRequiredService<IBus>();

    public T Get<T>()
        where T : class => app.Services.GetRequiredService<T>();

    public static SubmitJobRequest Request(string key) => new()
    {
        RequestKey = key,
        Account = "test",
        ModelRoot = ByteString.CopyFrom(JobPoolWorld.ModelRoot),
        PromptTokens = { 1, 2, 3, 4 },
        MaxTokens = 8,
    };

    public async Task<ByteString> SubmitAsync(string key, CancellationToken cancellationToken) =>
        (await Jobs.SubmitJobAsync(Request(key), cancellationToken: cancellationToken)).JobId;

    /// <summary>Watches until the answer stands.</summary>
    public async Task<(List<JobEvent> Events, JobAnswer Answer)> AnswerAsync(
        ByteString jobId, CancellationToken cancellationToken, uint fromIndex = 0)
    {
        List<JobEvent> events = [];
        using AsyncServerStreamingCall<JobEvent> watch = Jobs.WatchJob(
            new WatchJobRequest { JobId = jobId, FromIndex = fromIndex }, cancellationToken: cancellationToken);
        await foreach (JobEvent next in watch.ResponseStream.ReadAllAsync(cancellationToken))
        {
            events.Add(next);
        }

        return (events, events[^1].Answer);
    }

    /// <summary>Waits until that many jobs were in a payment state, by the live stream of summaries.</summary>
    public async Task ReachAsync(string paymentState, CancellationToken cancellationToken, int count = 1)
    {
        HashSet<ByteString> reached = [];
        using AsyncServerStreamingCall<JobSummary> watch = Jobs.WatchJobs(
            new WatchJobsRequest { Limit = count }, cancellationToken: cancellationToken);
        await foreach (JobSummary summary in watch.ResponseStream.ReadAllAsync(cancellationToken))
        {
            if (IsAtOrPast(summary.PaymentState, paymentState) && reached.Add(summary.JobId) && reached.Count == count)
            {
                return;
            }
        }
    }

    /// <summary>A stream of the latest states may skip one that was left at once: who is past it was there.</summary>
    private static bool IsAtOrPast(string state, string wanted)
    {
        string[] order = ["paid", "delivered", "settled"];
        int place = Array.IndexOf(order, wanted);
        return state == wanted || (place >= 0 && Array.IndexOf(order, state) > place);
    }

    /// <summary>The news of a block, which names no job: the job pool finds out itself whom it concerns.</summary>
    public Task AnnounceBlockAsync(CancellationToken cancellationToken) => Bus.Publish(
        new BlockConnected { Height = 0, Hash = "", TimeUnix = 0 }, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
        channel.Dispose();
    }
}
