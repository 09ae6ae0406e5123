using Camelid.Protocol.Blocks;
using Camelid.Simulation.Nodes;

namespace Camelid.Simulation.Scenarios;

/// <summary>
/// Clocks differ by up to a minute and a half; one node is an hour ahead or behind, and mines. When its clock is set
/// right it is one of them.
/// </summary>
internal sealed class TimeSkewScenario : Scenario
{
    private const int HeightLeast = 16;
    private const int ForkMost = 3;

    /// <summary>What one wrong clock can have: with most of the hashes it would be the others that are wrong.</summary>
    private const double WrongShare = 0.15;

    /// <inheritdoc/>
    public override string Name => "time-skew";

    /// <summary>How far the other clocks may be wrong; above two minutes for a control.</summary>
    public TimeSpan Spread { get; init; } = TimeSpan.FromSeconds(45);

    /// <inheritdoc/>
    protected override string Tell(Arena arena)
    {
        arena.AddHonest(arena.World.Random.Next(5, 9));
        foreach (SimulatedNode node in arena.Nodes.Skip(1))
        {
            node.Clock.Skew = arena.World.Between(-Spread, Spread);
        }

        arena.ShareHashRate(NormalHashRate);
        SimulatedNode wrong = arena.Nodes[^1];
        bool ahead = arena.World.Random.Next(2) == 0;
        wrong.SetHashRate(NormalHashRate * WrongShare);
        wrong.Clock.Skew = TimeSpan.FromHours(ahead ? 1 : -1);
        bool goesOn = true;
        arena.World.Run(WarmUp);
        PayNowAndThen(arena, TimeSpan.FromSeconds(30), () => goesOn);
        arena.World.Run(TimeSpan.FromMinutes(14));
        SimulatedNode[] right = [.. arena.Nodes.Where(node => node != wrong)];
        int agreed = AgreedHeight(right);
        int highest = right.Max(node => node.Tip.Height);
        Invariants.Require(
            arena, agreed >= HeightLeast && agreed >= highest - ForkMost,
            () => $"with one wrong clock the others agree up to {agreed} of {highest}");
        wrong.Clock.Skew = TimeSpan.Zero;
        arena.World.Run(TimeSpan.FromMinutes(5));
        goesOn = false;
        Invariants.Settle(arena, Patience);
        return $"one clock an hour {(ahead ? "ahead" : "behind")}, {agreed} blocks meanwhile";
    }

    /// <summary>The height up to which nodes have the same blocks.</summary>
    private static int AgreedHeight(SimulatedNode[] nodes)
    {
        BlockHash[][] chains = [.. nodes.Select(node =>
            node.State.Read(reading => reading.Active.Select(entry => entry.Hash).ToArray()))];
        int height = 0;
        while (chains.All(chain => chain.Length > height + 1 && chain[height + 1] == chains[0][height + 1]))
        {
            height++;
        }

        return height;
    }
}
