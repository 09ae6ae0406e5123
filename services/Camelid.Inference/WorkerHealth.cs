using Camelid.Inference.Models;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Camelid.Inference;

/// <summary>Healthy once the model is loaded.</summary>
internal sealed class WorkerHealth(ModelHost host) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(host.Model is null
            ? HealthCheckResult.Unhealthy(host.NotReadyReason)
            : HealthCheckResult.Healthy());
}
