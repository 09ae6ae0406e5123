using Camelid.Chain.Blocks;
using Camelid.Chain.Storage;
using Camelid.ServiceDefaults.Hosting;
using Microsoft.Extensions.Options;

namespace Camelid.Chain.Mempool;

/// <summary>Registers the mempool.</summary>
internal static class MempoolSetup
{
    /// <summary>The pool, its policy out of the settings, and the operator's door to it.</summary>
    public static IServiceCollection AddMempool(this IServiceCollection services) => services
        .AddSingleton(provider => PoolPolicy.From(provider.GetRequiredService<IOptions<ChainOptions>>().Value))
        .AddSingleton<TransactionPool>()
        .AddSingleton<TransactionIntake>()
        .AddSingleton(provider => new MempoolKeeper(
            provider.GetRequiredService<ChainState>(),
            provider.GetRequiredService<TransactionPool>(),
            new DiskFolder(provider.GetRequiredService<DataFolder>().Chain),
            provider.GetRequiredService<ILogger<MempoolKeeper>>()));
}
