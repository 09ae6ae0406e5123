using Camelid.Contracts.JobPool.V1;
using Camelid.Contracts.ModelRegistry.V1;
using Camelid.Inference.Jobs;
using Camelid.Inference.Models;
using Camelid.Inference.Reports;
using Camelid.Inference.Rpc;
using Camelid.ServiceDefaults.Bus;
using Camelid.ServiceDefaults.Rpc;

namespace Camelid.Inference;

/// <summary>
/// A worker: takes jobs from the queue, runs the engine, streams the tokens. It holds no key, no stake and no k.
/// </summary>
public static class InferenceSetup
{
    /// <summary>Registers the service. The host has called <c>AddServiceDefaults()</c> before.</summary>
    /// <exception cref="InvalidOperationException">A setting is out of range, or asks for a provider that is not
    /// there.</exception>
    public static IHostApplicationBuilder AddInference(this IHostApplicationBuilder builder)
    {
        WorkerOptions options = WorkerOptions.Read(builder.Configuration);
        builder.AddServiceRpc();
        builder.AddServiceRpcClient<JobPoolRpc.JobPoolRpcClient>("jobpool");
        builder.AddServiceRpcClient<ModelRegistryRpc.ModelRegistryRpcClient>("modelregistry");
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton<WorkerMetrics>();
        builder.Services.AddSingleton<ModelHost>();
        builder.Services.AddHostedService(services => services.GetRequiredService<ModelHost>());
        builder.Services.AddSingleton<WorkerDrain>();
        builder.Services.AddHostedService<WorkerReports>();
        builder.Services.AddBusConsumer<ComputeJobConsumer, ComputeJob>("inference", options.Slots, options.Slots);
        builder.Services.AddHealthChecks().AddCheck<WorkerHealth>("inference");
        return builder;
    }

    /// <summary>Maps <c>InferenceRpc</c>.</summary>
    public static WebApplication MapInference(this WebApplication app)
    {
        app.MapGrpcService<InferenceService>();
        return app;
    }
}
