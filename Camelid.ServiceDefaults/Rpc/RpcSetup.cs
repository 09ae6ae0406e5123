using System.Net.Sockets;
using Camelid.ServiceDefaults.Http;
using Grpc.Core;
using Grpc.Net.Client.Configuration;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Camelid.ServiceDefaults.Rpc;

/// <summary>gRPC between the services of one operator.</summary>
public static class RpcSetup
{
    /// <summary>Largest message: a prompt and an output of the largest context, with room.</summary>
    public const int MessageBytesMax = 16 * 1024 * 1024;

    private const int AttemptsMax = 5;

    /// <summary>Registers the gRPC server side. Safe to call from each <c>AddX()</c>.</summary>
    public static IHostApplicationBuilder AddServiceRpc(this IHostApplicationBuilder builder)
    {
        if (builder.Services.Any(service => service.ServiceType == typeof(ServiceTokenServerInterceptor)))
        {
            return builder;
        }

        builder.Services.TryAddSingleton<ServiceToken>();
        builder.Services.AddSingleton<ServiceTokenServerInterceptor>();
        builder.Services.AddGrpc(options =>
        {
            options.MaxReceiveMessageSize = MessageBytesMax;
            options.MaxSendMessageSize = MessageBytesMax;
            options.Interceptors.Add<ServiceTokenServerInterceptor>();
        });
        return builder;
    }

    /// <summary>Asks for the service token on <c>/api</c>: for services that stand behind the gateway.</summary>
    public static WebApplication UseServiceToken(this WebApplication app)
    {
        ServiceToken token = app.Services.GetRequiredService<ServiceToken>();
        app.Use((context, next) =>
        {
            if (!context.Request.Path.StartsWithSegments("/api", StringComparison.Ordinal)
                || token.Accepts(context.Request.Headers.Authorization))
            {
                return next(context);
            }

            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return context.Response.WriteAsync("Camelid:ServiceToken is missing or wrong");
        });
        return app;
    }

    /// <summary>A typed client of another service, found by name.</summary>
    /// <remarks>
    /// Calls that find nobody (UNAVAILABLE) are tried five times over about five seconds: every call of
    /// Camelid.Contracts is safe to repeat.
    /// </remarks>
    public static IHostApplicationBuilder AddServiceRpcClient<TClient>(this IHostApplicationBuilder builder,
        string service)
        where TClient : ClientBase
    {
        if (builder.Services.Any(descriptor => descriptor.ServiceType == typeof(TClient)))
        {
            return builder;
        }

        builder.Services.TryAddSingleton<ServiceToken>();
        builder.Services.TryAddSingleton<ServiceClientInterceptor>();
        IConfiguration configuration = builder.Configuration;
        builder.Services.AddGrpcClient<TClient>((_, options) => options.Address = AddressOf(configuration, service))
            .ConfigurePrimaryHttpMessageHandler(() => HandlerFor(configuration["Camelid:Socket"]))
            .ConfigureChannel(channel =>
            {
                channel.MaxReceiveMessageSize = MessageBytesMax;
                channel.MaxSendMessageSize = MessageBytesMax;
                channel.ServiceConfig = new ServiceConfig { MethodConfigs = { RetryUnavailable() } };
            })
            .AddInterceptor<ServiceClientInterceptor>();
        return builder;
    }

    private static Uri AddressOf(IConfiguration configuration, string service) =>
        !string.IsNullOrEmpty(configuration["Camelid:Socket"])
            ? new Uri("http://localhost")
            : ServiceAddress.Find(configuration, service, "grpc") ?? throw new InvalidOperationException(
                $"no address of the service '{service}': set services__{service}__grpc__0 (Aspire and ./camelid do)");

    private static SocketsHttpHandler HandlerFor(string? socketPath)
    {
        SocketsHttpHandler handler = new()
        {
            EnableMultipleHttp2Connections = true,
            KeepAlivePingDelay = TimeSpan.FromSeconds(30),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(10),
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
        };
        if (!string.IsNullOrEmpty(socketPath))
        {
            handler.ConnectCallback = async (_, cancellation) =>
            {
                Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), cancellation);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch (SocketException)
                {
                    socket.Dispose();
                    throw;
                }
            };
        }

        return handler;
    }

    private static MethodConfig RetryUnavailable() => new()
    {
        Names = { MethodName.Default },
        RetryPolicy = new RetryPolicy
        {
            MaxAttempts = AttemptsMax,
            InitialBackoff = TimeSpan.FromMilliseconds(300),
            MaxBackoff = TimeSpan.FromSeconds(3),
            BackoffMultiplier = 2,
            RetryableStatusCodes = { StatusCode.Unavailable },
        },
    };
}
