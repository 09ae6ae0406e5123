using Camelid.Simulation.Nodes;
using Camelid.Simulation.Virtual;

namespace Camelid.Simulation.Scenarios;

/// <summary>
/// Fifty to a hundred nodes with the slots of production: they find each other through two seed nodes, mine and pay,
/// lose a third of the network for a while, and agree again.
/// </summary>
internal sealed class CrowdScenario : Scenario
{
    private const int Least = 50;
    private const int Most = 100;

    /// <inheritdoc/>
    public override string Name => "crowd";

    /// <inheritdoc/>
    protected override string Tell(Arena arena)
    {
        arena.PeerOptions = arena.PeerOptions with
        {
            FullOutboundMax = 8, BlocksOnlyOutboundMax = 2, DialInterval = TimeSpan.FromSeconds(4),
        };
        int count = arena.World.Random.Next(Least, Most + 1);
        arena.AddHonest(count);
        arena.ShareHashRate(NormalHashRate);
        bool goesOn = true;
        arena.World.Run(WarmUp);
        PayNowAndThen(arena, TimeSpan.FromSeconds(10), () => goesOn);
        Dictionary<IEndpoint, int> sides = arena.Nodes.ToDictionary(
            IEndpoint (node) => node, node => node.Index % 3 == 2 ? 1 : 0);
        arena.Network.Partition(sides);
        arena.World.Run(TimeSpan.FromMinutes(10));
        int tips = arena.Honest.Select(node => node.Tip.Hash).Distinct().Count();
        arena.Network.Heal();
        arena.World.Run(TimeSpan.FromMinutes(4));
        goesOn = false;
        Invariants.Settle(arena, TimeSpan.FromMinutes(3));
        return $"{count} nodes, {tips} tips before healing, {arena.Network.Delivered} frames";
    }
}
