using Camelid.Contracts.Chain.V1;
using Camelid.Contracts.JobPool.V1;
using Camelid.Contracts.ModelRegistry.V1;
using Camelid.Contracts.Verifier.V1;
using Camelid.Dashboard.Assets;
using Camelid.Dashboard.Explorer;
using Camelid.Dashboard.Jobs;
using Camelid.Dashboard.Live;
using Camelid.Dashboard.Network;
using Camelid.Dashboard.Overview;
using Camelid.ServiceDefaults.Rpc;

namespace Camelid.Dashboard;

/// <summary>The operator's screens: rendered on the server, kept live by events.</summary>
public static class DashboardSetup
{
    /// <summary>
    /// Scripts and styles of this server only: a page made of foreign text still runs nothing foreign.
    /// </summary>
    private const string ContentPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        + "base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

    /// <summary>Registers the screens.</summary>
    public static IHostApplicationBuilder AddDashboard(this IHostApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.AddServiceRpcClient<JobPoolRpc.JobPoolRpcClient>("jobpool");
        builder.AddServiceRpcClient<ModelRegistryRpc.ModelRegistryRpcClient>("modelregistry");
        builder.AddServiceRpcClient<ChainRpc.ChainRpcClient>("chain");
        builder.AddServiceRpcClient<WalletRpc.WalletRpcClient>("chain");
        builder.AddServiceRpcClient<VerifierRpc.VerifierRpcClient>("verifier");
        IServiceCollection services = builder.Services;
        builder.AddServiceRpcClient<ExplorerRpc.ExplorerRpcClient>("chain");
        builder.AddServiceRpcClient<PeerRpc.PeerRpcClient>("chain");
        builder.AddServiceRpcClient<MarketRpc.MarketRpcClient>("chain");
        services.AddRazorComponents();
        services.AddSingleton<ChainAccess>();
        services.AddSingleton<OverviewFeed>();
        services.AddSingleton<JobFeed>();
        services.AddSingleton<ChainFeed>();
        services.AddSingleton<NetworkFeed>();
        services.AddSingleton<LiveStream>();
        services.AddSingleton<FragmentRenderer>();
        return builder;
    }

    /// <summary>
    /// Maps <c>/</c>, <c>/jobs/{id}</c>, <c>/network</c>, the explorer below <c>/chain</c>, their events, their assets.
    /// </summary>
    public static WebApplication MapDashboard(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        RouteGroupBuilder screens = app.MapGroup("");
        screens.AddEndpointFilter((context, next) =>
        {
            IHeaderDictionary headers = context.HttpContext.Response.Headers;
            headers.ContentSecurityPolicy = ContentPolicy;
            headers.XContentTypeOptions = "nosniff";
            headers["Referrer-Policy"] = "no-referrer";
            return next(context);
        });
        OverviewEndpoint.Map(screens);
        JobEndpoint.Map(screens);
        NetworkEndpoint.Map(screens);
        ExplorerEndpoint.Map(screens);
        AssetsEndpoint.Map(screens);
        return app;
    }
}
