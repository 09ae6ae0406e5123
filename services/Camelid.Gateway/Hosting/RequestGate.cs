using System.Diagnostics;
using System.Net;
using Camelid.Gateway.Errors;
using Camelid.Gateway.Keys;
using Camelid.Gateway.Limits;
using Grpc.Core;
using Microsoft.Extensions.Options;

namespace Camelid.Gateway.Hosting;

/// <summary>
/// What each request passes first: a request id, the host check, the key with its scope, the key's rate; and what each
/// failure passes last: an error object.
/// </summary>
internal sealed partial class RequestGate(
    ApiKeyStore keys, RequestLimiter limiter, IOptions<GatewayOptions> options, ILogger<RequestGate> logger)
{
    private const int ClientClosedRequest = 499;

    /// <summary>Response header that names the request in logs and traces.</summary>
    public const string RequestIdHeader = "x-request-id";

    /// <summary>Runs the rest of the pipeline behind the gate.</summary>
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        string requestId = Activity.Current?.TraceId.ToHexString() ?? Guid.NewGuid().ToString("N");
        context.Response.Headers[RequestIdHeader] = requestId;
        try
        {
            await CheckAsync(context);
            await next(context);
        }
        catch (ApiException exception)
        {
            await WriteAsync(context, exception.Error);
        }
        catch (RpcException exception)
        {
            ApiError error = RpcErrors.From(exception);
            LogRefusedBehind(requestId, exception.StatusCode, error.Code ?? "");
            await WriteAsync(context, error);
        }
        catch (BadHttpRequestException exception)
        {
            await WriteAsync(context, new ApiError { Status = exception.StatusCode, Message = exception.Message });
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            if (!context.Response.HasStarted)
            {
                context.Response.StatusCode = ClientClosedRequest;
            }
        }
#pragma warning disable CA1031 // The edge of the process: one request's failure is logged, answered, and no other's.
        catch (Exception exception) when (IsApi(context.Request.Path))
#pragma warning restore CA1031
        {
            LogFailed(exception, requestId);
            await WriteAsync(context, new ApiError
            {
                Status = StatusCodes.Status500InternalServerError,
                Message = $"The gateway failed. The node's log has request {requestId}.",
                Type = "server_error",
                Code = "internal_error",
            });
        }
    }

    private static bool IsApi(PathString path) => path.StartsWithSegments("/v1") || path.StartsWithSegments("/api");

    private static Task WriteAsync(HttpContext context, ApiError error)
    {
        if (context.Response.HasStarted)
        {
            context.Abort();
            return Task.CompletedTask;
        }

        return ErrorWriter.WriteAsync(context, error);
    }

    private async Task CheckAsync(HttpContext context)
    {
        HttpRequest request = context.Request;
        if (!HostCheck.Accepts(context.Connection.LocalIpAddress, request.Host.Host, options.Value.Hosts))
        {
            throw new ApiException(new ApiError
            {
                Status = StatusCodes.Status421MisdirectedRequest,
                Message = "This node answers to loopback names only. Add the name to Gateway:Hosts to allow it.",
                Code = "host_not_allowed",
            });
        }

        if (request.Path.StartsWithSegments("/v1"))
        {
            await AuthorizeAsync(context, ApiKey.CompletionsScope);
        }
        else if (request.Path.StartsWithSegments("/api") || IsForeignScreen(context))
        {
            await AuthorizeAsync(context, ApiKey.OperatorScope);
        }
    }

    /// <summary>The screens need no key on the machine itself; from elsewhere they do.</summary>
    private static bool IsForeignScreen(HttpContext context) =>
        context.Connection.RemoteIpAddress is { } remote && !IPAddress.IsLoopback(remote)
        && !context.Request.Path.StartsWithSegments("/health") && !context.Request.Path.StartsWithSegments("/alive");

    private async Task AuthorizeAsync(HttpContext context, string scope)
    {
        string? shown = ApiKey.FromHeader(context.Request.Headers.Authorization);
        if (shown is null || await keys.FindAsync(shown, context.RequestAborted) is not { } key)
        {
            throw new ApiException(new ApiError
            {
                Status = StatusCodes.Status401Unauthorized,
                Message = shown is null
                    ? "No API key. Send 'Authorization: Bearer KEY'; the first key is in the data folder, file api-key."
                    : "Wrong API key. The first key is in the data folder's file api-key.",
                Code = "invalid_api_key",
            });
        }

        if (!key.Has(scope))
        {
            throw new ApiException(new ApiError
            {
                Status = StatusCodes.Status403Forbidden,
                Message = $"This API key lacks the scope '{scope}'.",
                Code = "insufficient_scope",
            });
        }

        int retryAfterSeconds = await limiter.TakeAsync(key.KeyHash);
        if (retryAfterSeconds > 0)
        {
            throw new ApiException(new ApiError
            {
                Status = StatusCodes.Status429TooManyRequests,
                Message = $"More than {options.Value.RequestsPerMinute} requests in a minute. "
                    + $"Wait {retryAfterSeconds} s.",
                Type = "rate_limit_error",
                Code = "rate_limit_exceeded",
                RetryAfterSeconds = retryAfterSeconds,
            });
        }

        context.Features.Set(key);
    }

    [LoggerMessage(6002, LogLevel.Information, "request {RequestId} refused by another service: {Status} {Code}")]
    private partial void LogRefusedBehind(string requestId, StatusCode status, string code);

    [LoggerMessage(6003, LogLevel.Error, "request {RequestId} failed")]
    private partial void LogFailed(Exception exception, string requestId);
}
