using Camelid.Chain.Tests.Storage;
using Camelid.Simulation.Nodes;

namespace Camelid.Simulation.Scenarios;

/// <summary>
/// Nodes lose their power again and again, with writes torn and, on one disk, flushes that did nothing. Each comes back
/// with what its disk has, and catches up.
/// </summary>
internal sealed class PowerCutScenario : Scenario
{
    /// <inheritdoc/>
    public override string Name => "power-cut";

    /// <summary>True for a control: what a disk loses that says that it has it is found.</summary>
    public bool DisksLie { get; init; }

    /// <inheritdoc/>
    protected override string Tell(Arena arena)
    {
        arena.AddHonest(arena.World.Random.Next(5, 9));
        SimulatedNode liar = arena.Nodes[^1];
        liar.Disk.Faults = new DiskFaults { LyingFlush = 0.2 };
        foreach (SimulatedNode other in arena.Nodes.Where(other => DisksLie && other != liar))
        {
            other.Disk.Faults = new DiskFaults { LyingFlush = 1 };
        }

        arena.ShareHashRate(NormalHashRate);
        bool goesOn = true;
        arena.World.Run(WarmUp);
        PayNowAndThen(arena, TimeSpan.FromSeconds(15), () => goesOn);
        int cuts = arena.World.Random.Next(6, 14);
        int lost = 0;
        for (int i = 0; i < cuts; i++)
        {
            arena.World.Run(arena.World.Exponential(TimeSpan.FromMinutes(1.5)));
            SimulatedNode node = arena.Nodes[arena.World.Random.Next(arena.Nodes.Count)];
            int height = node.Tip.Height;
            node.Crash();
            arena.World.Run(arena.World.Exponential(TimeSpan.FromSeconds(40)));
            node.Start();
            int back = node.Tip.Height;
            lost += Math.Max(0, height - back);
            Invariants.Require(
                arena, back >= height || node == liar,
                () => $"node {node.Index} had {height} blocks and came back with {back}");
            node.SetHashRate(node.HashRate);
        }

        arena.World.Run(TimeSpan.FromMinutes(4));
        goesOn = false;
        Invariants.Settle(arena, Patience);
        return $"{cuts} power cuts, {lost} blocks to fetch again";
    }
}
