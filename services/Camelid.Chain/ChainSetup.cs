using System.Buffers.Binary;
using System.Security.Cryptography;
using Camelid.Chain.Api;
using Camelid.Chain.Blocks;
using Camelid.Chain.Checks;
using Camelid.Chain.Explorer;
using Camelid.Chain.Index;
using Camelid.Chain.Keys;
using Camelid.Chain.Market;
using Camelid.Chain.Mempool;
using Camelid.Chain.Mining;
using Camelid.Chain.Peers;
using Camelid.Chain.Rpc;
using Camelid.Chain.Signing;
using Camelid.Chain.Storage;
using Camelid.Chain.Wallet;
using Camelid.Protocol;
using Camelid.Protocol.Keys;
using Camelid.Secp256k1;
using Camelid.ServiceDefaults.Hosting;
using Camelid.ServiceDefaults.Rpc;
using Camelid.ServiceDefaults.Storage;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Camelid.Chain;

/// <summary>Registers and maps the chain: blocks, mempool, miner, wallet, signer.</summary>
public static class ChainSetup
{
    /// <summary>Registers the chain. Its folder and keys are read when the host starts.</summary>
    public static IHostApplicationBuilder AddChain(this IHostApplicationBuilder builder)
    {
        builder.AddServiceRpc();
        builder.AddServiceDatabase<ChainDatabase>("chainindex");
        IServiceCollection services = builder.Services;
        services.AddOptions<ChainOptions>().Bind(builder.Configuration.GetSection(ChainOptions.Section));
        services.TryAddSingleton(_ => Secp256k1Provider.Create());
        services.AddSingleton(OpenSeedFile).AddSingleton(OpenIdentity);
        services.AddSingleton(OpenState);
        services.AddSingleton<BlockIndex>().AddSingleton<OutputIndex>().AddSingleton<ChainTotals>();
        services.AddSingleton<ChainCore>().AddSingleton<BlockIntake>();
        services.AddMempool();
        services.AddSingleton<SignerStore>().AddSingleton<JobClock>().AddSingleton<SignerParts>();
        services.AddSingleton<OfferSigner>().AddSingleton<PaymentSigner>().AddSingleton<ClaimSigner>();
        services.AddSingleton<WordSigner>().AddSingleton<TradeSigner>();
        services.AddSingleton<Signers>().AddSingleton<SignerGate>();
        services.AddSingleton<EscrowReader>();
        services.AddSingleton<LostPayments>();
        services.AddSingleton<Rebroadcast>().AddSingleton<FundingParts>().AddSingleton<RegtestFunding>();
        services.AddSingleton<RegtestFaucet>().AddSingleton<BlockMaker>().AddSingleton<ReadinessParts>();
        services.AddSingleton<MinerSteps>().AddSingleton<ChainReader>();
        services.AddSingleton<BlockExplorer>().AddSingleton<AddressExplorer>().AddSingleton<ExplorerStreams>();
        services.AddSingleton<ExplorerService>();
        services.AddMiner();
        services.AddWallet();
        services.AddSingleton<ChainService>().AddSingleton<SignerService>();
        services.AddHostedService<ChainStart>();
        services.AddHostedService(provider => provider.GetRequiredService<MempoolKeeper>());
        services.AddHostedService<ChainMetrics>();
        builder.AddPeers();
        services.AddMarket();
        services.AddHostedService<MinerLoop>();
        services.AddHostedService<FaucetLoop>();
        services.AddHostedService(provider => provider.GetRequiredService<Miner>());
        services.AddHealthChecks().AddCheck<ChainHealth>("chain");
        return builder;
    }

    /// <summary>Maps the chain's gRPC services and its JSON routes.</summary>
    public static WebApplication MapChain(this WebApplication app)
    {
        app.MapGrpcService<ChainService>();
        app.MapGrpcService<WalletService>();
        app.MapGrpcService<SignerService>();
        app.MapGrpcService<ExplorerService>();
        app.MapGrpcService<MiningService>();
        ChainApi.Map(app);
        MiningApi.Map(app);
        WalletApi.Map(app);
        app.MapPeers();
        app.MapMarket();
        return app;
    }

    private static SeedFile OpenSeedFile(IServiceProvider provider)
    {
        DataFolder folder = provider.GetRequiredService<DataFolder>();
        return Network.TryParse(folder.NetworkName, out Network? network)
            ? new SeedFile(folder.Keys, network, provider.GetRequiredService<ISecp256k1>())
            : throw new InvalidOperationException(
                $"network '{folder.NetworkName}' is none: set Camelid:Network to main, test or regtest");
    }

    private static ChainIdentity OpenIdentity(IServiceProvider provider)
    {
        SeedFile file = provider.GetRequiredService<SeedFile>();
        ISecp256k1 curve = provider.GetRequiredService<ISecp256k1>();
        ChainOptions options = provider.GetRequiredService<IOptions<ChainOptions>>().Value;
        OperatorKeys keys = KeyOpening.Open(
            file, file.Network, options, curve, provider.GetRequiredService<TimeProvider>());
        Span<byte> salt = stackalloc byte[16];
        RandomNumberGenerator.Fill(salt);
        return new ChainIdentity(file.Network, curve, keys)
        {
            Checks = ScriptChecks.Fast(curve),
            Salt = BinaryPrimitives.ReadUInt128LittleEndian(salt),
        };
    }

    private static ChainState OpenState(IServiceProvider provider)
    {
        ChainOptions options = provider.GetRequiredService<IOptions<ChainOptions>>().Value;
        ChainIdentity identity = provider.GetRequiredService<ChainIdentity>();
        FileChainStore store = new(
            new DiskFolder(provider.GetRequiredService<DataFolder>().Chain),
            identity.Network.GenesisHash,
            options.ToStoreOptions());
        return ChainState.Open(store, identity, new ChainStateOptions { PruneBytes = options.PruneBytes });
    }
}
