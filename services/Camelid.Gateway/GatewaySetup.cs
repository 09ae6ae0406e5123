using Camelid.Contracts.Chain.V1;
using Camelid.Contracts.JobPool.V1;
using Camelid.Contracts.ModelRegistry.V1;
using Camelid.Contracts.Verifier.V1;
using Camelid.Gateway.Completions;
using Camelid.Gateway.Errors;
using Camelid.Gateway.Health;
using Camelid.Gateway.Hosting;
using Camelid.Gateway.Jobs;
using Camelid.Gateway.Keys;
using Camelid.Gateway.Limits;
using Camelid.Gateway.Models;
using Camelid.Gateway.Receipts;
using Camelid.Gateway.Retries;
using Camelid.Gateway.Storage;
using Camelid.ServiceDefaults.Rpc;
using Camelid.ServiceDefaults.Storage;
using StackExchange.Redis;

namespace Camelid.Gateway;

/// <summary>The only public door: OpenAI's HTTP interface over the operator's services.</summary>
public static class GatewaySetup
{
    private const string RedisName = "redis";

    /// <summary>Registers the gateway.</summary>
    public static IHostApplicationBuilder AddGateway(this IHostApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.Configure<GatewayOptions>(builder.Configuration.GetSection(GatewayOptions.Section));
        builder.AddServiceDatabase<AccountsDatabase>(AccountsDatabase.DatabaseName);
        builder.AddServiceRpcClient<JobPoolRpc.JobPoolRpcClient>("jobpool");
        builder.AddServiceRpcClient<ModelRegistryRpc.ModelRegistryRpcClient>("modelregistry");
        builder.AddServiceRpcClient<ChainRpc.ChainRpcClient>("chain");
        builder.AddServiceRpcClient<MarketRpc.MarketRpcClient>("chain");
        builder.AddServiceRpcClient<VerifierRpc.VerifierRpcClient>("verifier");
        if (!string.IsNullOrWhiteSpace(builder.Configuration.GetConnectionString(RedisName)))
        {
            builder.AddRedisClient(RedisName, configureOptions: redis => redis.AbortOnConnectFail = false);
        }

        IServiceCollection services = builder.Services;
        services.AddSingleton(provider => new RedisLink(
            provider.GetService<IConnectionMultiplexer>(), provider.GetRequiredService<ILogger<RedisLink>>()));
        services.AddSingleton<RequestLimiter>();
        services.AddSingleton<RequestKeys>();
        services.AddSingleton<ApiKeyStore>();
        services.AddHostedService<FirstApiKey>();
        services.AddSingleton<RequestGate>();
        services.AddSingleton<ModelCatalog>();
        services.AddSingleton<RequestPreparation>();
        services.AddSingleton<AbandonedJobs>();
        services.AddSingleton<JobOpening>();
        services.AddSingleton<JobWatch>();
        services.AddSingleton<JobAccess>();
        services.AddSingleton<JobsEndpoint>();
        services.AddSingleton<OtherWorkers>();
        services.AddSingleton<BatchEndpoint>();
        services.AddSingleton<AnswerEndpoint>();
        services.AddSingleton<ChoiceRunner>();
        services.AddSingleton<AnswerLimit>();
        services.AddSingleton<AnswerWriter>();
        services.AddSingleton<CompletionsEndpoint>();
        services.AddHealthChecks().AddCheck<ServingCheck>(ServingCheck.Name);
        return builder;
    }

    /// <summary>Maps <c>/v1</c>, and the gate before everything.</summary>
    public static WebApplication MapGateway(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        RequestGate gate = app.Services.GetRequiredService<RequestGate>();
        app.Use(next => context => gate.InvokeAsync(context, next));
        CompletionsEndpoint.Map(app);
        ModelsEndpoint.Map(app);
        JobsEndpoint.Map(app);
        BatchEndpoint.Map(app);
        AnswerEndpoint.Map(app);
        ReceiptsEndpoint.Map(app);
        app.Map("/v1/{**rest}", NotFound);
        app.Map("/api/{**rest}", NotFound);
        return app;
    }

    private static Task NotFound(HttpContext context) => throw ApiError.NotFound(
        $"There is no route {context.Request.Method} {context.Request.Path}.", "unknown_url");
}
