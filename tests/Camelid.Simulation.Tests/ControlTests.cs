using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Transactions;
using Camelid.Simulation.Nodes;
using Camelid.Simulation.Scenarios;

namespace Camelid.Simulation.Tests;

/// <summary>Negative controls: each scenario and each invariant fails where what it watches is broken.</summary>
public sealed class ControlTests
{
    private const int Seed = 11;
    private const uint IdleSeconds = 7 * 24 * 3_600;

    [Fact]
    public void A_network_that_stays_apart_is_found() =>
        Fails(new PartitionScenario { Heals = false }, "honest nodes differ");

    [Fact]
    public void A_victim_that_chooses_no_peers_is_cut_off_by_those_that_choose_it() =>
        Fails(new EclipseScenario { Victim = options => options with { Discovers = false } }, "none to honest nodes");

    [Fact]
    public void Clocks_that_differ_by_far_more_than_the_rules_bear_part_the_network() =>
        Fails(new TimeSkewScenario { Spread = TimeSpan.FromHours(2) }, "the others agree up to");

    [Fact]
    public void Spam_that_nobody_is_blamed_for_is_found() =>
        Fails(new SpamScenario { ScoreMax = int.MaxValue }, "nobody was discouraged");

    [Fact]
    public void Disks_that_say_that_they_have_what_they_lose_are_found() =>
        Fails(new PowerCutScenario { DisksLie = true }, "came back with");

    [Fact]
    public void A_miner_with_most_of_the_hashes_takes_deep_payments_back_and_is_found() =>
        Fails(new SelfishMinerScenario { Share = 0.8, Hurry = 8, Waits = true }, "was taken back");

    [Fact]
    public void A_target_that_follows_plain_time_gives_a_burst_after_an_idle_week_and_effective_time_does_not()
    {
        int bound = IdleWeekScenario.Bound(1);
        Assert.InRange(IdleWeekScenario.MostInWindow(MineAlone(Difficulty.EffectiveSeconds)), 1, bound);
        int plain = IdleWeekScenario.MostInWindow(
            MineAlone((seconds, latest, time) => seconds + Math.Max(0, (long)time - latest)));
        Assert.True(plain > bound, $"{plain} blocks in ten minutes are within {bound}");
    }

    [Fact]
    public void A_coin_that_is_spent_twice_or_made_of_nothing_is_found()
    {
        Arena arena = Payments();
        Block[] blocks = [.. BlocksOf(arena.Nodes[0])];
        Assert.All(Verdicts(blocks), Assert.Null);
        int paying = Array.FindIndex(blocks, block => block.Transactions.Count > 1);
        Block again = new(blocks[^1].Header, [blocks[^1].Transactions[0], blocks[paying].Transactions[1]]);
        Assert.Contains("spent twice", Verdicts([.. blocks[..^1], again])[^1], StringComparison.Ordinal);
        Transaction coinbase = blocks[^1].Transactions[0];
        Transaction greedy = Transaction.Create(
            coinbase.Version, coinbase.Inputs,
            [new TxOutput(Amount.Grain(coinbase.Outputs[0].Value.Grains + 1), coinbase.Outputs[0].Script)], 0, default);
        Block rich = new(blocks[^1].Header, [greedy, .. blocks[^1].Transactions.Skip(1)]);
        Assert.Contains("were issued", Verdicts([.. blocks[..^1], rich])[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_node_whose_unspent_outputs_are_not_those_of_its_blocks_is_found()
    {
        Arena arena = Payments();
        Invariants.MoneyIsExact(arena);
        arena.Nodes[1].State.Read(reading =>
        {
            (OutPoint outPoint, Utxo coin) = reading.Outputs.All().First();
            reading.Outputs.Apply([new UtxoChange(outPoint, coin, null)]);
            return 0;
        });
        Assert.Contains("other outputs", Fails(() => Invariants.MoneyIsExact(arena)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_node_that_remembers_more_headers_than_were_worked_for_is_found()
    {
        Arena arena = Payments();
        Invariants.MemoryIsBounded(arena);
        arena.HeadersMade = 0;
        Assert.Contains("headers", Fails(() => Invariants.MemoryIsBounded(arena)), StringComparison.Ordinal);
    }

    /// <summary>Three nodes, some payments, at rest.</summary>
    private static Arena Payments()
    {
        Arena arena = new(Seed);
        arena.AddHonest(3);
        arena.World.Run(TimeSpan.FromMinutes(3));
        for (int i = 0; i < 3; i++)
        {
            SimulatedNode payer = arena.Nodes[i];
            payer.Hand(payer.Pay(payer.Coins()[0], arena.Nodes[0].Purse.Address, Amount.GrainsPerCoin, 20_000));
            payer.MineNow();
            arena.World.Run(TimeSpan.FromMinutes(1));
        }

        Invariants.Converged(arena);
        return arena;
    }

    private static IEnumerable<Block> BlocksOf(SimulatedNode node) =>
        node.State.Read(reading => reading.Active.Skip(1).ToArray()).Select(node.State.ReadBlock);

    private static string?[] Verdicts(IEnumerable<Block> blocks)
    {
        Ledger ledger = new();
        return [.. blocks.Select(ledger.Add)];
    }

    /// <summary>One miner, a week without any block, then ten hours: the times of the blocks after the week.</summary>
    private static uint[] MineAlone(Func<long, uint, uint, long> effectiveSeconds)
    {
        Network network = new Arena(Seed).Rules;
        Random random = new(Seed);
        double time = network.GenesisTime;
        (int height, long effective, uint latest, List<uint> after) = (0, 0, network.GenesisTime, []);
        double resumes = time + 3_600 + IdleSeconds;
        while (time < resumes + 36_000)
        {
            double work = (double)ProofOfWork.Work(Difficulty.NextBits(network, height, effective));
            time += -Math.Log(1 - random.NextDouble()) * work / (32.0 / 60);
            time = time > network.GenesisTime + 3_600 && time < resumes ? resumes : time;
            effective = effectiveSeconds(effective, latest, (uint)time);
            latest = Math.Max(latest, (uint)time);
            height++;
            if (time >= resumes)
            {
                after.Add((uint)time);
            }
        }

        return [.. after];
    }

    private static void Fails(Scenario scenario, string why) =>
        Assert.Contains(why, Fails(() => scenario.Run(Seed)), StringComparison.Ordinal);

    private static string Fails(Action what) => Assert.Throws<SimulationFailedException>(what).Message;
}
