using Camelid.Simulation.Nodes;

namespace Camelid.Simulation.Scenarios;

/// <summary>What a run came to.</summary>
/// <param name="Name">The scenario.</param>
/// <param name="Seed">What replays it.</param>
/// <param name="Fingerprint">Equal for two runs of one seed.</param>
/// <param name="Height">The height that the honest nodes agreed on.</param>
/// <param name="Facts">What was measured, in words.</param>
internal sealed record ScenarioReport(string Name, int Seed, string Fingerprint, int Height, string Facts);

/// <summary>A story that is told to a number of nodes, different for each seed, always with the same end.</summary>
internal abstract class Scenario
{
    /// <summary>Hashes a second at which the first target gives a block a minute.</summary>
    protected const double NormalHashRate = 32.0 / 60;

    /// <summary>Until nodes have found each other and fetched the first blocks.</summary>
    protected static readonly TimeSpan WarmUp = TimeSpan.FromMinutes(4);

    /// <summary>How long honest nodes may take to agree once nobody mines.</summary>
    protected static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>All scenarios.</summary>
    public static IReadOnlyList<Scenario> All { get; } =
    [
        new PartitionScenario(), new SelfishMinerScenario(), new EclipseScenario(), new SpamScenario(),
        new TimeSkewScenario(), new IdleWeekScenario(), new PowerCutScenario(), new TradePartitionScenario(),
        new TradePartitionScenario { JobWindowSeconds = Protocol.Network.Main.WindowSeconds },
    ];

    /// <summary>As many nodes as there may be, slow: told for a few seeds only.</summary>
    public static Scenario Crowd { get; } = new CrowdScenario();

    /// <summary>The scenario of a name; null where there is none.</summary>
    public static Scenario? Find(string? name) => All.Append(Crowd).FirstOrDefault(each => each.Name == name);

    /// <summary>Its name, a word for the command line.</summary>
    public abstract string Name { get; }

    /// <summary>Tells it; throws where an invariant breaks.</summary>
    /// <exception cref="SimulationFailedException">Names the seed.</exception>
    public ScenarioReport Run(int seed)
    {
        Arena arena = new(seed, JobWindowSeconds);
        try
        {
            string facts = Tell(arena);
            Invariants.Converged(arena);
            Invariants.MoneyIsExact(arena);
            Invariants.MemoryIsBounded(arena);
            int height = arena.Honest.First(node => node.IsUp).Tip.Height;
            return new ScenarioReport(Name, seed, Invariants.Fingerprint(arena), height, facts);
        }
        catch (SimulationFailedException failure)
        {
            failure.Scenario = Name;
            throw;
        }
        catch (Exception exception) when (exception is not SimulationFailedException)
        {
            throw new SimulationFailedException(arena.World, exception.ToString()) { Scenario = Name };
        }
        finally
        {
            foreach (SimulatedNode node in arena.Nodes.Where(node => node.IsUp))
            {
                node.Stop();
            }
        }
    }

    /// <summary>W.</summary>
    public uint JobWindowSeconds { get; init; } = Protocol.Network.Regtest.WindowSeconds;

    /// <summary>What all runs of this scenario came to together, in words; empty where nothing is counted.</summary>
    public virtual string Totals => "";

    /// <summary>The story, to its quiet end.</summary>
    protected abstract string Tell(Arena arena);

    /// <summary>Random honest nodes pay each other, about so often.</summary>
    protected static void PayNowAndThen(Arena arena, TimeSpan mean, Func<bool> goesOn)
    {
        arena.World.After(arena.World.Exponential(mean), () =>
        {
            if (goesOn())
            {
                PayOnce(arena);
                PayNowAndThen(arena, mean, goesOn);
            }
        });
    }

    /// <summary>A random honest node that has coin pays another one.</summary>
    protected static void PayOnce(Arena arena)
    {
        SimulatedNode[] honest = [.. arena.Honest.Where(node => node.IsUp)];
        SimulatedNode payer = honest[arena.World.Random.Next(honest.Length)];
        SimulatedNode payee = honest[arena.World.Random.Next(honest.Length)];
        if (payer.Coins() is [var coin, ..] && coin.Value.Output.Value.Grains > 1_000_000)
        {
            long grains = arena.World.Random.NextInt64(600_000, coin.Value.Output.Value.Grains - 100_000);
            payer.Hand(payer.Pay(coin, payee.Purse.Address, grains, 20_000));
        }
    }
}
