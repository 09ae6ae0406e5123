using System.Globalization;
using System.Numerics;
using Camelid.Chain.Blocks;
using Camelid.Protocol.Blocks;
using Camelid.Simulation.Nodes;

namespace Camelid.Simulation.Scenarios;

/// <summary>
/// A miner with a quarter to two fifths of all hashes keeps its blocks back, and shows them when others come near
/// (Eyal and Sirer 2014). Honest nodes still agree, and it can't take what was not mined.
/// </summary>
internal sealed class SelfishMinerScenario : Scenario
{
    /// <inheritdoc/>
    public override string Name => "selfish-miner";

    /// <summary>What an attacker with two fifths of the hashes takes back once in 200,000 attempts.</summary>
    private const int DeepestReorg = 30;

    /// <summary>Its share; drawn where null. A control gives it most of the hashes.</summary>
    public double? Share { get; init; }

    /// <summary>True for a control: it shows nothing before the end.</summary>
    public bool Waits { get; init; }

    /// <summary>How many times as many hashes there are as at the beginning.</summary>
    public double Hurry { get; init; } = 1;

    /// <inheritdoc/>
    protected override string Tell(Arena arena)
    {
        arena.AddHonest(arena.World.Random.Next(5, 9));
        double share = Share ?? (0.25 + (0.15 * arena.World.Random.NextDouble()));
        double hashRate = NormalHashRate * Hurry;
        arena.ShareHashRate(hashRate * (1 - share));
        SimulatedNode front = arena.Add(Arena.AttackerAddress(1, 1), [Arena.AddressOf(0), Arena.AddressOf(1)]);
        Withholder attacker = new(arena, front, hashRate * share) { Waits = Waits };
        bool goesOn = true;
        arena.World.Run(WarmUp);
        PayNowAndThen(arena, TimeSpan.FromSeconds(30), () => goesOn);
        attacker.Start();
        arena.World.Run(TimeSpan.FromMinutes(30));
        attacker.Stop();
        goesOn = false;
        arena.World.Run(TimeSpan.FromMinutes(2));
        Invariants.Settle(arena, Patience);
        SimulatedNode node = arena.Nodes[0];
        int won = node.State.Read(reading => reading.Active.Count(entry => attacker.Made.Contains(entry.Hash)));
        int total = node.Tip.Height;
        int deepest = arena.Honest.Max(honest => honest.DeepestReorg);
        Invariants.Require(
            arena, deepest <= DeepestReorg, () => $"a payment under {deepest} blocks was taken back");
        Invariants.Require(
            arena, won <= attacker.Made.Count, () => "more of the attacker's blocks are on the chain than it made");
        return string.Create(
            CultureInfo.InvariantCulture,
            $"share of hashes {share:F2}, {won} of {total} blocks, {attacker.Made.Count} made, {deepest} deep");
    }

    /// <summary>The strategy: a private branch on what the front node sees.</summary>
    private sealed class Withholder(Arena arena, SimulatedNode front, double hashRate)
    {
        private readonly List<(Block Block, BlockEntry Entry)> hidden = [];
        private int plan;
        private bool isActive;
        private bool isShowing;

        public HashSet<BlockHash> Made { get; } = [];

        public bool Waits { get; init; }

        public void Start()
        {
            isActive = true;
            front.ChainChanged += OnPublicBlock;
            Plan();
        }

        public void Stop()
        {
            isActive = false;
            plan++;
            Show(hidden.Count);
        }

        private BlockEntry PrivateTip => hidden.Count > 0 ? hidden[^1].Entry : front.Tip;

        private void Plan()
        {
            int mine = ++plan;
            BigInteger work = ProofOfWork.Work(front.State.NextBits(PrivateTip));
            arena.World.After(arena.World.Exponential(TimeSpan.FromSeconds((double)work / hashRate)), () =>
            {
                if (mine == plan && isActive)
                {
                    MineInSecret();
                    Plan();
                }
            });
        }

        private void MineInSecret()
        {
            BlockEntry parent = PrivateTip;
            uint now = (uint)front.Clock.GetUtcNow().ToUnixTimeSeconds();
            Block block = front.Build(parent, Math.Max(now, parent.MedianTimePast() + 1), []);
            Made.Add(block.Hash);
            hidden.Add((block, new BlockEntry(block.Header, block.Hash, parent)));
        }

        private void OnPublicBlock(BlockAcceptance change)
        {
            if (!isActive || isShowing || Waits)
            {
                return;
            }

            arena.World.After(TimeSpan.Zero, React);
        }

        private void React()
        {
            if (hidden.Count == 0)
            {
                Plan();
                return;
            }

            BigInteger lead = hidden[^1].Entry.Work - front.Tip.Work;
            BigInteger one = ProofOfWork.Work(front.Tip.Header.Bits);
            if (lead < 0)
            {
                hidden.Clear();
                Plan();
            }
            else if (lead <= 2 * one)
            {
                Show(hidden.Count);
                Plan();
            }
            else
            {
                Show(1);
            }
        }

        private void Show(int count)
        {
            isShowing = true;
            foreach ((Block block, BlockEntry _) in hidden.Take(count).ToArray())
            {
                front.Core.Submit(block);
            }

            hidden.RemoveRange(0, Math.Min(count, hidden.Count));
            isShowing = false;
        }
    }
}
