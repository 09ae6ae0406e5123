using Camelid.Simulation.Scenarios;

namespace Camelid.Simulation.Tests;

/// <summary>
/// Whole networks in virtual time, a bounded share with fresh seeds in each run; <c>./camelid bench simulation</c>
/// tells thousands. A failure names scenario and seed, and the command that replays it.
/// </summary>
public sealed class ScenarioTests(ITestOutputHelper output)
{
    private const int FreshSeeds = 2;
    private const int KnownSeed = 7;

    public static TheoryData<string> Names => [.. Scenario.All.Select(scenario => scenario.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Honest_nodes_agree_money_is_exact_and_memory_bounded_whatever_the_seed(string name)
    {
        for (int seed = Seeds.First; seed < Seeds.First + FreshSeeds; seed++)
        {
            ScenarioReport report = Scenario.Find(name)!.Run(seed);
            output.WriteLine($"{name} seed {seed}: height {report.Height}; {report.Facts}");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void One_seed_replays_every_event(string name)
    {
        Scenario scenario = Scenario.Find(name)!;
        Assert.Equal(scenario.Run(KnownSeed), scenario.Run(KnownSeed));
    }

    [Fact]
    public void Up_to_a_hundred_nodes_with_the_slots_of_production_agree()
    {
        ScenarioReport report = Scenario.Crowd.Run(Seeds.First);
        output.WriteLine($"crowd seed {Seeds.First}: height {report.Height}; {report.Facts}");
    }
}
