using Camelid.Chain.Blocks;
using Camelid.Chain.Keys;
using Camelid.Chain.Signing;
using Camelid.Protocol;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;
using Camelid.Simulation.Nodes;
using Camelid.Simulation.Trade;
using Camelid.Simulation.Virtual;

namespace Camelid.Simulation.Scenarios;

/// <summary>
/// Operators buy and sell answers while the network is cut in two for ten minutes, with messages lost and nodes
/// crashing, some workers sending rubbish, and clients that promise one deposit to two workers, one on each side. In
/// the end nobody is paid twice, and every job and row says what the chain says.
/// </summary>
internal sealed class TradePartitionScenario : Scenario
{
    private const long Cent = Amount.GrainsPerCoin / 100;
    private const long DepositGrains = 20 * Cent;
    private const int DepositsEach = 6;
    private const long StakeGrains = 200 * Cent;
    private const long LargeDepositGrains = 1_500 * Cent;
    private const long LargeStakeGrains = 14_600 * Cent;
    private const ulong PriceGrains = 100_000;
    private const ulong LargePriceGrains = 30_000_000;
    private const ulong FeeGrains = 20_000;
    private static readonly TimeSpan Busy = TimeSpan.FromMinutes(40);
    private static readonly TimeSpan Rare = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Cut = TimeSpan.FromMinutes(10);

    private readonly Dictionary<string, long> totals = [];

    /// <inheritdoc/>
    public override string Name =>
        JobWindowSeconds == Protocol.Network.Main.WindowSeconds ? "trade-partition-main" : "trade-partition";

    /// <inheritdoc/>
    public override string Totals
    {
        get
        {
            lock (totals)
            {
                return InWords(totals.Select(each => (each.Key, each.Value)));
            }
        }
    }

    /// <summary>Which rules operators keep.</summary>
    public TradeRules Rules { get; init; } = new();

    /// <inheritdoc/>
    protected override string Tell(Arena arena)
    {
        VirtualWorld world = arena.World;
        arena.Network.Links = new LinkModel { ResetChance = 0.0002 };
        TradeWorld trade = new(arena, Rules);
        arena.AddHonest(world.Random.Next(6, 11), node => _ = new TradeOperator(trade, node)
        {
            PriceGrains = PriceGrains, LieChance = world.Random.Next(6) == 0 ? 0.3 : 0,
        });
        arena.ShareHashRate(NormalHashRate);
        world.Run(WarmUp);
        Fund(trade);
        trade.Operators.ForEach(each => each.Begin());
        world.Run(TimeSpan.FromMinutes(1));
        Trading(trade, TimeSpan.FromMinutes(4), TimeSpan.FromSeconds(30));
        world.Run(TimeSpan.FromMinutes(4));

        Dictionary<IEndpoint, int> sides = arena.Nodes.ToDictionary<SimulatedNode, IEndpoint, int>(
            node => node, node => node.Index < 2 ? node.Index : world.Random.Next(2));
        arena.Network.Partition(sides);
        int cheats = CheatOnBothSides(trade, sides);
        Trading(trade, Cut, TimeSpan.FromSeconds(40));
        Crashes(trade, Cut + TimeSpan.FromMinutes(2));
        world.Run(Cut);
        arena.Network.Heal();
        Trading(trade, TimeSpan.FromMinutes(2), TimeSpan.FromSeconds(40));
        world.Run(TimeSpan.FromMinutes(2));
        TimeSpan ended = RunToEnds(trade);
        TradeInvariants counted = TradeInvariants.Check(trade);
        return Facts(trade, counted, cheats, ended);
    }

    /// <summary>
    /// Every job must come to its end, at the latest when a worker has waited 36 W for a refund after a T_r of 36 W,
    /// while blocks are mined as usual; then all comes to rest.
    /// </summary>
    private static TimeSpan RunToEnds(TradeWorld trade)
    {
        VirtualWorld world = trade.Arena.World;
        TimeSpan healed = world.Now;
        TimeSpan bound = TimeSpan.FromMinutes(45) + TimeSpan.FromSeconds(75 * trade.Window);
        trade.CrashChance = 0;
        while (!TradeInvariants.AllOver(trade) && world.Now - healed < bound)
        {
            world.Run(TimeSpan.FromMinutes(1));
            if (world.Now - healed > Busy && trade.LookInterval != Rare)
            {
                // Only T_r and testaments are waited for, hours on main: less is mined and looked at.
                trade.LookInterval = trade.Arena.TickInterval = Rare;
                trade.Arena.ShareHashRate(NormalHashRate / 5);
            }
        }

        TimeSpan ended = world.Now - healed;
        Invariants.Settle(trade.Arena, Patience);
        return ended;
    }

    private string Facts(TradeWorld trade, TradeInvariants counted, int cheats, TimeSpan ended)
    {
        BoughtJob[] jobs = [.. trade.Operators.SelectMany(each => each.Bought)];
        long Count(PaymentState state) => jobs.LongCount(job => job.State == state);
        (string Name, long Count)[] counts =
        [
            ("jobs", jobs.Length), ("settled", Count(PaymentState.Settled)), ("refunded", Count(PaymentState.Refunded)),
            ("expired", Count(PaymentState.Expired)), ("dismissed", Count(PaymentState.Dismissed)),
            ("deposits promised twice", cheats), ("second jobs refused", trade.Witness.SecondJobs),
            ("k shown", trade.Witness.Shown.Count), ("payment lost", counted.Lost),
            ("of them to the client's own offer", counted.LostToOffer),
            ("of them with the deposit", counted.LostWithDeposit),
            ("k shown six deep", trade.Witness.Shown.Values.Count(key => key.Needed > 2)),
            ("payment lost six deep", counted.LostLarge),
            ("crashes", trade.Operators.Sum(each => each.Crashes)),
        ];
        lock (totals)
        {
            foreach ((string name, long count) in counts)
            {
                totals[name] = totals.GetValueOrDefault(name) + count;
            }
        }

        return $"{trade.Operators.Count} operators, {InWords(counts)}, reorganised "
            + $"{trade.Arena.Nodes.Max(node => node.DeepestReorg)} deep, over after {ended.TotalMinutes:F0} min";
    }

    private static string InWords(IEnumerable<(string Name, long Count)> counts) =>
        string.Join(", ", counts.Select(each => $"{each.Name} {each.Count}"));

    /// <summary>Gives everybody deposits and a stake, and one client and one worker large ones.</summary>
    private static void Fund(TradeWorld trade)
    {
        IReadOnlyList<SimulatedNode> nodes = trade.Arena.Nodes;
        uint later = trade.Operators[0].Now + (365 * 24 * 3600);
        List<TxOutput> outputs = [];
        for (int i = 0; i < trade.Operators.Count; i++)
        {
            TradeOperator each = trade.Operators[i];
            each.StakeGrains = i == 1 ? LargeStakeGrains : StakeGrains;
            Script stake = new StakeScript(later, each.WorkerKey.Public).Build();
            outputs.Add(new TxOutput(Amount.Grain(each.StakeGrains), stake));
            Script deposit = new DepositScript(later, each.Signer.Key.Public).Build();
            outputs.AddRange(Enumerable.Repeat(new TxOutput(Amount.Grain(DepositGrains), deposit), DepositsEach));
            outputs.AddRange(i is 0 or 2 ? [new TxOutput(Amount.Grain(LargeDepositGrains), deposit)] : []);
        }

        long needed = outputs.Sum(output => output.Value.Grains) + 1_000_000;
        List<(SimulatedNode Owner, KeyValuePair<OutPoint, Utxo> Coin)> coins = Collect(trade.Arena, needed);
        long change = coins.Sum(one => one.Coin.Value.Output.Value.Grains) - needed;
        outputs.Add(new TxOutput(Amount.Grain(change), nodes[0].Purse.Address.ToScript()));
        Transaction funding = Transaction.Create(
            2, coins.Select(one => new TxInput(one.Coin.Key, default, TxInput.SequenceFinal)), outputs, 0, default);
        for (int i = 0; i < coins.Count; i++)
        {
            RoleKey purse = coins[i].Owner.Purse;
            byte[] signature = SignatureHash.Sign(
                funding, i, coins[i].Coin.Value.Output.Script, purse.Private, trade.Arena.Curve);
            funding = funding.WithScript(i, P2pkhScript.Unlock(signature, purse.Public));
        }

        Invariants.Require(trade.Arena, nodes[0].Hand(funding).IsAccepted, () => "the funding is refused");
        for (int i = 0; i < trade.Operators.Count; i++)
        {
            int index = funding.Outputs.ToList().FindIndex(output =>
                StakeScript.TryParse(output.Script, out StakeScript script)
                && script.Worker == trade.Operators[i].WorkerKey.Public);
            trade.Operators[i].Stake = new StakeId(funding.Txid.Value, (uint)index);
        }

        trade.Arena.World.Run(TimeSpan.FromSeconds(30));
        nodes[0].MineNow();
        trade.Arena.World.Run(TimeSpan.FromSeconds(30));
    }

    /// <summary>Coins of all that the first node knows as theirs, as many as are needed.</summary>
    private static List<(SimulatedNode Owner, KeyValuePair<OutPoint, Utxo> Coin)> Collect(Arena arena, long needed)
    {
        ChainState state = arena.Nodes[0].State;
        List<(SimulatedNode Owner, KeyValuePair<OutPoint, Utxo> Coin)> coins = [];
        foreach ((SimulatedNode node, KeyValuePair<OutPoint, Utxo> coin) in
            arena.Nodes.SelectMany(node => node.Coins().Select(coin => (node, coin))))
        {
            bool isKnown = state.Read(reading => reading.Outputs.TryGet(coin.Key, out Utxo? known)
                && known.IsMatureAt(reading.Tip.Height + 1, arena.Rules));
            if (isKnown && coins.Sum(one => one.Coin.Value.Output.Value.Grains) < needed)
            {
                coins.Add((node, coin));
            }
        }

        return coins;
    }

    /// <summary>Jobs now and then, for a while.</summary>
    private static void Trading(TradeWorld trade, TimeSpan span, TimeSpan mean)
    {
        VirtualWorld world = trade.Arena.World;
        TimeSpan wait = world.Exponential(mean);
        if (wait < span)
        {
            world.After(wait, () =>
            {
                TradeOperator client = Any(trade, _ => true);
                bool isLarge = client.Node.Index is 0 or 2 && world.Random.Next(3) == 0;
                TradeOperator worker = isLarge ? trade.Operators[1] : Any(trade, each => each != client);
                client.Buy(JobOf(client, worker, client.Signer, isLarge));
                Trading(trade, span - wait, mean);
            });
        }
    }

    private static void Crashes(TradeWorld trade, TimeSpan span)
    {
        VirtualWorld world = trade.Arena.World;
        TimeSpan wait = world.Exponential(TimeSpan.FromMinutes(4));
        if (wait < span)
        {
            world.After(wait, () =>
            {
                Any(trade, _ => true).Crash();
                Crashes(trade, span - wait);
            });
        }
    }

    /// <summary>
    /// The early double spend: a client whose accomplice is on the other side promises one deposit to a worker on each.
    /// </summary>
    private static int CheatOnBothSides(TradeWorld trade, Dictionary<IEndpoint, int> sides)
    {
        int cheats = 0;
        foreach (TradeOperator thief in trade.Operators.Where(each => each.Node.IsUp))
        {
            TradeOperator[] there = [.. trade.Operators.Where(each => sides[each.Node] != sides[thief.Node])];
            TradeOperator[] here =
                [.. trade.Operators.Where(each => each != thief && sides[each.Node] == sides[thief.Node])];
            if (cheats >= 2 || here.Length == 0 || there.Length < 2)
            {
                continue;
            }

            BoughtJob first = JobOf(thief, here[0], thief.Signer, false);
            if (thief.ChooseDeposit(first) is { } deposit)
            {
                cheats++;
                thief.Buy(JobOf(thief, here[0], thief.Signer, false, deposit));
                thief.Buy(JobOf(thief, here[^1], thief.Signer, false, deposit));
                there[0].Buy(JobOf(there[0], there[1], thief.Signer, false, deposit));
            }
        }

        return cheats;
    }

    private static BoughtJob JobOf(
        TradeOperator client, TradeOperator worker, ClientSigner signer, bool isLarge, Coin? promised = null)
    {
        Random random = client.World.Arena.World.Random;
        Hash256 nonce = Hash256.FromBytes(client.World.Noise());
        int minutes = isLarge || promised is not null ? random.Next(6, 12) : random.Next(1, 10);
        JobParameters job = new()
        {
            ModelRoot = TradeWorker.Model,
            PromptTokens = [.. Enumerable.Range(0, isLarge ? 8 : random.Next(1, 9)).Select(_ => (uint)random.Next())],
            MaxTokens = (uint)(isLarge ? 16 : random.Next(1, 17)),
            PriceGrainsPerToken = isLarge ? LargePriceGrains : PriceGrains,
            FeeGrains = FeeGrains,
            Created = client.Now,
            Deadline = client.Now + (uint)(60 * minutes),
            ClientKey = signer.Key.Public,
            NonceHash = Hashes.Sha256(nonce.ToBytes()),
        };
        return new BoughtJob(job, client.World.Window)
        {
            Nonce = nonce,
            Signer = signer,
            Worker = worker.Place,
            Deposit = promised,
            IsCheat = promised is not null,
        };
    }

    private static TradeOperator Any(TradeWorld trade, Func<TradeOperator, bool> wanted)
    {
        TradeOperator[] all = [.. trade.Operators.Where(wanted)];
        return all[trade.Arena.World.Random.Next(all.Length)];
    }
}
