using Camelid.Chain.Peers;

namespace Camelid.Chain.Market;

/// <summary>Registers and maps what operators tell each other.</summary>
internal static class MarketSetup
{
    /// <summary>Registers it; messages come through the peer engine.</summary>
    public static IServiceCollection AddMarket(this IServiceCollection services) => services
        .AddSingleton<MessageHub>()
        .AddSingleton<IAddressedMessageHandler>(provider => provider.GetRequiredService<MessageHub>())
        .AddSingleton<MarketSigner>().AddSingleton<MarketReader>().AddSingleton<MarketService>()
        .AddHostedService<MarketMetrics>();

    /// <summary>Maps the gRPC service and the JSON route.</summary>
    public static void MapMarket(this WebApplication app)
    {
        app.MapGrpcService<MarketService>();
        MarketApi.Map(app);
    }
}
