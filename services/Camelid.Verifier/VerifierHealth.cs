using Camelid.Verifier.Models;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Camelid.Verifier;

/// <summary>Healthy once the model is loaded.</summary>
internal sealed class VerifierHealth(ModelHost host) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(host.Model is null
            ? HealthCheckResult.Unhealthy(host.NotReadyReason)
            : HealthCheckResult.Healthy());
}
