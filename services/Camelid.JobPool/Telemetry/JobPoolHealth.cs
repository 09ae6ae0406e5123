using System.Data.Common;
using Camelid.JobPool.Jobs;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Camelid.JobPool.Telemetry;

/// <summary>Healthy while the rows can be read: without them nothing is promised.</summary>
internal sealed class JobPoolHealth(JobStore store) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await store.CountWaitingAsync(cancellationToken);
            return HealthCheckResult.Healthy();
        }
        catch (DbException exception)
        {
            return HealthCheckResult.Unhealthy($"the database 'jobs' cannot be read: {exception.Message}");
        }
    }
}
