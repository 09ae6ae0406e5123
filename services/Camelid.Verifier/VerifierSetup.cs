using Camelid.Contracts.Chain.V1;
using Camelid.Contracts.JobPool.V1;
using Camelid.Contracts.ModelRegistry.V1;
using Camelid.ServiceDefaults.Bus;
using Camelid.ServiceDefaults.Rpc;
using Camelid.ServiceDefaults.Storage;
using Camelid.Verifier.Api;
using Camelid.Verifier.Models;
using Camelid.Verifier.Rpc;
using Camelid.Verifier.Storage;
using Camelid.Verifier.Verdicts;

namespace Camelid.Verifier;

/// <summary>The verifier: recomputes committed outputs (RASTiC) and attests what it found.</summary>
public static class VerifierSetup
{
    private const int JobsHeldMax = 8;
    private const int JobsAtOnceMax = 2;

    /// <summary>Registers the service. The host has called <c>AddServiceDefaults()</c> before.</summary>
    /// <exception cref="InvalidOperationException">A setting is out of range.</exception>
    public static IHostApplicationBuilder AddVerifier(this IHostApplicationBuilder builder)
    {
        builder.AddServiceRpc();
        builder.AddServiceRpcClient<SignerRpc.SignerRpcClient>("chain");
        builder.AddServiceRpcClient<MarketRpc.MarketRpcClient>("chain");
        builder.AddServiceRpcClient<ModelRegistryRpc.ModelRegistryRpcClient>("modelregistry");
        builder.AddServiceDatabase<VerdictsDatabase>("verdicts");
        builder.Services.AddSingleton(VerifierOptions.Read(builder.Configuration));
        builder.Services.AddSingleton<VerifierMetrics>();
        builder.Services.AddSingleton<ModelHost>();
        builder.Services.AddHostedService(services => services.GetRequiredService<ModelHost>());
        builder.Services.AddHostedService<VerifierBeacon>();
        builder.Services.AddSingleton<VerdictSigner>();
        builder.Services.AddBusConsumer<VerifyJobConsumer, VerifyJob>("verifier", JobsHeldMax, JobsAtOnceMax);
        builder.Services.AddHealthChecks().AddCheck<VerifierHealth>("verifier");
        return builder;
    }

    /// <summary>Maps <c>VerifierRpc</c> and <c>/api/verification</c>.</summary>
    public static WebApplication MapVerifier(this WebApplication app)
    {
        app.MapGrpcService<VerifierService>();
        app.MapVerification();
        return app;
    }
}
