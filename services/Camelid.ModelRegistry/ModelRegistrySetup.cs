using Camelid.ModelRegistry.Api;
using Camelid.ModelRegistry.Catalog;
using Camelid.ModelRegistry.Distribution;
using Camelid.ModelRegistry.Rpc;
using Camelid.ModelRegistry.Storage;
using Camelid.ServiceDefaults.Rpc;
using Camelid.ServiceDefaults.Storage;

namespace Camelid.ModelRegistry;

/// <summary>The registry of models: identities, files and text rules.</summary>
public static class ModelRegistrySetup
{
    /// <summary>Registers the service. The host has called <c>AddServiceDefaults()</c> before.</summary>
    public static IHostApplicationBuilder AddModelRegistry(this IHostApplicationBuilder builder)
    {
        builder.AddServiceRpc();
        builder.AddServiceDatabase<ModelsDatabase>("models");
        builder.Services.AddSingleton<ModelCatalog>();
        builder.Services.AddSingleton<ModelImport>();
        builder.AddDistribution();
        builder.Services.AddHostedService<CatalogStart>();
        builder.Services.AddHostedService<ModelFolderWatch>();
        builder.Services.AddHealthChecks().AddCheck<DefaultModelHealth>("modelregistry");
        return builder;
    }

    /// <summary>Maps <c>ModelRegistryRpc</c> and <c>/api/models</c>.</summary>
    public static WebApplication MapModelRegistry(this WebApplication app)
    {
        app.MapGrpcService<ModelRegistryService>();
        app.MapModels();
        return app;
    }
}
