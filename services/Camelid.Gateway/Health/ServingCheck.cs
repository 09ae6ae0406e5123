using Camelid.Contracts.Chain.V1;
using Camelid.Contracts.JobPool.V1;
using Camelid.Contracts.ModelRegistry.V1;
using Camelid.Contracts.Verifier.V1;
using Camelid.ServiceDefaults.Hosting;
using Grpc.Core;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Camelid.Gateway.Health;

/// <summary>
/// Healthy only where this node can do now what its roles say: jobs, chain and a model are there, and the verifier
/// where it is one.
/// </summary>
internal sealed class ServingCheck(
    JobPoolRpc.JobPoolRpcClient jobPool, ChainRpc.ChainRpcClient chain, VerifierRpc.VerifierRpcClient verifier,
    ModelRegistryRpc.ModelRegistryRpcClient registry, NodeRoles roles, TimeProvider time) : IHealthCheck
{
    /// <summary>Name of the check.</summary>
    public const string Name = "completions";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <inheritdoc/>
    public async Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        DateTime deadline = (time.GetUtcNow() + Patience).UtcDateTime;
        CallOptions call = new(deadline: deadline, cancellationToken: cancellationToken);
        string[][] missing = await Task.WhenAll(
            AskAsync("jobpool", async () =>
            {
                ReadinessReply reply = await jobPool.GetReadinessAsync(new GetReadinessRequest(), call);
                return reply.Ready ? [] : Named("jobpool", reply.Missing);
            }),
            AskAsync("chain", async () =>
            {
                ChainStatus status = await chain.GetStatusAsync(new GetStatusRequest(), call);
                return status.Ready ? [] : Named("chain", [status.NotReadyReason]);
            }),
            AskAsync("verifier", async () =>
            {
                if (!roles.IsVerifier)
                {
                    return [];
                }

                VerifierStatus status = await verifier.GetStatusAsync(new GetVerifierStatusRequest(), call);
                return status.Ready ? [] : Named("verifier", [status.NotReadyReason]);
            }),
            AskAsync("modelregistry", async () =>
            {
                ListModelsReply reply = await registry.ListModelsAsync(new ListModelsRequest(), call);
                return reply.Models.Count > 0 ? [] : Named("modelregistry", ["no model is served"]);
            }));
        string[] all = [.. missing.SelectMany(lines => lines)];
        return all.Length == 0 ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy(string.Join("; ", all));
    }

    private static async Task<string[]> AskAsync(string service, Func<Task<string[]>> question)
    {
        try
        {
            return await question();
        }
        catch (RpcException exception)
        {
            return Named(service, [$"does not answer ({exception.StatusCode})"]);
        }
    }

    private static string[] Named(string service, IEnumerable<string> reasons)
    {
        string[] named = [.. reasons.Where(reason => reason.Length > 0).Select(reason => $"{service}: {reason}")];
        return named.Length > 0 ? named : [$"{service}: not ready"];
    }
}
