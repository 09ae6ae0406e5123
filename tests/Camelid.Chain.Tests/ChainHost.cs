using Camelid.Chain.Blocks;
using Camelid.Chain.Explorer;
using Camelid.Chain.Index;
using Camelid.Chain.Market;
using Camelid.Chain.Mempool;
using Camelid.Chain.Mining;
using Camelid.Chain.Peers.Host;
using Camelid.Chain.Rpc;
using Camelid.Chain.Signing;
using Camelid.Chain.Wallet;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Keys;
using Camelid.ServiceDefaults.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Camelid.Chain.Tests;

/// <summary>
/// The production wiring of the chain on a real folder, with a clock of ours and without the loop: a test does the
/// loop's rounds itself. Disposing without more is a crash: nothing is flushed that was not before.
/// </summary>
internal sealed class ChainHost : IAsyncDisposable
{
    private readonly IHost host;

    private ChainHost(IHost host) => this.host = host;

    public ChainState State => host.Services.GetRequiredService<ChainState>();

    public ChainService Chain => host.Services.GetRequiredService<ChainService>();

    public SignerService Signer => host.Services.GetRequiredService<SignerService>();

    public WalletService Wallet => host.Services.GetRequiredService<WalletService>();

    public WalletCoins Coins => host.Services.GetRequiredService<WalletCoins>();

    public WalletAddresses OwnAddresses => host.Services.GetRequiredService<WalletAddresses>();

    public WalletPayments Payments => host.Services.GetRequiredService<WalletPayments>();

    public WalletSends Sends => host.Services.GetRequiredService<WalletSends>();

    public TransactionPool Pool => host.Services.GetRequiredService<TransactionPool>();

    /// <summary>The mempool's keeper, as the host starts and stops it.</summary>
    public MempoolKeeper Keeper => host.Services.GetServices<IHostedService>().OfType<MempoolKeeper>().Single();

    public string ChainFolder => host.Services.GetRequiredService<DataFolder>().Chain;

    public BlockIntake Blocks => host.Services.GetRequiredService<BlockIntake>();

    public BlockExplorer Explorer => host.Services.GetRequiredService<BlockExplorer>();

    public AddressExplorer Addresses => host.Services.GetRequiredService<AddressExplorer>();

    public ChainCore Core => host.Services.GetRequiredService<ChainCore>();

    public ChainDatabase Database => host.Services.GetRequiredService<ChainDatabase>();

    public BlockIndex Index => host.Services.GetRequiredService<BlockIndex>();

    public OutputIndex Outputs => host.Services.GetRequiredService<OutputIndex>();

    public ChainTotals Totals => host.Services.GetRequiredService<ChainTotals>();

    public ChainReader Reader => host.Services.GetRequiredService<ChainReader>();

    public Rebroadcast Rebroadcast => host.Services.GetRequiredService<Rebroadcast>();

    public BlockEntry Tip => State.Read(reading => reading.Tip);

    public MinerSteps Miner => host.Services.GetRequiredService<MinerSteps>();

    public RegtestFaucet Faucet => host.Services.GetRequiredService<RegtestFaucet>();

    public IBlockTemplateSource Templates => host.Services.GetRequiredService<IBlockTemplateSource>();

    public BlockMaker Maker => host.Services.GetRequiredService<BlockMaker>();

    public MinerParts MinerParts => host.Services.GetRequiredService<MinerParts>();

    public Miner ProofMiner => host.Services.GetRequiredService<Miner>();

    public MiningService Mining => host.Services.GetRequiredService<MiningService>();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Opens the chain in a folder, as a start does, without mining.</summary>
    public static Task<ChainHost> OpenAsync(string folder, TimeProvider time, params string[] settings)
    {
        if (settings.Any(setting => setting is "Camelid:Network=test" or "Camelid:Network=main"))
        {
            GiveSeed(Path.Combine(folder, "keys"));
        }

        return OpenWithoutSeedAsync(folder, time, settings);
    }

    /// <summary>Opens the chain as it is: on a public network without a wallet, unless there is one.</summary>
    public static async Task<ChainHost> OpenWithoutSeedAsync(
        string folder, TimeProvider time, params string[] settings)
    {
        HostApplicationBuilder builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(
            settings.Select(setting => setting.Split('=', 2))
                .Select(parts => KeyValuePair.Create<string, string?>(parts[0], parts[1])));
        builder.Configuration["Camelid:DataDir"] = folder;
        builder.Services.AddSingleton(time);
        builder.AddServiceDefaults();
        builder.AddChain();
        builder.Services.AddSingleton(new SealCost(new ScryptCost(4, 1, 1)));
        ChainHost chain = new(builder.Build());
        try
        {
            ChainStart start = chain.host.Services.GetServices<IHostedService>().OfType<ChainStart>().Single();
            await start.StartAsync(Cancellation);
            return chain;
        }
        catch (IOException)
        {
            await chain.DisposeAsync();
            throw;
        }
    }

    /// <summary>Opens the chain and does all that a first start does.</summary>
    public static async Task<ChainHost> StartAsync(string folder, TimeProvider time, params string[] settings)
    {
        ChainHost chain = await OpenAsync(folder, time, settings);
        await chain.RunAsync();
        return chain;
    }

    /// <summary>The door of the market.</summary>
    public MarketService Market => host.Services.GetRequiredService<MarketService>();

    /// <summary>Starts the peer engine, which neither listens nor calls anybody unless it is told to.</summary>
    public Task StartPeersAsync() => Peers.StartAsync(Cancellation);

    /// <summary>Ends the peer engine.</summary>
    public Task StopPeersAsync() => Peers.StopAsync(Cancellation);

    private PeerHosting Peers => host.Services.GetRequiredService<PeerHosting>();

    /// <summary>All rounds that are wanted now, the handing-in of stored transactions included.</summary>
    public async Task RunAsync()
    {
        await Rebroadcast.RunAsync(Cancellation);
        await Miner.RunAsync(500, Cancellation);
    }

    /// <summary>Blocks on the active chain, from a height on.</summary>
    public IReadOnlyList<Block> BlocksFrom(int height) => [.. State
        .Read(reading => reading.Active.Skip(height).ToArray()).Select(State.ReadBlock)];

    /// <summary>Only a regtest node makes itself a wallet: elsewhere a seed of the older form is put there.</summary>
    private static void GiveSeed(string keys)
    {
        Directory.CreateDirectory(keys);
        string path = Path.Combine(keys, "seed");
        if (!File.Exists(path))
        {
            File.WriteAllText(path, new string('5', 128));
        }
    }

    public ValueTask DisposeAsync()
    {
        host.Dispose();
        return ValueTask.CompletedTask;
    }
}
