using Camelid.Client;

namespace Camelid.Gateway.Errors;

/// <summary>A refusal in OpenAI's form, with the status and headers that carry it.</summary>
internal sealed record ApiError
{
    /// <summary>HTTP status.</summary>
    public required int Status { get; init; }

    /// <summary>What, where, and what to do.</summary>
    public required string Message { get; init; }

    /// <summary>Sort of error.</summary>
    public string Type { get; init; } = "invalid_request_error";

    /// <summary>The parameter at fault, or null.</summary>
    public string? Param { get; init; }

    /// <summary>Stable name, or null.</summary>
    public string? Code { get; init; }

    /// <summary>Value of <c>Retry-After</c> in seconds; 0 leaves it out.</summary>
    public int RetryAfterSeconds { get; init; }

    /// <summary>The document that clients read.</summary>
    public ErrorDocument ToDocument() => new(new ErrorDetail(Message, Type, Param, Code));

    /// <summary>400: the request cannot be served as it is.</summary>
    /// <param name="message">What is wrong and what to do.</param>
    /// <param name="param">The parameter at fault, or null.</param>
    /// <param name="code">Stable name, or null.</param>
    public static ApiException BadRequest(string message, string? param, string? code = "invalid_value") =>
        new(new ApiError { Status = StatusCodes.Status400BadRequest, Message = message, Param = param, Code = code });

    /// <summary>400: a parameter that OpenAI knows and this gateway does not honour; never silently ignored.</summary>
    public static ApiException Unsupported(string param, string instead) =>
        BadRequest($"'{param}' is not supported here: {instead}", param, "unsupported_parameter");

    /// <summary>404.</summary>
    public static ApiException NotFound(string message, string code) =>
        new(new ApiError { Status = StatusCodes.Status404NotFound, Message = message, Code = code });

    /// <summary>404: no such model.</summary>
    public static ApiException ModelNotFound(string model) => new(new ApiError
    {
        Status = StatusCodes.Status404NotFound,
        Message = $"The model '{model}' is not served here. GET /v1/models lists what is.",
        Param = "model",
        Code = "model_not_found",
    });
}

/// <summary>Carries a refusal to the edge, which writes it.</summary>
internal sealed class ApiException(ApiError error) : Exception(error.Message)
{
    /// <summary>The refusal.</summary>
    public ApiError Error { get; } = error;
}
