using System.Buffers.Binary;
using Camelid.Chain.Blocks;
using Camelid.Chain.Peers;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Peers.Addresses;
using Camelid.Simulation.Virtual;

namespace Camelid.Simulation.Nodes;

/// <summary>What must be true of honest nodes, each found in a way of its own.</summary>
internal static class Invariants
{
    /// <summary>
    /// Lets honest nodes come to rest: without mining, and where two tips have equal work, after one block more.
    /// </summary>
    public static void Settle(Arena arena, TimeSpan patience)
    {
        arena.StopMining();
        for (int round = 0; round < 4; round++)
        {
            arena.World.Run(patience);
            if (Tips(arena).Count == 1)
            {
                return;
            }

            Running(arena).First().MineNow();
        }

        arena.World.Run(patience);
    }

    /// <summary>All honest nodes have one tip.</summary>
    public static void Converged(Arena arena) => Require(
        arena, Tips(arena).Count == 1,
        () => "honest nodes differ: " + string.Join(
            ", ", arena.Honest.Select(node => $"{node.Index} at {node.Tip.Height}")));

    /// <summary>
    /// Rule C-30: on every honest node each coin is spent once, unspent coin is the subsidies, and the unspent outputs
    /// are those that a walk over the blocks leaves.
    /// </summary>
    public static void MoneyIsExact(Arena arena)
    {
        Dictionary<BlockHash, string> walked = [];
        foreach (SimulatedNode node in Running(arena))
        {
            BlockHash tip = node.Tip.Hash;
            if (!walked.TryGetValue(tip, out string? expected))
            {
                walked[tip] = expected = Walk(arena, node);
            }

            string shown = Ledger.Digest(node.State.Read(reading => reading.Outputs.All()
                .Select(pair => KeyValuePair.Create(pair.Key, pair.Value.Output)).ToArray()));
            Require(arena, shown == expected, () => $"node {node.Index} shows other outputs");
        }
    }

    /// <summary>No node holds more than its bounds.</summary>
    public static void MemoryIsBounded(Arena arena)
    {
        PeerOptions options = arena.PeerOptions;
        foreach (SimulatedNode node in Running(arena))
        {
            PeerCounts counts = node.Engine!.View.Counts();
            Bound("orphans", counts.Orphans, options.OrphansMax);
            Bound("transactions wanted", counts.TransactionsWanted, options.TransactionsWantedMax);
            Bound("bytes that wait", counts.QueuedBytes, options.MemoryBytesMax);
            Bound("peers", node.Engine.View.List().Count, options.ConnectionsMax);
            Bound("inbound peers", counts.Inbound, options.InboundMax);
            Bound("blocks in flight", counts.BlocksInFlight, (long)options.BlocksInFlightMax * counts.Ready);
            Bound("addresses", counts.Addresses, AddressBook.EntriesMax);
            Bound("discouraged hosts", node.Engine.View.Banned().Count, options.DiscouragedMax);
            Bound("mempool bytes", node.Pool.Statistics().MemoryBytes, node.Pool.Policy.MemoryBytesMax);
            Bound("headers", node.State.Read(reading => reading.HeaderCount), arena.HeadersMade + 1);

            void Bound(string what, long count, long most) =>
                Require(arena, count <= most, () => $"node {node.Index}: {count} {what}, {most} are the bound");
        }
    }

    /// <summary>What a run came to: equal for two runs of one seed.</summary>
    public static string Fingerprint(Arena arena)
    {
        VirtualWorld world = arena.World;
        foreach (SimulatedNode node in arena.Nodes.Where(node => node.IsUp))
        {
            world.Note(node.Index, BinaryPrimitives.ReadUInt64LittleEndian(node.Tip.Hash.Value.ToBytes()));
            world.Note(node.Pool.Count, (ulong)node.Engine!.View.Counts().SentBytes);
        }

        world.Note(world.Happened, (ulong)arena.Network.Delivered);
        return $"{world.LogHash:x16}";
    }

    /// <summary>Fails with the seed that replays the failure.</summary>
    public static void Require(Arena arena, bool holds, Func<string> what)
    {
        if (!holds)
        {
            throw new SimulationFailedException(arena.World, what());
        }
    }

    private static HashSet<BlockHash> Tips(Arena arena) =>
        [.. Running(arena).Select(node => node.Tip.Hash)];

    private static IEnumerable<SimulatedNode> Running(Arena arena) => arena.Honest.Where(node => node.IsUp);

    private static string Walk(Arena arena, SimulatedNode node)
    {
        Ledger ledger = new();
        foreach (BlockEntry entry in node.State.Read(reading => reading.Active.Skip(1).ToArray()))
        {
            string? wrong = ledger.Add(node.State.ReadBlock(entry));
            Require(arena, wrong is null, () => $"node {node.Index}: {wrong}");
        }

        return ledger.Digest();
    }
}

/// <summary>An invariant is broken, or the node threw; scenario and seed replay it.</summary>
internal sealed class SimulationFailedException(VirtualWorld world, string what) : Exception
{
    /// <summary>The scenario; empty where there is none.</summary>
    public string Scenario { get; set; } = "";

    /// <inheritdoc/>
    public override string Message =>
        $"{Scenario} seed {world.Seed}, {world.Now.TotalSeconds:F1} s: {what}. "
        + $"Again: ./camelid bench simulation --scenario {Scenario} --seed {world.Seed} --seeds 1";
}
