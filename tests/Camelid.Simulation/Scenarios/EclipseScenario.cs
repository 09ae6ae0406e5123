using Camelid.Chain.Peers;
using Camelid.Protocol.Peers;
using Camelid.Simulation.Nodes;

namespace Camelid.Simulation.Scenarios;

/// <summary>
/// An attacker with many addresses in a few groups floods a victim's address book, holds every slot of those that call
/// it, and hands on no block. The victim is restarted, and must still find the honest chain by its own choice.
/// </summary>
internal sealed class EclipseScenario : Scenario
{
    private const int AttackersMax = 8;
    private const int FalseAddresses = 3_000;
    private static readonly TimeSpan VictimDials = TimeSpan.FromSeconds(2);

    /// <inheritdoc/>
    public override string Name => "eclipse";

    /// <summary>How the victim is set after its restart: a control takes from it what protects it.</summary>
    public Func<PeerOptions, PeerOptions> Victim { get; init; } = options => options;

    /// <inheritdoc/>
    protected override string Tell(Arena arena)
    {
        arena.AddHonest(arena.World.Random.Next(5, 9));
        arena.ShareHashRate(NormalHashRate);
        arena.World.Run(WarmUp);
        SimulatedNode victim = arena.Nodes[^1];
        victim.TickInterval = VictimDials;
        victim.Tune = options => Victim(options with { DialInterval = VictimDials });
        victim.SetHashRate(0);
        List<SimulatedNode> attackers = [];
        int count = arena.World.Random.Next(3, AttackersMax + 1);
        for (int i = 0; i < count; i++)
        {
            SimulatedNode attacker = arena.Add(Arena.AttackerAddress(i % 3, i + 1), [victim.Address]);
            attacker.Transport!.Withheld.UnionWith(
            [
                PeerCommand.Headers, PeerCommand.Block, PeerCommand.CmpctBlock, PeerCommand.BlockTxn,
                PeerCommand.Inv,
            ]);
            attackers.Add(attacker);
        }

        for (int round = 0; round < 6; round++)
        {
            arena.World.Run(TimeSpan.FromSeconds(30));
            attackers.ForEach(attacker => attacker.SayToAll(Lies(arena)));
        }

        arena.Network.Refuses = (caller, target) => target == victim && attackers.TrueForAll(it => it != caller);
        victim.Stop();
        arena.World.Run(TimeSpan.FromMinutes(2));
        victim.Start();
        arena.World.Run(TimeSpan.FromMinutes(6));
        HashSet<NodeId> honest = [.. arena.Honest.Select(node => node.Id)];
        PeerInfo[] outbound = [.. victim.Engine!.View.List().Where(peer =>
            peer.Stage == PeerStage.Ready && peer.Kind is PeerKind.Full or PeerKind.BlocksOnly or PeerKind.Manual)];
        int good = outbound.Count(peer => honest.Contains(peer.Node));
        Invariants.Require(
            arena, good > 0, () => $"the victim has {outbound.Length} connections of its own, none to honest nodes");
        Invariants.Settle(arena, Patience);
        return $"{count} attackers, the victim chose {good} honest of {outbound.Length}";
    }

    /// <summary>Addresses where nobody is, in the attacker's groups.</summary>
    private static AddrMessage Lies(Arena arena) => new(Enumerable.Range(0, AddrMessage.EntriesMax).Select(_ =>
        new AddressEntry(
            Arena.AttackerAddress(arena.World.Random.Next(3), arena.World.Random.Next(FalseAddresses)),
            (uint)(arena.World.Begin + arena.World.Now).ToUnixTimeSeconds(),
            PeerServices.None,
            PeerStatus.Reached,
            NodeId.None)));
}
