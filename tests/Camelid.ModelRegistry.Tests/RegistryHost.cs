using System.Net;
using System.Net.Sockets;
using Camelid.Contracts.ModelRegistry.V1;
using Camelid.ModelRegistry.Catalog;
using Camelid.ModelRegistry.Distribution.Market;
using Camelid.ServiceDefaults.Bus;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Camelid.ModelRegistry.Tests;

/// <summary>The real service on a Unix socket, with its data in a folder of the test.</summary>
internal sealed class RegistryHost : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly GrpcChannel channel;
    private readonly HttpClient http;

    private RegistryHost(WebApplication app, string socket)
    {
        this.app = app;
        http = new HttpClient(HandlerTo(socket))
        {
            BaseAddress = new Uri("http://localhost"), DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        channel = GrpcChannel.ForAddress(
            "http://localhost", new GrpcChannelOptions { HttpHandler = HandlerTo(socket) });
    }

    public ModelRegistryRpc.ModelRegistryRpcClient Client => new(channel);

    public ModelCatalog Catalog => app.Services.GetRequiredService<ModelCatalog>();

    public HttpClient Http => http;

    public IServiceProvider Services => app.Services;

    public ModelImport Import => app.Services.GetRequiredService<ModelImport>();

    public static async Task<RegistryHost> StartAsync(
        string folder, CancellationToken cancellation, IModelMarket? market = null,
        IReadOnlyDictionary<string, string>? settings = null)
    {
        Directory.CreateDirectory(folder);
        WebApplicationBuilder builder = WebApplication.CreateBuilder();
        builder.Configuration.Sources.Clear();
        builder.Configuration.AddInMemoryCollection();
        builder.Configuration["Camelid:DataDir"] = folder;
        foreach ((string name, string value) in settings ?? new Dictionary<string, string>())
        {
            builder.Configuration[name] = value;
        }

        builder.Logging.SetMinimumLevel(LogLevel.Error);
        string socket = Path.Combine(folder, "registry.sock");
        File.Delete(socket);
        builder.WebHost.ConfigureKestrel(kestrel =>
            kestrel.ListenUnixSocket(socket, listen => listen.Protocols = HttpProtocols.Http2));
        builder.AddServiceDefaults();
        builder.AddModelRegistry();
        builder.AddServiceBus();
        if (market is not null)
        {
            builder.Services.AddSingleton(market);
        }

        WebApplication app = builder.Build();
        app.MapModelRegistry();
        await app.StartAsync(cancellation);
        return new RegistryHost(app, socket);
    }

    public async ValueTask DisposeAsync()
    {
        channel.Dispose();
        http.Dispose();
        await app.StopAsync();
        await app.DisposeAsync();
    }

    private static SocketsHttpHandler HandlerTo(string socket) => new()
    {
        ConnectCallback = async (_, cancellation) =>
        {
            Socket connection = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancellation);
            return new NetworkStream(connection, ownsSocket: true);
        },
    };
}
