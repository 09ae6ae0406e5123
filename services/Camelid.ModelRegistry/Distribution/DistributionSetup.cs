using Camelid.Contracts.Chain.V1;
using Camelid.Contracts.JobPool.V1;
using Camelid.ModelRegistry.Distribution.Links;
using Camelid.ModelRegistry.Distribution.Market;
using Camelid.ModelRegistry.Distribution.Pulls;
using Camelid.ModelRegistry.Distribution.Serving;
using Camelid.Protocol;
using Camelid.Protocol.Keys;
using Camelid.Secp256k1;
using Camelid.ServiceDefaults.Hosting;
using Camelid.ServiceDefaults.Http;
using Camelid.ServiceDefaults.Rpc;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Camelid.ModelRegistry.Distribution;

/// <summary>Registers the distribution of models among operators.</summary>
internal static class DistributionSetup
{
    public static void AddDistribution(this IHostApplicationBuilder builder)
    {
        IServiceCollection services = builder.Services;
        services.TryAddSingleton<ISecp256k1>(_ => Secp256k1Provider.Create());
        services.AddSingleton(DistributionOptions.Read(builder.Configuration));
        AddMarket(builder);
        services.AddSingleton<IHolderDirectory, MarketHolders>();
        services.AddSingleton(TermsOf);
        services.AddSingleton<ChunkShelf>();
        services.AddSingleton(provider => provider.GetRequiredService<DistributionOptions>().Serving);
        services.AddSingleton<ChunkServer>();
        services.AddSingleton<Publication>();
        services.AddSingleton<AnnouncerOptions>();
        services.AddHostedService<Announcer>();
        services.AddSingleton<ModelStorage>();
        services.AddSingleton<PullSettings>();
        services.AddSingleton(ContextOf);
        services.AddSingleton<PullWork>();
        services.AddSingleton<PullQueue>();
        services.AddHostedService(provider => provider.GetRequiredService<PullQueue>());
        services.AddSingleton<ServedModelClock>();
        services.AddSingleton<ServedModelPull>();
        services.AddHostedService(provider => provider.GetRequiredService<ServedModelPull>());
        services.AddSingleton<ModelRemoval>();
        services.AddSingleton<ModelNetwork>();
        services.AddSingleton<Rpc.DistributionAnswers>();
    }

    private static void AddMarket(IHostApplicationBuilder builder)
    {
        bool hasChain = !string.IsNullOrEmpty(builder.Configuration["Camelid:Socket"])
            || ServiceAddress.Find(builder.Configuration, "chain", "grpc") is not null;
        if (!hasChain)
        {
            builder.Services.AddSingleton<IModelMarket, NoMarket>();
            return;
        }

        builder.AddServiceRpcClient<MarketRpc.MarketRpcClient>("chain");
        builder.AddServiceRpcClient<JobPoolRpc.JobPoolRpcClient>("jobpool");
        builder.Services.AddSingleton<IModelMarket, ChainMarket>();
    }

    private static ChunkLinkTerms TermsOf(IServiceProvider provider)
    {
        string name = provider.GetRequiredService<DataFolder>().NetworkName;
        return Network.TryParse(name, out Network? network)
            ? new ChunkLinkTerms(network, provider.GetRequiredService<ISecp256k1>())
            : throw new InvalidOperationException(
                $"network '{name}' is none: set Camelid:Network to main, test or regtest");
    }

    private static PullContext ContextOf(IServiceProvider provider) => new(
        provider.GetRequiredService<Storage.ModelsDatabase>(), provider.GetRequiredService<Catalog.ModelImport>(),
        provider.GetRequiredService<DataFolder>(), provider.GetRequiredService<ModelStorage>(),
        provider.GetRequiredService<IHolderDirectory>())
    {
        Terms = provider.GetRequiredService<ChunkLinkTerms>(),
        Settings = provider.GetRequiredService<PullSettings>(),
        Time = provider.GetRequiredService<TimeProvider>(),
    };
}
