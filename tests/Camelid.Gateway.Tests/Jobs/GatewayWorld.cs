using System.Net;
using Camelid.Client;
using Camelid.Contracts.Chain.V1;
using Camelid.Contracts.JobPool.V1;
using Camelid.Contracts.ModelRegistry.V1;
using Camelid.Gateway.Tests.Completions;
using Microsoft.Extensions.Hosting;
using Camelid.ServiceDefaults.Bus;
using Camelid.ServiceDefaults.Rpc;
using Google.Protobuf;
using Grpc.Core;
using MassTransit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Camelid.Gateway.Tests.Jobs;

/// <summary>
/// The real gateway on HTTP, and peers that answer in its neighbours' place over gRPC as they are told.
/// </summary>
internal sealed class GatewayWorld : IAsyncDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("camelid-gateway-").FullName;
    private readonly List<WebApplication> hosts = [];

    public JobsPeer Jobs { get; } = new();

    public MarketPeer Market { get; } = new();

    public Uri Address { get; private set; } = null!;

    public string ApiKey { get; private set; } = "";

    public static async Task<GatewayWorld> StartAsync(CancellationToken cancellationToken)
    {
        GatewayWorld world = new();
        string socket = Path.Combine(world.folder, "peers.sock");
        WebApplicationBuilder peers = WebApplication.CreateSlimBuilder();
        peers.Logging.ClearProviders();
        peers.WebHost.ConfigureKestrel(kestrel =>
            kestrel.ListenUnixSocket(socket, listen => listen.Protocols = HttpProtocols.Http2));
        peers.AddServiceRpc();
        peers.Services.AddSingleton(world.Jobs).AddSingleton(world.Market).AddSingleton<RegistryPeer>();
        WebApplication peersHost = peers.Build();
        peersHost.MapGrpcService<JobsPeer>();
        peersHost.MapGrpcService<MarketPeer>();
        peersHost.MapGrpcService<RegistryPeer>();
        await world.StartAsync(peersHost, cancellationToken);

        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();

        // Settings files of the service lie beside the tests.
        builder.Configuration.Sources.Clear();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Camelid:DataDir"] = world.folder, ["Camelid:Socket"] = socket,
        });
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.AddServiceDefaults();
        builder.AddGateway();
        builder.AddServiceBus();
        WebApplication gateway = builder.Build();

        // MassTransit keeps the log context of the first bus of an asynchronous flow, even after its host is gone.
        LogContext.Current = null;
        gateway.MapGateway();
        await world.StartAsync(gateway, cancellationToken);
        world.Address = new Uri(gateway.Urls.Single());
        world.ApiKey = (await File.ReadAllTextAsync(Path.Combine(world.folder, "api-key"), cancellationToken)).Trim();
        return world;
    }

    public CamelidClient Client() => CamelidClient.Create(Address, ApiKey);

    public async ValueTask DisposeAsync()
    {
        foreach (WebApplication host in Enumerable.Reverse(hosts))
        {
            await host.DisposeAsync();
        }

        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Directory.Delete(folder, recursive: true);
    }

    private async Task StartAsync(WebApplication host, CancellationToken cancellationToken)
    {
        hosts.Add(host);
        await host.StartAsync(cancellationToken);
    }
}

/// <summary>A job pool with one job, which stands as the test says.</summary>
internal sealed class JobsPeer : JobPoolRpc.JobPoolRpcBase
{
    public static ByteString JobId { get; } = SampleRequest.Hash(7);

    public static string JobIdText { get; } = string.Concat(Enumerable.Repeat("07", 32));

    /// <summary>What was submitted, in order.</summary>
    public List<SubmitJobRequest> Submitted { get; } = [];

    /// <summary>Why nothing is opened; null: it is.</summary>
    public RpcException? Refusal { get; set; }

    public JobDetails Job { get; set; } = new()
    {
        Account = "operator",
        Summary = new JobSummary
        {
            JobId = JobId, PaymentState = "created", VerificationState = "pending", Side = "bought",
            ModelRoot = SampleRequest.Hash(0xab), PromptTokens = 4, Money = "Your deposit is locked.",
        },
        WaitingFor = "a worker",
    };

    /// <summary>The last event of the watch; null: it goes on.</summary>
    public JobAnswer? Answer { get; set; }

    /// <summary>False: the output never came to light.</summary>
    public bool HasReceipt { get; set; } = true;

    public List<ByteString> Cancelled { get; } = [];

    public override Task<SubmitJobReply> SubmitJob(SubmitJobRequest request, ServerCallContext context)
    {
        Submitted.Add(request);
        return Refusal is null ? Task.FromResult(new SubmitJobReply { JobId = JobId }) : throw Refusal;
    }

    public override Task<JobDetails> GetJob(GetJobRequest request, ServerCallContext context) =>
        request.JobId == JobId
            ? Task.FromResult(Job)
            : throw new RpcException(new Status(StatusCode.NotFound, "no such job"));

    public override async Task WatchJob(
        WatchJobRequest request, IServerStreamWriter<JobEvent> responseStream, ServerCallContext context)
    {
        await responseStream.WriteAsync(new JobEvent { State = Job.Summary });
        if (Answer is null)
        {
            await Task.Delay(Timeout.Infinite, context.CancellationToken);
        }

        await responseStream.WriteAsync(new JobEvent { Answer = Answer });
    }

    public override Task<Receipt> GetReceipt(GetReceiptRequest request, ServerCallContext context) =>
        Answer is null || !HasReceipt
            ? throw new RpcException(new Status(StatusCode.FailedPrecondition, "not delivered"))
            : Task.FromResult(new Receipt { Job = Answer.Job, Text = Answer.Text, Seed = SampleRequest.Hash(9) });

    public override Task<CancelJobReply> CancelJob(CancelJobRequest request, ServerCallContext context)
    {
        Cancelled.Add(request.JobId);
        return Task.FromResult(new CancelJobReply());
    }
}

/// <summary>What other operators announce.</summary>
internal sealed class MarketPeer : MarketRpc.MarketRpcBase
{
    public List<ServiceDetails> Services { get; } = [];

    public override Task<ListServicesReply> ListServices(ListServicesRequest request, ServerCallContext context) =>
        Task.FromResult(new ListServicesReply { Services = { Services } });
}

/// <summary>One model, whose tokens are the letters of the alphabet.</summary>
internal sealed class RegistryPeer : ModelRegistryRpc.ModelRegistryRpcBase
{
    public override Task<Model> GetModel(GetModelRequest request, ServerCallContext context) =>
        request.Model is "camelid-nano" || request.Model == string.Concat(Enumerable.Repeat("ab", 32))
            ? Task.FromResult(new Model
            {
                Name = "camelid-nano", Root = SampleRequest.Hash(0xab), ContextTokensMax = 64, VocabularySize = 100,
            })
            : throw new RpcException(new Status(StatusCode.NotFound, "no such model"));

    public override Task<TokensReply> Tokenize(TokenizeRequest request, ServerCallContext context) =>
        Task.FromResult(new TokensReply
        {
            Lists =
            {
                request.Texts.Select(text => new TokenList { Tokens = { text.Select(letter => letter % 100u) } }),
            },
        });
}
