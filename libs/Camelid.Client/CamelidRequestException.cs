using System.Net;

namespace Camelid.Client;

/// <summary>
/// The gateway refused a request. An unreachable gateway is an <see cref="HttpRequestException"/> instead.
/// </summary>
public sealed class CamelidRequestException : Exception
{
    /// <summary>A refusal with its error object.</summary>
    public CamelidRequestException(HttpStatusCode status, ErrorDetail error, string? jobId)
        : base(error.Message)
    {
        Status = status;
        Error = error;
        JobId = jobId;
    }

    /// <summary>HTTP status; 200 where a stream broke off with an error.</summary>
    public HttpStatusCode Status { get; }

    /// <summary>What the gateway said.</summary>
    public ErrorDetail Error { get; }

    /// <summary>The job, where one had been opened.</summary>
    public string? JobId { get; }
}
