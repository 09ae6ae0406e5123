using System.Net.Sockets;
using Camelid.Contracts.ModelRegistry.V1;
using Camelid.ModelRegistry.Catalog;
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

    private RegistryHost(WebApplication app, GrpcChannel channel) => (this.app, this.channel) = (app, channel);

    public ModelRegistryRpc.ModelRegistryRpcClient Client => new(channel);

    public ModelCatalog Catalog => app.Services.GetRequiredService<ModelCatalog>();

    public ModelImport Import => app.Services.GetRequiredService<ModelImport>();

    public static async Task<RegistryHost> StartAsync(string folder, CancellationToken cancellation)
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder();
        builder.Configuration.Sources.Clear();
        builder.Configuration.AddInMemoryCollection();
        builder.Configuration["Camelid:DataDir"] = folder;
        builder.Logging.SetMinimumLevel(LogLevel.Error);
        string socket = Path.Combine(folder, "registry.sock");
        File.Delete(socket);
        builder.WebHost.ConfigureKestrel(kestrel =>
            kestrel.ListenUnixSocket(socket, listen => listen.Protocols = HttpProtocols.Http2));
        builder.AddServiceDefaults();
        builder.AddModelRegistry();
        builder.AddServiceBus();
        WebApplication app = builder.Build();
        app.MapModelRegistry();
        await app.StartAsync(cancellation);
        return new RegistryHost(app, ChannelTo(socket));
    }

    public async ValueTask DisposeAsync()
    {
        channel.Dispose();
        await app.StopAsync();
        await app.DisposeAsync();
    }

    private static GrpcChannel ChannelTo(string socket) => GrpcChannel.ForAddress("http://localhost", new()
    {
        HttpHandler = new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellation) =>
            {
                Socket connection = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancellation);
                return new NetworkStream(connection, ownsSocket: true);
            },
        },
    });
}
