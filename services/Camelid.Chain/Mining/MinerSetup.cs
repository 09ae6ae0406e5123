using System.Security.Cryptography;
using Camelid.Chain.Mining.Hashing;
using Camelid.Chain.Rpc;

namespace Camelid.Chain.Mining;

/// <summary>Registers the miner. Ways of hashing are checked when it is first needed.</summary>
internal static class MinerSetup
{
    public static IServiceCollection AddMiner(this IServiceCollection services) => services
        .AddSingleton(provider => new Lazy<CheckedPaths>(() => new CheckedPaths(
            NoncePath.All,
            RandomNumberGenerator.GetInt32(int.MaxValue),
            provider.GetRequiredService<ILogger<CheckedPaths>>())))
        .AddSingleton<IBlockTemplateSource, TemplateSource>()
        .AddSingleton<MinerParts>()
        .AddSingleton<Miner>()
        .AddSingleton<MiningService>();
}
