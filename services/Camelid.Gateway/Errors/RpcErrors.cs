using Camelid.ServiceDefaults.Rpc;
using Grpc.Core;

namespace Camelid.Gateway.Errors;

/// <summary>What another service's refusal means to an HTTP client.</summary>
internal static class RpcErrors
{
    private const int RetrySecondsShort = 2;
    private const int RetrySecondsDeposit = 10;

    /// <summary>The refusal in OpenAI's form.</summary>
    public static ApiError From(RpcException exception) => RpcReason.Of(exception) switch
    {
        "no-money" => new ApiError
        {
            Status = StatusCodes.Status402PaymentRequired,
            Message = $"{exception.Status.Detail} Fund the client role of the wallet (camelid wallet address client).",
            Type = "insufficient_quota",
            Code = "insufficient_funds",
        },
        "no-free-deposit" => Busy(exception, "no_free_deposit", RetrySecondsDeposit),
        "no-worker" => Busy(exception, "no_worker", RetrySecondsDeposit),
        "queue-full" => Busy(exception, "queue_full", RetrySecondsShort),
        "unknown-model" => new ApiError
        {
            Status = StatusCodes.Status404NotFound,
            Message = exception.Status.Detail,
            Param = "model",
            Code = "model_not_found",
        },
        "model-damaged" => Busy(exception, "model_damaged", RetrySecondsDeposit),
        "bad-parameters" => BadParameters(exception),
        _ => FromStatus(exception),
    };

    private static ApiError FromStatus(RpcException exception) => exception.StatusCode switch
    {
        StatusCode.InvalidArgument => BadParameters(exception),
        StatusCode.NotFound => new ApiError
        {
            Status = StatusCodes.Status404NotFound,
            Message = exception.Status.Detail,
            Code = "not_found",
        },
        StatusCode.FailedPrecondition => new ApiError
        {
            Status = StatusCodes.Status409Conflict,
            Message = exception.Status.Detail,
            Code = "not_yet",
        },
        StatusCode.ResourceExhausted => Busy(exception, "busy", RetrySecondsShort),
        StatusCode.Unavailable or StatusCode.DeadlineExceeded => new ApiError
        {
            Status = StatusCodes.Status503ServiceUnavailable,
            Message = "A service behind the gateway does not answer. GET /health says which; try again.",
            Type = "server_error",
            Code = "service_unavailable",
            RetryAfterSeconds = RetrySecondsShort,
        },
        _ => new ApiError
        {
            Status = StatusCodes.Status500InternalServerError,
            Message = "A service behind the gateway failed. The node's log has this request's id.",
            Type = "server_error",
            Code = "internal_error",
        },
    };

    private static ApiError BadParameters(RpcException exception) => new()
    {
        Status = StatusCodes.Status400BadRequest,
        Message = exception.Status.Detail,
        Code = "invalid_value",
    };

    private static ApiError Busy(RpcException exception, string code, int retrySeconds) => new()
    {
        Status = StatusCodes.Status503ServiceUnavailable,
        Message = exception.Status.Detail,
        Type = "server_error",
        Code = code,
        RetryAfterSeconds = retrySeconds,
    };
}
