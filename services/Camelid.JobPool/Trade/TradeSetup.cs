using Camelid.JobPool.Steps;

namespace Camelid.JobPool.Trade;

/// <summary>Jobs between operators: orders, commitments, checks, announcements.</summary>
internal static class TradeSetup
{
    public static void AddTrade(this IServiceCollection services)
    {
        services.AddSingleton<NodeConduct>();
        services.AddSingleton<TradePost>();
        services.AddSingleton<EscrowLook>();
        services.AddSingleton<WorkerChoice>();
        services.AddSingleton<PurchaseSteps.Tools>();
        services.AddSingleton<PurchaseSteps>();
        services.AddSingleton<PurchasePaymentSteps>();
        services.AddSingleton<VerificationSteps>();
        services.AddSingleton<SaleSteps>();
        services.AddSingleton<JobSteps.TradeSteps>();
        services.AddSingleton<CheckStore>();
        services.AddSingleton<CheckDesk.Tools>();
        services.AddSingleton<CheckDesk>();
        services.AddSingleton<OrderIntake.Tools>();
        services.AddSingleton<OrderIntake>();
        services.AddSingleton<SaleIntake>();
        services.AddSingleton<PurchaseIntake.Tools>();
        services.AddSingleton<PurchaseIntake>();
        services.AddSingleton<TradeInbox.Desks>();
        services.AddSingleton<TradeInbox>();
        services.AddHostedService(provider => provider.GetRequiredService<TradeInbox>());
        services.AddSingleton<ServiceBeacon>();
        services.AddHostedService(provider => provider.GetRequiredService<ServiceBeacon>());
    }
}
