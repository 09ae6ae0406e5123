using Camelid.Protocol.Transactions;
using Camelid.Simulation.Nodes;
using Camelid.Simulation.Virtual;

namespace Camelid.Simulation.Scenarios;

/// <summary>
/// The network falls into two halves for some minutes; both mine, and one coin is spent on both sides to
/// different people. Then it heals.
/// </summary>
internal sealed class PartitionScenario : Scenario
{
    /// <inheritdoc/>
    public override string Name => "partition";

    /// <summary>False for a control: a network that stays apart is found.</summary>
    public bool Heals { get; init; } = true;

    /// <inheritdoc/>
    protected override string Tell(Arena arena)
    {
        arena.Network.Links = new LinkModel { ResetChance = 0.0002 };
        arena.AddHonest(arena.World.Random.Next(5, 11));
        arena.ShareHashRate(NormalHashRate);
        bool goesOn = true;
        arena.World.Run(WarmUp);
        PayNowAndThen(arena, TimeSpan.FromSeconds(15), () => goesOn);
        arena.World.Run(TimeSpan.FromMinutes(1));
        Dictionary<IEndpoint, int> sides = [];
        foreach (SimulatedNode node in arena.Nodes)
        {
            sides[node] = node.Index < 2 ? node.Index : arena.World.Random.Next(2);
        }

        arena.Network.Partition(sides);
        arena.World.Run(TimeSpan.FromSeconds(40));
        (Txid Left, Txid Right)? pair = SpendTwice(arena);
        arena.World.Run(arena.World.Between(TimeSpan.FromMinutes(6), TimeSpan.FromMinutes(14)));
        int before = arena.Honest.Select(node => node.Tip.Hash).Distinct().Count();
        if (Heals)
        {
            arena.Network.Heal();
        }

        arena.World.Run(TimeSpan.FromMinutes(4));
        goesOn = false;
        Invariants.Settle(arena, Patience);
        return $"{arena.Nodes.Count} nodes, {before} tips before healing, {Confirmed(arena, pair)} of a double spend";
    }

    /// <summary>The owner of a coin pays with it on his side, and with the same coin on the other side.</summary>
    private static (Txid Left, Txid Right)? SpendTwice(Arena arena)
    {
        SimulatedNode thief = arena.Nodes.FirstOrDefault(node => node.Coins().Count > 0) ?? arena.Nodes[0];
        if (thief.Coins() is not [var coin, ..])
        {
            return null;
        }

        long grains = coin.Value.Output.Value.Grains / 2;
        Transaction left = thief.Pay(coin, arena.Nodes[0].Purse.Address, grains, 30_000);
        Transaction right = thief.Pay(coin, arena.Nodes[1].Purse.Address, grains, 30_000);
        bool taken = arena.Nodes[0].Hand(left).IsAccepted & arena.Nodes[1].Hand(right).IsAccepted;
        return taken ? (left.Txid, right.Txid) : null;
    }

    private static string Confirmed(Arena arena, (Txid Left, Txid Right)? pair)
    {
        if (pair is not { } both)
        {
            return "no attempt";
        }

        SimulatedNode node = arena.Nodes[0];
        HashSet<Txid> mined = [.. node.State.Read(reading => reading.Active.Skip(1).ToArray())
            .SelectMany(entry => node.State.ReadBlock(entry).Transactions.Select(transaction => transaction.Txid))];
        int count = (mined.Contains(both.Left) ? 1 : 0) + (mined.Contains(both.Right) ? 1 : 0);
        Invariants.Require(arena, count <= 1, () => "both halves of a double spend are confirmed");
        return $"{count}";
    }
}
