using System.Net;
using System.Net.Sockets;
using Camelid.Chain.Blocks;
using Camelid.Chain.Mempool;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Peers;
using Camelid.ServiceDefaults.Hosting;
using Microsoft.Extensions.Options;

namespace Camelid.Chain.Peers.Host;

/// <summary>
/// Runs the engine of this node: its loop, its sockets, its files. Started after the chain is open, and stopped before
/// it is closed.
/// </summary>
internal sealed partial class PeerHosting : IHostedService, IDisposable
{
    /// <summary>Between two questions where a named node is.</summary>
    private static readonly TimeSpan NameInterval = TimeSpan.FromSeconds(30);

    /// <summary>… and while a name leads nowhere.</summary>
    private static readonly TimeSpan NameRetry = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan CountInterval = TimeSpan.FromSeconds(1);

    private readonly PeerConfiguration configuration;
    private readonly PeerServer server;
    private readonly PeerEngine engine;
    private readonly PeerLoop loop;
    private readonly PeerGauge gauge;
    private readonly ChainCore core;
    private readonly TransactionIntake transactions;
    private readonly TimeProvider time;
    private readonly ILogger<PeerHosting> logger;
    private readonly CancellationTokenSource stopping = new();
    private Task running = Task.CompletedTask;
    private Task naming = Task.CompletedTask;

    /// <summary>Makes the engine; nothing runs before <see cref="StartAsync"/>.</summary>
    public PeerHosting(
        IOptions<PeerConfiguration> options, PeerChainParts chain, DataFolder folder, TimeProvider time,
        ILoggerFactory loggers)
    {
        configuration = options.Value;
        this.time = time;
        gauge = chain.Gauge;
        (core, transactions) = (chain.Core, chain.Transactions);
        logger = loggers.CreateLogger<PeerHosting>();
        PeerOptions limits = configuration.ToOptions(chain.State.Network);
        server = new PeerServer(
            limits, configuration.ToLinkTerms(chain.State.Network, chain.State.Curve), time,
            loggers.CreateLogger<PeerServer>());
        string files = Path.Combine(folder.Network, "peers");
        PrivateKey key = NodeKeyFile.ReadOrCreate(files, chain.State.Curve);
        PublicKey name = chain.State.Curve.PublicKeyOf(key);
        PeerAddress? published = configuration.ToPublicAddress();
        Identity = new PeerIdentity(chain.State.Network, chain.State.Curve, key, name);
        PublicAddress = published;
        engine = new PeerEngine(new PeerSetting
        {
            Identity = Identity,
            Options = limits,
            State = chain.State,
            Core = chain.Core,
            Pool = chain.Pool,
            Time = time,
            Random = new CryptographicRandom(),
            Transport = server,
            Store = new PeerFiles(files, loggers.CreateLogger<PeerFiles>()),
            Addressed = chain.Addressed,
            PublicAddress = published,
            Loggers = loggers,
        });
        loop = new PeerLoop(engine, time, loggers.CreateLogger<PeerLoop>());
        server.Attach(loop);
        Counts = engine.View.Counts();
    }

    /// <summary>Who this node is to its peers.</summary>
    public PeerIdentity Identity { get; }

    /// <summary>This node's name among its peers.</summary>
    public NodeId NodeId => Identity.Id;

    /// <summary>The address that others are told; null where this node cannot be reached from afar.</summary>
    public PeerAddress? PublicAddress { get; }

    /// <summary>Where it listens.</summary>
    public IReadOnlyList<IPEndPoint> EndPoints => server.EndPoints;

    /// <summary>The counts of a second ago at most.</summary>
    public PeerCounts Counts { get; private set; }

    /// <summary>Asks the engine something, on its loop.</summary>
    public Task<T> AskAsync<T>(Func<PeerEngine, T> question) => loop.AskAsync(question);

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        core.Changed += OnChanged;
        transactions.Taken += engine.NoteOwn;
        running = Task.Run(loop.RunAsync, CancellationToken.None);
        Listen();
        naming = NameAsync();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        core.Changed -= OnChanged;
        transactions.Taken -= engine.NoteOwn;
        await stopping.CancelAsync();
        await naming;
        server.StopListening();
        loop.Post(target => target.Stop());
        loop.Stop();
        await running.WaitAsync(cancellationToken);
        await server.DrainAsync().WaitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        server.StopListening();
        loop.Dispose();
        stopping.Dispose();
    }

    private void OnChanged(BlockAcceptance change)
    {
        engine.Note(change);
        loop.Post(target => target.Wake());
    }

    private void Listen()
    {
        try
        {
            server.Listen(configuration.ToEndPoints());
        }
        catch (SocketException exception) when (configuration.Listen.Length == 0)
        {
            // Nobody asked for this port: a node without it still connects to others.
            LogNotListening(configuration.PeerPort ?? 0, exception.Message);
        }
        catch (SocketException exception)
        {
            throw new InvalidOperationException(
                $"{ChainOptions.Section}:Listen: {configuration.Listen} cannot be had: {exception.Message}", exception);
        }

        if (server.EndPoints is [IPEndPoint first, ..])
        {
            loop.Post(target => target.Listens((ushort)first.Port));
        }
    }

    /// <summary>Finds the nodes that the configuration names, and looks again: names move.</summary>
    private async Task NameAsync()
    {
        DateTimeOffset countedAt = default;
        DateTimeOffset namedAt = default;
        TimeSpan pause = TimeSpan.Zero;
        try
        {
            while (true)
            {
                DateTimeOffset now = time.GetUtcNow();
                if (now - namedAt >= pause)
                {
                    namedAt = now;
                    pause = await NameAllAsync() ? NameInterval : NameRetry;
                }

                if (now - countedAt >= CountInterval)
                {
                    countedAt = now;
                    Counts = await loop.AskAsync(target => target.View.Counts());
                    gauge.Ready = Counts.Ready;
                }

                await Task.Delay(CountInterval, time, stopping.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The node stops.
        }
    }

    private async Task<bool> NameAllAsync()
    {
        bool all = true;
        foreach (string name in configuration.ConnectNames)
        {
            PeerAddress? address = await PeerNames.FindAsync(name, stopping.Token);
            all &= address is not null;
            loop.Post(target => target.Slots.Manual.TrySet(name, address));
        }

        List<PeerAddress> seeds = [];
        foreach (string name in configuration.SeedNames)
        {
            if (await PeerNames.FindAsync(name, stopping.Token) is { } address)
            {
                seeds.Add(address);
            }
        }

        loop.Post(target => target.Slots.SetSeeds(seeds));
        return all;
    }

    [LoggerMessage(1155, LogLevel.Warning, "Not listening for peers on port {Port}: {Reason}")]
    private partial void LogNotListening(int port, string reason);
}

/// <summary>What of the chain the engine needs.</summary>
internal sealed record PeerChainParts(
    ChainState State, ChainCore Core, TransactionPool Pool, TransactionIntake Transactions, PeerGauge Gauge,
    IAddressedMessageHandler? Addressed = null);

/// <summary>How many peers there are, for those that do not ask the engine.</summary>
internal sealed class PeerGauge
{
    /// <summary>Connections whose handshake is done, a second ago at most.</summary>
    public int Ready { get; set; }
}
