using Camelid.Chain.Blocks;
using Camelid.Protocol.Peers;
using Camelid.Simulation.Nodes;

namespace Camelid.Simulation.Scenarios;

/// <summary>
/// Rule C-24: nobody mines for a week, then all do again with many times the hashes. Blocks do not come in a burst.
/// </summary>
internal sealed class IdleWeekScenario : Scenario
{
    private const int WindowSeconds = 600;

    /// <inheritdoc/>
    public override string Name => "idle-week";

    /// <inheritdoc/>
    protected override string Tell(Arena arena)
    {
        arena.PeerOptions = arena.PeerOptions with { PingInterval = TimeSpan.FromHours(6), Discovers = false };
        arena.AddHonest(4);
        PeerAddress center = arena.Nodes[0].Address;
        foreach (SimulatedNode node in arena.Nodes.Skip(1))
        {
            node.Engine!.Slots.Manual.TrySet(center.ToString(), center);
        }

        double hurry = 1 + (3 * arena.World.Random.NextDouble());
        arena.ShareHashRate(NormalHashRate);
        arena.World.Run(TimeSpan.FromMinutes(12));
        arena.StopMining();
        TimeSpan idle = arena.World.Between(TimeSpan.FromDays(6), TimeSpan.FromDays(8));
        (TimeSpan quick, arena.TickInterval) = (arena.TickInterval, TimeSpan.FromMinutes(10));
        arena.World.Run(idle);
        arena.TickInterval = quick;
        arena.World.Run(TimeSpan.FromMinutes(1));
        int before = arena.Nodes[0].Tip.Height;
        arena.ShareHashRate(NormalHashRate * hurry);
        arena.World.Run(TimeSpan.FromMinutes(22));
        Invariants.Settle(arena, Patience);
        BlockEntry[] after = arena.Nodes[0].State.Read(reading => reading.Active.Skip(before + 1).ToArray());
        int most = MostInWindow([.. after.Select(entry => entry.Header.Time)]);

        int bound = Bound(hurry);
        Invariants.Require(arena, most <= bound, () => $"{most} blocks within ten minutes, {bound} are the bound");
        return $"{idle.TotalDays:F1} days idle, then at most {most} blocks in ten minutes ({bound} are the bound)";
    }

    /// <summary>
    /// Most blocks in ten minutes at so many times the hashes: six hours of credit make the target
    /// 2^(21600/17280) = 2.4 times as easy; chance does not double that.
    /// </summary>
    public static int Bound(double hurry) => (int)(2 * (WindowSeconds / 60.0) * hurry * 2.4) + 10;

    /// <summary>Most blocks in any ten minutes.</summary>
    public static int MostInWindow(uint[] times)
    {
        int most = 0;
        for (int last = 0, first = 0; last < times.Length; last++)
        {
            while (times[last] > times[first] + WindowSeconds)
            {
                first++;
            }

            most = Math.Max(most, last - first + 1);
        }

        return most;
    }
}
