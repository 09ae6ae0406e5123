using System.Globalization;
using Camelid.ModelRegistry.Distribution;
using Camelid.ModelRegistry.Distribution.Pulls;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Camelid.ModelRegistry.Catalog;

/// <summary>Healthy where the operator's model is here and intact.</summary>
internal sealed class DefaultModelHealth(ModelCatalog catalog, PullQueue queue, ServedModelPull pull) : IHealthCheck
{
    private const double Megabyte = 1e6;

    public Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(Check());

    private HealthCheckResult Check() => catalog.Find(catalog.DefaultModel) switch
    {
        null => HealthCheckResult.Unhealthy(Missing()),
        { IsIntact: false } damaged => HealthCheckResult.Unhealthy($"model {damaged.Name}: {damaged.Damage}"),
        _ => HealthCheckResult.Healthy(),
    };

    private string Missing()
    {
        if (queue.All.FirstOrDefault(running => !running.IsOver) is { } running)
        {
            FetchReport? report = running.Report();
            return report is null
                ? $"model '{catalog.DefaultModel}' is being pulled: looking for who has it"
                : string.Create(CultureInfo.InvariantCulture,
                    $"model '{catalog.DefaultModel}' is being pulled: {report.BytesHave / Megabyte:F0} of "
                    + $"{report.BytesCount / Megabyte:F0} MB from "
                    + $"{report.Holders.Count(holder => holder.IsHere)} nodes");
        }

        return pull.Reason.Length > 0
            ? pull.Reason
            : $"model '{catalog.DefaultModel}' is not here; set Camelid:Model (--model) to one of: "
                + string.Join(", ", catalog.Entries.Select(entry => entry.Name));
    }
}
