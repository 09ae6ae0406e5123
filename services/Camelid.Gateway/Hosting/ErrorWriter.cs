using System.Globalization;
using Camelid.Gateway.Completions;
using Camelid.Gateway.Errors;

namespace Camelid.Gateway.Hosting;

/// <summary>Writes refusals.</summary>
internal static class ErrorWriter
{
    /// <summary>Writes a refusal as the whole response.</summary>
    public static Task WriteAsync(HttpContext context, ApiError error)
    {
        HttpResponse response = context.Response;
        response.StatusCode = error.Status;
        if (error.RetryAfterSeconds > 0)
        {
            response.Headers.RetryAfter = error.RetryAfterSeconds.ToString(CultureInfo.InvariantCulture);
        }

        if (error.Status == StatusCodes.Status401Unauthorized)
        {
            response.Headers.WWWAuthenticate = "Bearer";
        }

        return response.WriteAsJsonAsync(
            error.ToDocument(), AnswerJson.Documents.ErrorDocument, cancellationToken: context.RequestAborted);
    }
}
