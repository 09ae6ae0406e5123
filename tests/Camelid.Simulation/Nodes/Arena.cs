using System.Collections.Concurrent;
using System.Globalization;
using Camelid.Chain.Checks;
using Camelid.Chain.Peers;
using Camelid.Chain.Storage;
using Camelid.Protocol;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Peers;
using Camelid.Protocol.Scripts;
using Camelid.Secp256k1;
using Camelid.Simulation.Virtual;

namespace Camelid.Simulation.Nodes;

/// <summary>One run: a world, a network, its rules, and the nodes in it.</summary>
internal sealed class Arena
{
    /// <summary>Every 32nd hash or so reaches the first target.</summary>
    private const uint GenesisBits = 0x2007ffff;

    private const int BlocksBefore = 14;
    private const int SignaturesRemembered = 2_048;
    private const int SecondsBetween = 60;

    private static readonly ConcurrentDictionary<uint, Network> Simulated = [];

    private readonly List<SimulatedNode> nodes = [];

    /// <summary>An arena without nodes.</summary>
    /// <param name="seed">What replays it.</param>
    /// <param name="windowSeconds">W.</param>
    public Arena(int seed, uint windowSeconds = 10)
    {
        Rules = Simulated.GetOrAdd(windowSeconds, window => Protocol.Network.Simulated(GenesisBits, window));
        World = new VirtualWorld(seed, DateTimeOffset.FromUnixTimeSeconds(
            Rules.GenesisTime + (SecondsBetween * (BlocksBefore + 1))));
        Network = new VirtualNetwork(World, Rules);
        CachedCurve remembering = new(
            Curve, new SignatureCache(new byte[SignatureCache.SaltBytes], SignaturesRemembered), remembers: true);
        PeerCurve = remembering;
        Checks = new ScriptChecks(SequentialScripts.Instance, remembering, remembering);
        TickInterval = World.Between(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(16));
    }

    /// <summary>The rules of the chain.</summary>
    public Network Rules { get; }

    /// <summary>The curve.</summary>
    public ISecp256k1 Curve { get; } = Secp256k1Provider.Create();

    /// <summary>The curve of peer engines: what one node found good is not computed again by another.</summary>
    public ISecp256k1 PeerCurve { get; }

    /// <summary>How nodes check scripts: in order; a signature that one found good is not computed again.</summary>
    public ScriptChecks Checks { get; }

    /// <summary>Time and chance.</summary>
    public VirtualWorld World { get; }

    /// <summary>The links.</summary>
    public VirtualNetwork Network { get; }

    /// <summary>How often an engine is told that time has passed; drawn, and longer than in production.</summary>
    public TimeSpan TickInterval { get; set; }

    /// <summary>How chains are kept: small files, so that there are several.</summary>
    public ChainStoreOptions StoreOptions { get; } = new() { SegmentBytesMax = 16_384 };

    /// <summary>How engines behave.</summary>
    public PeerOptions PeerOptions { get; set; } = new()
    {
        ClockStepMax = TimeSpan.FromMinutes(10),
        FullOutboundMax = 4,
        BlocksOnlyOutboundMax = 1,
        DialInterval = TimeSpan.FromSeconds(30),
        FeelerInterval = TimeSpan.FromMinutes(10),
        PingInterval = TimeSpan.FromMinutes(5),
    };

    /// <summary>The nodes, by number.</summary>
    public IReadOnlyList<SimulatedNode> Nodes => nodes;

    /// <summary>Blocks, and headers without any, that somebody worked for.</summary>
    public int HeadersMade { get; set; }

    /// <summary>Those that keep the rules.</summary>
    public List<SimulatedNode> Honest { get; } = [];

    /// <summary>
    /// Adds and starts the honest nodes, each in a network group of its own; all know the first two. The first one has
    /// a short chain that the others are to fetch, and whose coins belong to all in turn.
    /// </summary>
    public void AddHonest(int count) => AddHonest(count, _ => { });

    /// <summary>As above, with something done to each node before it starts.</summary>
    public void AddHonest(int count, Action<SimulatedNode> prepare)
    {
        PeerAddress[] seeds = [AddressOf(0), AddressOf(1)];
        for (int i = 0; i < count; i++)
        {
            PeerAddress own = AddressOf(i);
            nodes.Add(new SimulatedNode(this, i, own, [.. seeds.Where(seed => seed != own)]));
        }

        Honest.AddRange(nodes);
        nodes.ForEach(prepare);
        nodes[0].Start();
        for (int height = 1; height <= BlocksBefore; height++)
        {
            nodes[0].MineFor(nodes[height % count], Rules.GenesisTime + (uint)(SecondsBetween * height));
        }

        nodes.Skip(1).ToList().ForEach(node => node.Start());
    }

    /// <summary>Adds and starts a node.</summary>
    public SimulatedNode Add(PeerAddress address, IReadOnlyList<PeerAddress> seeds)
    {
        SimulatedNode node = new(this, nodes.Count, address, seeds);
        nodes.Add(node);
        node.Start();
        return node;
    }

    /// <summary>The address of a number: each has a /16 of its own.</summary>
    public static PeerAddress AddressOf(int index) => Parse(string.Create(
        CultureInfo.InvariantCulture, $"{20 + (index / 200)}.{1 + (index % 200)}.7.9:8633"));

    /// <summary>An address in a group of an attacker: many of them share one /16.</summary>
    public static PeerAddress AttackerAddress(int group, int number) => Parse(string.Create(
        CultureInfo.InvariantCulture, $"190.{group}.{number / 250}.{1 + (number % 250)}:8633"));

    /// <summary>Gives the honest nodes that are up random shares of a hash rate.</summary>
    public void ShareHashRate(double total)
    {
        double[] shares = [.. Honest.Select(_ => 0.2 + World.Random.NextDouble())];
        for (int i = 0; i < Honest.Count; i++)
        {
            Honest[i].SetHashRate(total * shares[i] / shares.Sum());
        }
    }

    /// <summary>Nobody honest mines.</summary>
    public void StopMining()
    {
        Honest.ForEach(node => node.SetHashRate(0));
    }

    private static PeerAddress Parse(string text) => PeerAddress.TryParse(text, out PeerAddress address)
        ? address
        : throw new InvalidOperationException($"'{text}' is no address");
}
