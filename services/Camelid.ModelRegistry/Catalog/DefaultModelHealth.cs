using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Camelid.ModelRegistry.Catalog;

/// <summary>Healthy where the operator's model is here and intact.</summary>
internal sealed class DefaultModelHealth(ModelCatalog catalog) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(Check());

    private HealthCheckResult Check() => catalog.Find(catalog.DefaultModel) switch
    {
        null => HealthCheckResult.Unhealthy(
            $"model '{catalog.DefaultModel}' is not here; set Camelid:Model (--model) to one of: "
            + string.Join(", ", catalog.Entries.Select(entry => entry.Name))),
        { IsIntact: false } damaged => HealthCheckResult.Unhealthy($"model {damaged.Name}: {damaged.Damage}"),
        _ => HealthCheckResult.Healthy(),
    };
}
