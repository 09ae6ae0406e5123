using Camelid.Simulation.Nodes;
using Camelid.Simulation.Scenarios;
using Camelid.Simulation.Trade;

namespace Camelid.Simulation.Tests;

/// <summary>Negative controls of trade over a partition: operators that leave out one rule are found.</summary>
public sealed class TradeControlTests(ITestOutputHelper output)
{
    private const int FirstSeed = 1;
    private const int SeedsMax = 12;

    [Fact]
    public void Operators_that_keep_all_rules_pass_the_seeds_of_the_controls()
    {
        for (int seed = FirstSeed; seed < FirstSeed + 3; seed++)
        {
            output.WriteLine(new TradePartitionScenario().Run(seed).Facts);
        }
    }

    [Fact]
    public void Workers_that_show_k_under_a_payment_that_is_not_buried_are_found() =>
        Finds(new TradeRules { WaitsForBurial = false }, "was shown under a payment 1 deep");

    [Fact]
    public void Clients_that_pay_for_what_they_have_not_checked_are_found() =>
        Finds(new TradeRules { ChecksCommitments = false }, "the answer can't be opened");

    [Fact]
    public void Clients_that_pay_anew_where_a_reorganisation_took_their_payment_are_found() =>
        Finds(new TradeRules { PaysOnce = false }, "paid twice");

    [Fact]
    public void Jobs_that_expire_while_their_payment_can_still_be_mined_are_found() =>
        Finds(new TradeRules { FollowsPayments = false }, "a payment is neither claimed nor given back");

    private void Finds(TradeRules rules, string why)
    {
        TradePartitionScenario scenario = new() { Rules = rules };
        for (int seed = FirstSeed; seed < FirstSeed + SeedsMax; seed++)
        {
            try
            {
                scenario.Run(seed);
            }
            catch (SimulationFailedException failure)
            {
                output.WriteLine(failure.Message);
                if (failure.Message.Contains(why, StringComparison.Ordinal))
                {
                    return;
                }
            }
        }

        Assert.Fail($"{SeedsMax} seeds from {FirstSeed} do not find it");
    }
}
