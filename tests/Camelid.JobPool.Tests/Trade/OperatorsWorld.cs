using Camelid.Chain;
using Camelid.Contracts.Chain.V1;
using Camelid.Contracts.JobPool.V1;
using Camelid.Contracts.ModelRegistry.V1;
using Camelid.JobPool.Tests.Path;
using Camelid.JobPool.Trade;
using Camelid.ServiceDefaults.Bus;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using MassTransit;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Camelid.JobPool.Tests.Trade;

/// <summary>
/// Operators that never met, each with a chain, keys and a job pool of its own, connected by their peer ports. Only
/// what computes and checks stands in for the models. A mines and funds the others.
/// </summary>
internal sealed class OperatorsWorld : IAsyncDisposable
{
    private readonly string folder =
        System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"camelid-trade-{Guid.NewGuid():N}");

    private readonly List<Operator> operators = [];
    private string seed = "";

    public OwnTime Time { get; } = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>The client's operator: mines, and has no worker.</summary>
    public Task<Operator> OpenClientAsync() => OpenAsync("a", "client", new WorkersPeer());

    /// <summary>The worker's operator.</summary>
    public Task<Operator> OpenWorkerAsync(WorkersPeer? workers = null, string price = "1000") =>
        OpenAsync("b", "worker", workers ?? new WorkersPeer(), price);

    /// <summary>The verifier's operator.</summary>
    public Task<Operator> OpenVerifierAsync() => OpenAsync("c", "verifier", new WorkersPeer());

    /// <summary>Lets an operator go as a kill does, but for the tidy end of its sockets.</summary>
    public async Task CloseAsync(Operator one)
    {
        operators.Remove(one);
        await one.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (Operator one in Enumerable.Reverse(operators))
        {
            await one.DisposeAsync();
        }

        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Directory.Delete(folder, recursive: true);
    }

    private async Task<Operator> OpenAsync(string name, string role, WorkersPeer workers, string price = "1000")
    {
        string own = System.IO.Path.Combine(folder, name);
        Directory.CreateDirectory(own);
        string socket = System.IO.Path.Combine(folder, $"{Guid.NewGuid():N}"[..8] + ".sock");
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Camelid:DataDir"] = own,
            ["Camelid:Socket"] = socket,
            ["Camelid:Roles"] = role,
            ["JobPool:RecoverySeconds"] = "1",
            ["JobPool:PriceGrainsPerToken"] = price,
            ["Chain:DepositCount"] = "4",
            ["Chain:Mine"] = role == "client" ? "true" : "false",
            ["Chain:PeerPort"] = "0",
            ["Chain:Connect"] = seed,
        });
        UnixSocketHost.ListenOn(builder, socket);
        builder.Services.AddSingleton<TimeProvider>(Time);
        builder.Services.AddSingleton(workers);
        GrpcChannel channel = UnixSocketHost.ChannelTo(socket);
        builder.Services.AddSingleton(new JobPoolRpc.JobPoolRpcClient(channel));
        builder.AddServiceDefaults();
        builder.AddChain();
        builder.AddJobPool();
        builder.Services.AddBusConsumer<ComputeJobPeer, ComputeJob>("inference");
        builder.Services.AddBusConsumer<SignedVerdictPeer, VerifyJob>("verifier");
        builder.AddServiceBus();
        LogContext.Current = null;
        WebApplication app = builder.Build();
        app.MapChain();
        app.MapJobPool();
        app.MapGrpcService<ModelsPeer>();
        await app.StartAsync(Stop);
        Operator opened = new(app, channel, role);
        operators.Add(opened);
        seed = seed.Length > 0 ? seed : await opened.PeerAddressAsync();
        await opened.BecomeReadyAsync();

        // Blocks that are mined at once are dated ahead of the clock, and a job is given to older stakes alone.
        Time.Advance(TimeSpan.FromSeconds(30));
        foreach (Operator one in operators)
        {
            await one.AnnounceAsync();
        }

        return opened;
    }
}

/// <summary>One operator's node.</summary>
internal sealed class Operator(WebApplication app, GrpcChannel channel, string role) : IAsyncDisposable
{
    private static readonly TimeSpan ReachLimit = TimeSpan.FromSeconds(120);

    private readonly JobPoolHost host = new(app, channel);

    public JobPoolRpc.JobPoolRpcClient Jobs => host.Jobs;

    public JobPoolHost Host => host;

    public ChainRpc.ChainRpcClient Chain => host.Get<ChainRpc.ChainRpcClient>();

    public SignerRpc.SignerRpcClient Signer => host.Get<SignerRpc.SignerRpcClient>();

    public MarketRpc.MarketRpcClient Market => host.Get<MarketRpc.MarketRpcClient>();

    public TradeInbox Inbox => host.Get<TradeInbox>();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async Task<string> PeerAddressAsync() =>
        (await new PeerRpc.PeerRpcClient(channel).ListPeersAsync(new ListPeersRequest(), cancellationToken: Stop))
        .Listening[0];

    public async Task<ByteString> NodeIdAsync() =>
        (await new PeerRpc.PeerRpcClient(channel).ListPeersAsync(new ListPeersRequest(), cancellationToken: Stop))
        .NodeId;

    /// <summary>Waits until its stakes and deposits are in blocks.</summary>
    public async Task BecomeReadyAsync()
    {
        using AsyncServerStreamingCall<ChainStatus> tips =
            Chain.WatchTip(new WatchTipRequest(), cancellationToken: Stop);
        await foreach (ChainStatus status in tips.ResponseStream.ReadAllAsync(Stop))
        {
            if (status.Ready)
            {
                return;
            }
        }
    }

    /// <summary>Says what it does.</summary>
    public async Task AnnounceAsync()
    {
        if (role == "worker")
        {
            await Jobs.ReportWorkerAsync(
                new WorkerReport
                {
                    Worker = "pod",
                    ModelRoots = { ByteString.CopyFrom(JobPoolWorld.ModelRoot) },
                    NumericsClass = ByteString.CopyFrom(ComputeJobPeer.NumericsClass.ToBytes()),
                    Slots = 1,
                },
                cancellationToken: Stop);
            await host.Get<ServiceBeacon>().AnnounceAsync(Stop);
        }
        else if (role == "verifier")
        {
            await Market.AnnounceServiceAsync(
                new AnnounceServiceRequest
                {
                    Role = ServiceRole.Verifier,
                    Slots = 1,
                    LifetimeSeconds = 3600,
                    Models =
                    {
                        new ServedModel
                        {
                            ModelRoot = ByteString.CopyFrom(JobPoolWorld.ModelRoot),
                            NumericsClass = ByteString.CopyFrom(ComputeJobPeer.NumericsClass.ToBytes()),
                        },
                    },
                },
                cancellationToken: Stop);
        }
    }

    public async Task<ByteString> SubmitAsync(string key, Action<SubmitJobRequest>? change = null)
    {
        SubmitJobRequest request = JobPoolHost.Request(key);
        request.Mode = JobMode.Batch;
        change?.Invoke(request);
        return (await Jobs.SubmitJobAsync(request, cancellationToken: Stop)).JobId;
    }

    public async Task<JobDetails> JobAsync(ByteString jobId) =>
        await Jobs.GetJobAsync(new GetJobRequest { JobId = jobId }, cancellationToken: Stop);

    /// <summary>
    /// Waits until a job is in such a state, by the live stream of summaries; a job that never gets there fails the
    /// test and says where it stopped.
    /// </summary>
    public async Task<JobDetails> ReachAsync(ByteString jobId, Func<JobSummary, bool> isThere)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        limit.CancelAfter(ReachLimit);
        using AsyncServerStreamingCall<JobSummary> watch =
            Jobs.WatchJobs(new WatchJobsRequest { Limit = 100 }, cancellationToken: limit.Token);
        try
        {
            await foreach (JobSummary summary in watch.ResponseStream.ReadAllAsync(limit.Token))
            {
                if (summary.JobId.Equals(jobId) && isThere(summary))
                {
                    break;
                }
            }
        }
        catch (Exception exception) when (exception is RpcException or OperationCanceledException)
        {
            Assert.Fail($"the job did not get there within {ReachLimit}: {await JobAsync(jobId)}");
        }

        return await JobAsync(jobId);
    }

    public ValueTask DisposeAsync() => host.DisposeAsync();
}

/// <summary>Text rules of no model.</summary>
internal sealed class ModelsPeer : ModelRegistryRpc.ModelRegistryRpcBase
{
    public override Task<RenderAnswerReply> RenderAnswer(RenderAnswerRequest request, ServerCallContext context) =>
        Task.FromResult(new RenderAnswerReply { Text = "abc" });
}
