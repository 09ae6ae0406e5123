using Camelid.Contracts.Chain.V1;
using Camelid.Contracts.Inference.V1;
using Camelid.Contracts.ModelRegistry.V1;
using Camelid.Contracts.Verifier.V1;
using Camelid.JobPool.Api;
using Camelid.JobPool.Intake;
using Camelid.JobPool.Jobs;
using Camelid.JobPool.Receipts;
using Camelid.JobPool.Rpc;
using Camelid.JobPool.Steps;
using Camelid.JobPool.Storage;
using Camelid.JobPool.Submission;
using Camelid.JobPool.Telemetry;
using Camelid.JobPool.Tokens;
using Camelid.JobPool.Trade;
using Camelid.JobPool.Workers;
using Camelid.Protocol.Keys;
using Camelid.Secp256k1;
using Camelid.ServiceDefaults.Bus;
using Camelid.ServiceDefaults.Rpc;
using Camelid.ServiceDefaults.Storage;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Camelid.JobPool;

/// <summary>The job pool: the life of every job, from its request to its settled claim.</summary>
public static class JobPoolSetup
{
    private const string ServiceName = "jobpool";

    /// <summary>Every registration of this service.</summary>
    public static IHostApplicationBuilder AddJobPool(this IHostApplicationBuilder builder)
    {
        builder.AddServiceRpc();
        builder.AddServiceDatabase<JobsDatabase>("jobs");
        builder.AddServiceRpcClient<ChainRpc.ChainRpcClient>("chain");
        builder.AddServiceRpcClient<SignerRpc.SignerRpcClient>("chain");
        builder.AddServiceRpcClient<MarketRpc.MarketRpcClient>("chain");
        builder.AddServiceRpcClient<ModelRegistryRpc.ModelRegistryRpcClient>("modelregistry");
        IServiceCollection services = builder.Services;
        services.TryAddSingleton<ISecp256k1>(_ => Secp256k1Provider.Create());
        services.AddSingleton(
            builder.Configuration.GetSection(JobPoolOptions.Section).Get<JobPoolOptions>() ?? new JobPoolOptions());
        services.AddSingleton<JobStore>();
        services.AddSingleton<JobMetrics>();
        services.AddSingleton<JobFeed>();
        services.AddSingleton<TokenBoards>();
        services.AddSingleton<WorkerRoster>();
        services.AddSingleton<OperatorDirectory>();
        services.AddTrade();
        services.AddSingleton<OfferSteps>();
        services.AddSingleton<CommitSteps>();
        services.AddSingleton<PaymentSteps>();
        services.AddSingleton<JobSteps.Context>();
        services.AddSingleton<JobSteps>();
        services.AddSingleton<JobSubmission.Context>();
        services.AddSingleton<JobSubmission>();
        services.AddSingleton<JobWatch>();
        services.AddSingleton<WorkerStream>();
        services.AddSingleton<ReceiptView>();
        services.AddSingleton<Readiness>();
        services.AddSingleton<JobPoolService.Views>();
        services.AddSingleton<OutputIntake>();
        services.AddSingleton<VerdictIntake>();
        services.AddSingleton<BlockIntake>();
        services.AddSingleton<RecoveryLoop.Context>();
        services.AddSingleton<RecoveryLoop>();
        services.AddHostedService(provider => provider.GetRequiredService<RecoveryLoop>());
        services.AddBusConsumer<JobComputedConsumer, JobComputed>(ServiceName);
        services.AddBusConsumer<JobComputeFailedConsumer, JobComputeFailed>(ServiceName);
        services.AddBusConsumer<JobVerifiedConsumer, JobVerified>(ServiceName);
        services.AddBusConsumer<BlockConnectedConsumer, BlockConnected>(ServiceName, concurrency: 1);
        services.AddBusConsumer<BlockDisconnectedConsumer, BlockDisconnected>(ServiceName, concurrency: 1);
        services.AddHealthChecks().AddCheck<JobPoolHealth>(ServiceName);
        return builder;
    }

    /// <summary>The gRPC service, and <c>/api/jobs</c>.</summary>
    public static WebApplication MapJobPool(this WebApplication app)
    {
        app.MapGrpcService<JobPoolService>();
        JobRoutes.Map(app);
        return app;
    }
}
