using Camelid.Protocol.Keys;

namespace Camelid.Chain.Wallet;

/// <summary>Registers the wallet.</summary>
internal static class WalletSetup
{
    public static IServiceCollection AddWallet(this IServiceCollection services) => services
        .AddSingleton<Balances>()
        .AddSingleton(new SealCost(ScryptCost.Strong))
        .AddSingleton<KeyCustody>()
        .AddSingleton<WalletAddresses>()
        .AddSingleton<WalletCoins>()
        .AddSingleton<WalletHistoryReader>()
        .AddSingleton<WalletStore>()
        .AddSingleton<WalletSends>()
        .AddSingleton<WalletPayments>()
        .AddSingleton<WatchAddresses>()
        .AddSingleton<LabelBook>()
        .AddSingleton<WalletMessages>()
        .AddSingleton<WalletDesk>()
        .AddSingleton<PaymentDesk>()
        .AddSingleton<WalletService>();
}
