using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Camelid.ServiceDefaults.Hosting;

/// <summary>Writes a health report as JSON: <c>{"status":"Healthy","missing":["chain: …"]}</c>.</summary>
internal static class HealthText
{
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
        return context.Response.WriteAsync(body.ToJsonString());
    }
}
