using Camelid.Chain.Peers.Host;
using Camelid.Chain.Peers.Rpc;

namespace Camelid.Chain.Peers;

/// <summary>Registers and maps what is about peers.</summary>
internal static class PeerSetup
{
    /// <summary>Registers the engine; its host starts it after the chain is open.</summary>
    public static void AddPeers(this IHostApplicationBuilder builder)
    {
        IServiceCollection services = builder.Services;
        services.AddOptions<PeerConfiguration>().Bind(builder.Configuration.GetSection(ChainOptions.Section));
        services.AddSingleton<PeerGauge>().AddSingleton<PeerChainParts>();
        services.AddSingleton<PeerHosting>().AddSingleton<PeerControl>().AddSingleton<PeerService>();
        services.AddHostedService(provider => provider.GetRequiredService<PeerHosting>());
        services.AddHostedService<PeerMetrics>();
    }

    /// <summary>Maps the gRPC service and the JSON routes.</summary>
    public static void MapPeers(this WebApplication app)
    {
        app.MapGrpcService<PeerService>();
        PeerApi.Map(app);
    }
}
