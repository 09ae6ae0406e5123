using Camelid.Chain.Peers;
using Camelid.Fuzz.Engine;

namespace Camelid.Fuzz.Tests;

/// <summary>
/// The negative controls of the peer engine's target: an engine that does not keep a bound is found. Each bound is set
/// below the engine's own.
/// </summary>
public sealed class EngineTargetTests
{
    private const int Inputs = 400;

    public static TheoryData<string> Harms =>
        ["too many orphans", "too many wanted transactions", "too many blocks in flight", "too many connections"];

    [Theory]
    [MemberData(nameof(Harms))]
    public void An_engine_beyond_a_bound_is_found(string harm)
    {
        PeerOptions bounds = harm switch
        {
            "too many orphans" => EngineWorld.Options with { OrphansMax = 0 },
            "too many wanted transactions" => EngineWorld.Options with { TransactionsWantedMax = 0 },
            "too many blocks in flight" => EngineWorld.Options with { BlocksInFlightMax = 0 },
            _ => EngineWorld.Options with
            {
                InboundMax = 0, ManualMax = -1, FullOutboundMax = 0, BlocksOnlyOutboundMax = 0,
            },
        };
        FuzzReport report = new FuzzRun(new EngineTarget(bounds), seed: 1).Run(Inputs);
        Assert.NotNull(report.Finding);
        Assert.Contains(harm, report.Finding.Harm);
    }

    [Fact]
    public void A_sequence_that_does_nothing_is_followed_by_the_honest_peer() =>
        Assert.False(new EngineTarget().Run([]));
}
