using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Camelid.ServiceDefaults.Hosting;

/// <summary>Writes a health report as JSON: <c>{"status":"Healthy","missing":["chain: …"]}</c>.</summary>
internal static class HealthText
{
    /// <summary>People read it in a terminal: quotes and letters stand as they are.</summary>
    private static readonly JsonSerializerOptions Readable = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static Task WriteAsync(HttpContext context, HealthReport report)
    {
        JsonArray missing = [];
        foreach ((string name, HealthReportEntry entry) in report.Entries)
        {
            if (entry.Status != HealthStatus.Healthy)
            {
                missing.Add($"{name}: {entry.Description ?? entry.Exception?.Message ?? "not healthy"}");
            }
        }

        context.Response.ContentType = "application/json";
        JsonObject body = new() { ["status"] = report.Status.ToString(), ["missing"] = missing };
        return context.Response.WriteAsync(body.ToJsonString(Readable));
    }
}
