using System.Security.Cryptography;
using System.Text;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.Extensions.Configuration;

namespace Camelid.ServiceDefaults.Rpc;

/// <summary>
/// The secret that services of one operator show each other: <c>Camelid:ServiceToken</c>. Unset inside one process.
/// </summary>
public sealed class ServiceToken(IConfiguration configuration)
{
    private readonly string? token = configuration["Camelid:ServiceToken"];

    /// <summary>The header's value, or null where no token is configured.</summary>
    public string? Header => string.IsNullOrEmpty(token) ? null : "Bearer " + token;

    /// <summary>
    /// True where no token is asked for, or the right one was shown. Takes the same time for each wrong one.
    /// </summary>
    public bool Accepts(string? header) => Header is not { } expected || (header is not null
        && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(expected), Encoding.UTF8.GetBytes(header)));
}

/// <summary>Refuses calls without the operator's token.</summary>
internal sealed class ServiceTokenServerInterceptor(ServiceToken token) : Interceptor
{
    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        Check(context);
        return continuation(request, context);
    }

    public override Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, ServerCallContext context,
        ClientStreamingServerMethod<TRequest, TResponse> continuation)
    {
        Check(context);
        return continuation(requestStream, context);
    }

    public override Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context,
        ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        Check(context);
        return continuation(request, responseStream, context);
    }

    private void Check(ServerCallContext context)
    {
        if (!token.Accepts(context.RequestHeaders.GetValue("authorization")))
        {
            throw new RpcException(new Status(StatusCode.Unauthenticated, "Camelid:ServiceToken is missing or wrong"));
        }
    }
}

/// <summary>Shows the operator's token, and gives each unary call without a deadline one of 30 s.</summary>
internal sealed class ServiceClientInterceptor(ServiceToken token, TimeProvider time) : Interceptor
{
    private static readonly TimeSpan DeadlineDefault = TimeSpan.FromSeconds(30);

    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        TRequest request, ClientInterceptorContext<TRequest, TResponse> context,
        AsyncUnaryCallContinuation<TRequest, TResponse> continuation)
    {
        ClientInterceptorContext<TRequest, TResponse> prepared = Prepare(context);
        CallOptions options = prepared.Options;
        return continuation(request, options.Deadline is null
            ? With(prepared, options.WithDeadline((time.GetUtcNow() + DeadlineDefault).UtcDateTime))
            : prepared);
    }

    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
        TRequest request, ClientInterceptorContext<TRequest, TResponse> context,
        AsyncServerStreamingCallContinuation<TRequest, TResponse> continuation) =>
            continuation(request, Prepare(context));

    public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
        ClientInterceptorContext<TRequest, TResponse> context,
        AsyncClientStreamingCallContinuation<TRequest, TResponse> continuation) => continuation(Prepare(context));

    private ClientInterceptorContext<TRequest, TResponse> Prepare<TRequest, TResponse>(
        ClientInterceptorContext<TRequest, TResponse> context)
        where TRequest : class
        where TResponse : class
    {
        if (token.Header is not { } header)
        {
            return context;
        }

        Metadata headers = [];
        foreach (Metadata.Entry entry in context.Options.Headers ?? [])
        {
            headers.Add(entry);
        }

        headers.Add("authorization", header);
        return With(context, context.Options.WithHeaders(headers));
    }

    private static ClientInterceptorContext<TRequest, TResponse> With<TRequest, TResponse>(
        ClientInterceptorContext<TRequest, TResponse> context, CallOptions options)
        where TRequest : class
        where TResponse : class => new(context.Method, context.Host, options);
}
