using Camelid.Contracts.Chain.V1;
using Camelid.Contracts.JobPool.V1;
using Camelid.Contracts.ModelRegistry.V1;
using Camelid.Contracts.Verifier.V1;
using Camelid.Dashboard.Panels;
using Camelid.ServiceDefaults.Hosting;

namespace Camelid.Dashboard.Overview;

/// <summary>Asks every service for its panel, side by side.</summary>
internal sealed class OverviewFeed(
    JobPoolRpc.JobPoolRpcClient jobPool, ChainAccess chain, VerifierRpc.VerifierRpcClient verifier,
    ModelRegistryRpc.ModelRegistryRpcClient registry, NodeRoles roles, TimeProvider time)
{
    private const int JobsShown = 12;

    private readonly PanelSource<ReadinessReply> readiness = new(
        "JobPool", call => jobPool.GetReadinessAsync(new GetReadinessRequest(), call).ResponseAsync, time);

    private readonly PanelSource<ListJobsReply> jobs = new(
        "JobPool", call => jobPool.ListJobsAsync(new ListJobsRequest { Limit = JobsShown }, call).ResponseAsync, time);

    private readonly PanelSource<ChainStatus> status = new(
        "Chain", call => chain.Blocks.GetStatusAsync(new GetStatusRequest(), call).ResponseAsync, time);

    private readonly PanelSource<BalancesReply> money = new(
        "Chain", call => chain.Wallet.GetBalancesAsync(new GetBalancesRequest(), call).ResponseAsync, time);

    private readonly PanelSource<VerifierStatus> verification = new(
        "Verifier", call => verifier.GetStatusAsync(new GetVerifierStatusRequest(), call).ResponseAsync, time);

    private readonly PanelSource<ListModelsReply> models = new(
        "ModelRegistry", call => registry.ListModelsAsync(new ListModelsRequest(), call).ResponseAsync, time);

    /// <summary>All panels; a service that does not answer costs its own panels two seconds, and no other's.</summary>
    public async Task<OverviewSnapshot> GetAsync(CancellationToken cancellationToken)
    {
        Task<PanelState<ReadinessReply>> readinessNow = readiness.GetAsync(cancellationToken);
        Task<PanelState<ChainStatus>> chainNow = status.GetAsync(cancellationToken);
        Task<PanelState<ListJobsReply>> jobsNow = jobs.GetAsync(cancellationToken);
        Task<PanelState<BalancesReply>> moneyNow = money.GetAsync(cancellationToken);
        Task<PanelState<VerifierStatus>> verificationNow = roles.IsVerifier
            ? verification.GetAsync(cancellationToken)
            : Task.FromResult(new PanelState<VerifierStatus>());
        Task<PanelState<ListModelsReply>> modelsNow = models.GetAsync(cancellationToken);
        return new OverviewSnapshot
        {
            Roles = roles,
            Readiness = await readinessNow,
            Chain = await chainNow,
            Jobs = await jobsNow,
            Money = await moneyNow,
            Verification = await verificationNow,
            Models = await modelsNow,
        };
    }
}

/// <summary>Both questions to Chain.</summary>
/// <param name="Blocks">Blocks and status.</param>
/// <param name="Wallet">Coins.</param>
internal sealed record ChainAccess(ChainRpc.ChainRpcClient Blocks, WalletRpc.WalletRpcClient Wallet);
