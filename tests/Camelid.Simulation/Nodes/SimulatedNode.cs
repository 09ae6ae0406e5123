using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Numerics;
using Camelid.Chain.Blocks;
using Camelid.Chain.Keys;
using Camelid.Chain.Mempool;
using Camelid.Chain.Peers;
using Camelid.Chain.Storage;
using Camelid.Chain.Tests.Storage;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Peers;
using Camelid.Protocol.Transactions;
using Camelid.Simulation.Virtual;
using Microsoft.Extensions.Logging.Abstractions;

namespace Camelid.Simulation.Nodes;

/// <summary>
/// A node as it runs in production (chain state, store, mempool, peer engine) on a simulated disk, clock and network.
/// </summary>
internal sealed class SimulatedNode : IEndpoint
{
    private static readonly ConcurrentDictionary<int, OperatorKeys> Keys = [];

    private readonly Arena arena;
    private readonly ChainIdentity identity;
    private readonly PeerFiles files = new();
    private readonly IReadOnlyList<PeerAddress> seeds;
    private int life;
    private int minePlan;

    /// <summary>A node that is down.</summary>
    /// <param name="arena">Where it lives.</param>
    /// <param name="index">Its number.</param>
    /// <param name="address">Where it listens.</param>
    /// <param name="seeds">Addresses that it knows from the beginning.</param>
    public SimulatedNode(Arena arena, int index, PeerAddress address, IReadOnlyList<PeerAddress> seeds)
    {
        this.arena = arena;
        this.seeds = seeds;
        Index = index;
        Address = address;
        Clock = new NodeClock(arena.World);
        Random = new Random(arena.World.Random.Next());
        Disk = new SimulatedDisk(arena.World.Random.Next());
        identity = new ChainIdentity(arena.Rules, arena.Curve, KeysOf(arena, index))
        {
            Checks = arena.Checks,
            Salt = new UInt128((ulong)Random.NextInt64(), (ulong)Random.NextInt64()),
        };
        arena.Network.Listen(this);
    }

    /// <inheritdoc/>
    public int Index { get; }

    /// <inheritdoc/>
    public PeerAddress Address { get; }

    /// <summary>Its clock.</summary>
    public NodeClock Clock { get; }

    /// <summary>Its disk.</summary>
    public SimulatedDisk Disk { get; }

    /// <summary>The source of its choices.</summary>
    public Random Random { get; }

    /// <summary>How often its engine is told that time has passed; null for as often as all.</summary>
    public TimeSpan? TickInterval { get; set; }

    /// <summary>Changes the engine's bounds before a start.</summary>
    public Func<PeerOptions, PeerOptions> Tune { get; set; } = options => options;

    /// <summary>Hashes in a second; 0 where it does not mine.</summary>
    public double HashRate { get; private set; }

    /// <summary>The chain.</summary>
    public ChainState State { get; private set; } = null!;

    /// <summary>The chain's door.</summary>
    public ChainCore Core { get; private set; } = null!;

    /// <summary>The mempool.</summary>
    public TransactionPool Pool { get; private set; } = null!;

    /// <inheritdoc/>
    public PeerEngine? Engine { get; private set; }

    /// <inheritdoc/>
    public VirtualTransport? Transport { get; private set; }

    /// <summary>True while it runs.</summary>
    public bool IsUp => Engine is not null;

    /// <summary>Its tip.</summary>
    public BlockEntry Tip => State.Read(reading => reading.Tip);

    /// <summary>The most blocks that left its chain at once.</summary>
    public int DeepestReorg { get; private set; }

    /// <summary>Its keys.</summary>
    public RoleKey Purse => identity.Keys[KeyRole.Miner];

    /// <summary>Network, curve and keys, as its chain has them.</summary>
    public ChainIdentity Identity => identity;

    /// <summary>For whom envelopes are that are addressed to it; taken up by the next start.</summary>
    public IAddressedMessageHandler? Addressed { get; set; }

    /// <summary>Its name among peers.</summary>
    public NodeId Id => NodeId.Of(identity.Keys[KeyRole.Node].Public);

    /// <summary>Blocks that it mined.</summary>
    public int Mined { get; private set; }

    /// <summary>Raised when its chain has changed.</summary>
    public event Action<BlockAcceptance>? ChainChanged;

    /// <summary>Starts it on what its disk holds.</summary>
    public void Start()
    {
        int thisLife = ++life;
        State = ChainState.Open(new FileChainStore(Disk, arena.Rules.GenesisHash, arena.StoreOptions), identity);
        Pool = new TransactionPool(State, new PoolPolicy(), Clock);
        Core = new ChainCore(State, Pool, Clock, NullLogger<ChainCore>.Instance);
        Transport = arena.Network.Attach(this);
        RoleKey key = identity.Keys[KeyRole.Node];
        Engine = new PeerEngine(new PeerSetting
        {
            Identity = new PeerIdentity(arena.Rules, arena.PeerCurve, key.Private, key.Public),
            Options = Tune(arena.PeerOptions),
            State = State,
            Core = Core,
            Pool = Pool,
            Time = Clock,
            Random = Random,
            Transport = Transport,
            Store = files,
            Addressed = Addressed,
            PublicAddress = Address,
            Loggers = NullLoggerFactory.Instance,
        });
        Engine.Listens(Address.Port);
        Engine.Slots.SetSeeds(seeds);

        Core.Changed += change =>
        {
            Engine?.Note(change);
            arena.World.After(TimeSpan.Zero, () => Engine?.Wake());
            PlanMining();
            DeepestReorg = Math.Max(DeepestReorg, change.Disconnected.Count);
            ChainChanged?.Invoke(change);
        };
        arena.World.After(arena.World.Between(TimeSpan.Zero, arena.TickInterval), () => Tick(thisLife));
        PlanMining();
    }

    /// <summary>Stops it as an operator does.</summary>
    public void Stop()
    {
        Engine?.Stop();
        End();
        Disk.Kill();
    }

    /// <summary>Cuts its power.</summary>
    public void Crash()
    {
        End();
        Disk.CutPower();
    }

    /// <summary>Sets how much it mines.</summary>
    public void SetHashRate(double hashesPerSecond)
    {
        HashRate = hashesPerSecond;
        PlanMining();
    }

    /// <summary>Mines a block at once.</summary>
    public Block? MineNow()
    {
        uint now = (uint)Clock.GetUtcNow().ToUnixTimeSeconds();
        Block? block = Core.Mine(() =>
        {
            BlockEntry tip = Tip;
            uint time = Math.Max(now, tip.MedianTimePast() + 1);
            return time > now + arena.Rules.BlockTimeAheadSecondsMax ? null : Build(tip, time, Pool.Select(time));
        });
        Mined += block is null ? 0 : 1;
        return block;
    }

    /// <summary>Mines a block of some time, with nothing in it, for somebody.</summary>
    public void MineFor(SimulatedNode payee, uint time) => Core.Mine(() => Build(Tip, time, [], payee));

    /// <summary>A block on an entry with its proof of work.</summary>
    public Block Build(
        BlockEntry parent, uint time, IReadOnlyList<TransactionWithFee> transactions, SimulatedNode? payee = null)
    {
        arena.HeadersMade++;
        Block block = new BlockTemplate
        {
            Network = arena.Rules,
            PreviousHash = parent.Hash,
            Height = parent.Height + 1,
            Bits = State.NextBits(parent),
            Time = time,
            Payee = (payee ?? this).Purse.Address.ToScript(),
            Transactions = transactions,
        }.Build();
        BlockHeader found = ProofOfWork.TryFind(block.Header, (uint)Random.Next(int.MaxValue), uint.MaxValue)!;
        return new Block(found, block.Transactions);
    }

    /// <summary>Coins that it may spend in the next block and that nothing waiting spends.</summary>
    public IReadOnlyList<KeyValuePair<OutPoint, Utxo>> Coins()
    {
        KeyValuePair<OutPoint, Utxo>[] all = State.Read(reading =>
            reading.Outputs.Own(OutputKind.Address, KeyRole.Miner)
                .Where(coin => coin.Value.IsMatureAt(reading.Tip.Height + 1, arena.Rules)).ToArray());
        return [.. all.Where(coin => !Pool.Spends(coin.Key)).OrderBy(coin => coin.Key.Txid)
            .ThenBy(coin => coin.Key.Index)];
    }

    /// <summary>Signs a payment of one coin to an address, change to itself; hands it in where asked.</summary>
    public Transaction Pay(KeyValuePair<OutPoint, Utxo> coin, Address to, long grains, long feeGrains)
    {
        long change = coin.Value.Output.Value.Grains - grains - feeGrains;
        List<TxOutput> outputs = [new TxOutput(Amount.Grain(grains), to.ToScript())];
        if (change > 0)
        {
            outputs.Add(new TxOutput(Amount.Grain(change), Purse.Address.ToScript()));
        }

        Transaction unsigned = Transaction.Create(
            2, [new TxInput(coin.Key, default, TxInput.SequenceLocked)], outputs, 0, default);
        byte[] signature = SignatureHash.Sign(
            unsigned, 0, coin.Value.Output.Script, Purse.Private, arena.Curve);
        return unsigned.WithScript(0, Protocol.Scripts.P2pkhScript.Unlock(signature, Purse.Public));
    }

    /// <summary>Hands a transaction to its own mempool and to its peers.</summary>
    public PoolVerdict Hand(Transaction transaction)
    {
        PoolVerdict verdict = Pool.Accept(transaction);
        if (verdict.IsAccepted)
        {
            Engine?.NoteOwn(transaction.Txid);
            arena.World.After(TimeSpan.Zero, () => Engine?.Wake());
        }

        return verdict;
    }

    /// <summary>Sends a message to every peer as if the engine had: what a dishonest node does.</summary>
    public void SayToAll(PeerMessage message)
    {
        byte[] frame = PeerFrame.Encode(PeerPacket.ToNeighbour(Id, message), arena.Rules);
        SayToAll(frame);
    }

    /// <summary>Sends bytes to every peer.</summary>
    public void SayToAll(byte[] bytes)
    {
        foreach (PeerInfo peer in Engine?.View.List() ?? [])
        {
            if (peer.Stage == PeerStage.Ready)
            {
                Transport!.Send(new PeerId(peer.Number), bytes);
            }
        }
    }

    /// <summary>Forgets the plan for the next block and makes another: waiting has no memory.</summary>
    private void PlanMining()
    {
        int plan = ++minePlan;
        if (HashRate <= 0 || !IsUp)
        {
            return;
        }

        BigInteger work = ProofOfWork.Work(State.NextBits(Tip));
        TimeSpan wait = arena.World.Exponential(TimeSpan.FromSeconds((double)work / HashRate));
        arena.World.After(wait, () =>
        {
            if (plan == minePlan && IsUp && MineNow() is null)
            {
                PlanMining();
            }
        });
    }

    private void Tick(int ofLife)
    {
        if (ofLife != life || Engine is not { } engine)
        {
            return;
        }

        engine.Tick();
        arena.World.After(TickInterval ?? arena.TickInterval, () => Tick(ofLife));
    }

    /// <summary>The keys of a number: they take long to derive, and no invariant depends on them.</summary>
    private static OperatorKeys KeysOf(Arena arena, int index) => Keys.GetOrAdd(index, number =>
    {
        byte[] seed = new byte[64];
        BinaryPrimitives.WriteInt32LittleEndian(seed, number + 1);
        return new OperatorKeys(seed, arena.Rules, arena.Curve);
    });

    private void End()
    {
        life++;
        minePlan++;
        Transport?.Die();
        Transport = null;
        Engine = null;
        State.Dispose();
    }

    /// <summary>The small files of a peer engine, in memory.</summary>
    private sealed class PeerFiles : IPeerStore
    {
        private readonly Dictionary<string, byte[]> contents = new(StringComparer.Ordinal);

        public byte[]? Read(string name) => contents.GetValueOrDefault(name);

        public void Write(string name, byte[] bytes) => contents[name] = bytes;
    }
}
