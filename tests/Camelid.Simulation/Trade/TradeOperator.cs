using Camelid.Chain.Blocks;
using Camelid.Chain.Keys;
using Camelid.Chain.Mempool;
using Camelid.Chain.Peers;
using Camelid.Chain.Signing;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Market;
using Camelid.Protocol.Peers;
using Camelid.Protocol.Trade;
using Camelid.Protocol.Transactions;
using Camelid.Simulation.Nodes;
using Camelid.Simulation.Virtual;

namespace Camelid.Simulation.Trade;

/// <summary>What the operators of a run share.</summary>
internal sealed class TradeWorld(Arena arena, TradeRules rules)
{
    /// <summary>The arena.</summary>
    public Arena Arena => arena;

    /// <summary>Which rules are kept.</summary>
    public TradeRules Rules => rules;

    /// <summary>Who sees what is shown.</summary>
    public TradeWitness Witness { get; } = new(arena);

    /// <summary>Blocks that somebody has read.</summary>
    public Dictionary<BlockHash, Block> Blocks { get; } = [];

    /// <summary>The operators.</summary>
    public List<TradeOperator> Operators { get; } = [];

    /// <summary>How likely a message is lost on its last step.</summary>
    public double LossChance { get; init; } = 0.05;

    /// <summary>How likely a process dies between keeping a transaction and sending it.</summary>
    public double CrashChance { get; set; } = 0.01;

    /// <summary>How often operators look at their jobs.</summary>
    public TimeSpan LookInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>W.</summary>
    public uint Window => arena.Rules.WindowSeconds;

    /// <summary>The network, as tagged hashes name it.</summary>
    public Hash256 Genesis => arena.Rules.GenesisHash.Value;

    /// <summary>32 random bytes.</summary>
    public byte[] Noise()
    {
        byte[] bytes = new byte[Hash256.Bytes];
        arena.World.Random.NextBytes(bytes);
        return bytes;
    }

    /// <summary>A random private key.</summary>
    public PrivateKey NewKey()
    {
        PrivateKey? key;
        do
        {
            key = PrivateKey.FromBytes(Noise(), arena.Curve);
        }
        while (key is null);

        return key;
    }
}

/// <summary>
/// An operator as client and worker: the steps of its services, from rows and chain alone, on a simulated node. Rows
/// and what was signed outlive a crash; messages and the mempool do not.
/// </summary>
internal sealed class TradeOperator : IAddressedMessageHandler
{
    private const int StepsMax = 16;
    private const int RebroadcastLooks = 6;

    private readonly TradeClient client;
    private readonly TradeSettler settler;
    private readonly TradeWorker worker;
    private MessageAssembler assembler = new(new AssemblyBounds());
    private TimeSpan rebroadcastAt;
    private int life;
    private bool hasHint;

    /// <summary>The operator of a node that will be started.</summary>
    public TradeOperator(TradeWorld world, SimulatedNode node)
    {
        World = world;
        Node = node;
        Book = new ChainBook(node, world.Blocks);
        Signer = new ClientSigner(node.Identity.Keys[KeyRole.Client], new JobTransactions(node.Identity));
        client = new TradeClient(this);
        settler = new TradeSettler(this);
        worker = new TradeWorker(this);
        node.Addressed = this;
        node.ChainChanged += Follow;
        world.Operators.Add(this);
    }

    /// <summary>What all share.</summary>
    public TradeWorld World { get; }

    /// <summary>Its node.</summary>
    public SimulatedNode Node { get; }

    /// <summary>What its node's index answers.</summary>
    public ChainBook Book { get; }

    /// <summary>What it signed.</summary>
    public SignedBook Signed { get; } = new();

    /// <summary>Its client's keys.</summary>
    public ClientSigner Signer { get; }

    /// <summary>Its worker's key.</summary>
    public RoleKey WorkerKey => Node.Identity.Keys[KeyRole.Worker];

    /// <summary>Its worker's stake.</summary>
    public StakeId Stake { get; set; }

    /// <summary>What that stake holds.</summary>
    public long StakeGrains { get; set; }

    /// <summary>What others know of its worker.</summary>
    public WorkerPlace Place => new(Node.Id, Stake, WorkerKey.Public);

    /// <summary>What it asks for a token.</summary>
    public ulong PriceGrains { get; init; } = 100_000;

    /// <summary>How likely its worker sends rubbish.</summary>
    public double LieChance { get; init; }

    /// <summary>Jobs that others run for it.</summary>
    public List<BoughtJob> Bought { get; } = [];

    /// <summary>Jobs that it runs for others.</summary>
    public List<SoldJob> Sold { get; } = [];

    /// <summary>Times its node crashed.</summary>
    public int Crashes { get; private set; }

    /// <summary>The clock, Unix seconds.</summary>
    public uint Now => (uint)Node.Clock.GetUtcNow().ToUnixTimeSeconds();

    /// <summary>The time by which money is decided (rule E-36).</summary>
    public JobClock Clock => new(Node.State, Node.Clock);

    /// <summary>Begins to look at its jobs.</summary>
    public void Begin()
    {
        life++;
        assembler = new MessageAssembler(new AssemblyBounds());
        Book.Rebuild();
        rebroadcastAt = World.Arena.World.Now;
        Look(life);
    }

    /// <summary>A free deposit that a job could have, or null.</summary>
    public Coin? ChooseDeposit(BoughtJob row) => client.Choose(row);

    /// <summary>Submits a job.</summary>
    public void Buy(BoughtJob row)
    {
        Bought.Add(row);
        Hint();
    }

    /// <summary>Cuts its power, and gives it back after a while.</summary>
    public void Crash()
    {
        if (!Node.IsUp)
        {
            return;
        }

        life++;
        Crashes++;
        Node.Crash();
        World.Arena.World.After(World.Arena.World.Exponential(TimeSpan.FromSeconds(30)), () =>
        {
            Node.Start();
            Begin();
        });
    }

    /// <inheritdoc/>
    public void Handle(NodeId sender, RelayMessage message)
    {
        VirtualWorld world = World.Arena.World;
        if (world.Random.NextDouble() < World.LossChance)
        {
            return;
        }

        int thisLife = life;
        world.After(world.Exponential(TimeSpan.FromMilliseconds(500)), () =>
        {
            long now = (long)world.Now.TotalMilliseconds;
            if (thisLife == life && Node.IsUp
                && assembler.Take(sender, message.Kind, message.Body.Span, now, out ReadOnlyMemory<byte>? whole)
                    == RuleCode.Accepted
                && whole is { } body)
            {
                Take(sender, (TradeMessageKind)message.Kind, body.Span);
                StepAll();
            }
        });
    }

    /// <summary>Sends a message to a node; it may be lost.</summary>
    public void Send(NodeId receiver, TradeMessageKind kind, byte[] body)
    {
        if (Node.Engine is { } engine)
        {
            engine.Wake();
            engine.Envelopes.SendMessage(receiver, (byte)kind, body);
        }
    }

    /// <summary>
    /// Hands in what was signed and kept. Now and then the process dies before that, and the next life must do it.
    /// </summary>
    public void Submit(Transaction transaction)
    {
        if (!Node.IsUp)
        {
            return;
        }

        if (World.Arena.World.Random.NextDouble() < World.CrashChance)
        {
            World.Arena.World.After(TimeSpan.Zero, Crash);
            return;
        }

        HandIn(transaction);
    }

    private void HandIn(Transaction transaction)
    {
        if (!Node.Pool.Has(transaction.Txid))
        {
            PoolVerdict verdict = Node.Hand(transaction);
            World.Witness.Saw(this, transaction, verdict);
        }
    }

    private void Take(NodeId sender, TradeMessageKind kind, ReadOnlySpan<byte> body)
    {
        switch (kind)
        {
            case TradeMessageKind.Order:
                worker.TakeOrder(sender, body);
                break;
            case TradeMessageKind.OrderAnswer:
                client.TakeAnswer(sender, body);
                break;
            case TradeMessageKind.Commitment:
                client.TakeCommitment(sender, body);
                break;
            case TradeMessageKind.CommitmentReceipt:
                worker.TakeReceipt(sender, body);
                break;
        }
    }

    /// <summary>
    /// Follows the chain: settled and expired jobs of blocks that left it or came are opened again, and all are looked
    /// at soon.
    /// </summary>
    private void Follow(BlockAcceptance change)
    {
        IReadOnlySet<JobId> disturbed = Book.Follow(change);
        foreach (TradeRow row in Bought.Concat<TradeRow>(Sold).Where(row => disturbed.Contains(row.Id)))
        {
            row.IsOpen |= row.State is PaymentState.Settled or PaymentState.Expired;
        }

        Hint();
    }

    private void Hint()
    {
        if (!hasHint)
        {
            hasHint = true;
            int thisLife = life;
            World.Arena.World.After(TimeSpan.FromMilliseconds(100), () =>
            {
                hasHint = false;
                if (thisLife == life)
                {
                    StepAll();
                }
            });
        }
    }

    private void Look(int ofLife)
    {
        if (ofLife != life || !Node.IsUp)
        {
            return;
        }

        if (rebroadcastAt <= World.Arena.World.Now)
        {
            rebroadcastAt = World.Arena.World.Now + (RebroadcastLooks * World.LookInterval);
            Rebroadcast();
        }

        StepAll();
        World.Arena.World.After(World.LookInterval, () => Look(ofLife));
    }

    private void StepAll()
    {
        if (!Node.IsUp)
        {
            return;
        }

        foreach (BoughtJob row in Bought.Where(row => row.IsOpen).ToArray())
        {
            Step(row, () => row.State is PaymentState.Created or PaymentState.Accepted || row.Payment is null
                ? client.Step(row)
                : settler.Step(row));
        }

        foreach (SoldJob row in Sold.Where(row => row.IsOpen).ToArray())
        {
            Step(row, () => worker.Step(row));
        }
    }

    private static void Step(TradeRow row, Func<bool> step)
    {
        int count = 0;
        while (row.IsOpen && step())
        {
            if (++count > StepsMax)
            {
                throw new InvalidOperationException(
                    $"job {row.Id} takes steps without end: {string.Join(' ', row.Path)}");
            }
        }
    }

    /// <summary>Hands in again what is in no block: the mempool forgets, rows do not.</summary>
    private void Rebroadcast()
    {
        foreach (SignedTransaction signed in Signed.All.Where(signed => !signed.IsSuperseded).ToArray())
        {
            bool isLate = signed.Kind == SignedKind.Claim && !Clock.MayRepeatClaim(signed.RefundTime);
            if (!isLate && Book.Find(signed.Transaction.Txid) is null)
            {
                HandIn(signed.Transaction);
            }
        }
    }
}
