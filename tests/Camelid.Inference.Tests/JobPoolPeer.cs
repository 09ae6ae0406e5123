using System.Collections.Concurrent;
using System.Net.Sockets;
using Camelid.Contracts.JobPool.V1;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Camelid.Inference.Tests;

/// <summary>JobPool as a worker meets it on the wire: it notes the reports and answers as the test says.</summary>
internal sealed class JobPoolPeer : JobPoolRpc.JobPoolRpcBase, IAsyncDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("camelid-worker").FullName;
    private WebApplication? app;
    private GrpcChannel? channel;

    public JobPoolRpc.JobPoolRpcClient Client => new(channel);

    /// <summary>Every report, in order.</summary>
    public ConcurrentQueue<TokenReport> Reports { get; } = [];

    /// <summary>After this many tokens the stream is refused with <see cref="Refusal"/>.</summary>
    public int RefusalAfterTokens { get; init; } = int.MaxValue;

    /// <summary>The status of the refusal.</summary>
    public StatusCode Refusal { get; init; } = StatusCode.OK;

    public async Task StartAsync(CancellationToken cancellation)
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        string socket = Path.Combine(folder, "jobpool.sock");
        builder.WebHost.ConfigureKestrel(kestrel =>
            kestrel.ListenUnixSocket(socket, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(this);
        app = builder.Build();
        app.MapGrpcService<JobPoolPeer>();
        await app.StartAsync(cancellation);
        channel = GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions
        {
            HttpHandler = new SocketsHttpHandler
            {
                ConnectCallback = async (_, token) =>
                {
                    Socket connection = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                    await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), token);
                    return new NetworkStream(connection, ownsSocket: true);
                },
            },
        });
    }

    public override async Task<StreamTokensReply> StreamTokens(
        IAsyncStreamReader<TokenReport> requestStream, ServerCallContext context)
    {
        int tokens = 0;
        while (await requestStream.MoveNext(context.CancellationToken))
        {
            Reports.Enqueue(requestStream.Current);
            tokens += requestStream.Current.Tokens.Count;
            if (tokens >= RefusalAfterTokens)
            {
                throw new RpcException(new Status(Refusal, "as the test says"));
            }
        }

        return new StreamTokensReply();
    }

    public async ValueTask DisposeAsync()
    {
        channel?.Dispose();
        if (app is not null)
        {
            await app.DisposeAsync();
        }

        Directory.Delete(folder, recursive: true);
    }
}
