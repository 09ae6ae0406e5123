using Camelid.Cli.Nodes;

namespace Camelid.Cli.Tests.Nodes;

public sealed class NodesPlanTests
{
    [Theory]
    [InlineData(2, "client,verifier|worker")]
    [InlineData(3, "client|worker|verifier")]
    [InlineData(5, "client|worker|verifier|worker|verifier")]
    public void A_buys_and_B_and_C_repeat(int count, string roles) =>
        Assert.Equal(roles, string.Join('|', PlanOf(count).Seats.Select(seat => seat.Roles)));

    [Fact]
    public void No_two_nodes_share_a_port_or_a_folder()
    {
        NodesPlan plan = PlanOf(NodesPlan.CountMax);
        Assert.Equal(3 * NodesPlan.CountMax, plan.Ports.Distinct().Count());
        Assert.Equal(NodesPlan.CountMax, plan.Seats.Select(seat => seat.DataFolder).Distinct().Count());
        Assert.Equal(NodesPlan.CountMax, plan.Seats.Select(plan.LogOf).Distinct().Count());
    }

    [Fact]
    public void Only_A_mines_and_has_the_model_and_every_other_one_begins_at_A()
    {
        NodesPlan plan = PlanOf(3);
        Assert.Equal(["true", "false", "false"],
            plan.Seats.Select(seat => plan.VariablesOf(seat)["Models__Embedded"]));
        Assert.Equal(["yes", "no", "no"], plan.Seats.Select(seat => ValueOf(plan.ArgumentsOf(seat), "--mine")));
        Assert.Equal([null, "127.0.0.1:9001", "127.0.0.1:9001"],
            plan.Seats.Select(seat => ValueOf(plan.ArgumentsOf(seat), "--connect")));
    }

    [Fact]
    public void Node_i_is_at_N_plus_10_i_with_its_peers_above_it_and_its_chunks_above_them()
    {
        NodeSeat third = PlanOf(3).Seats[2];
        Assert.Equal((9020, 9021, 9022), (third.Port, third.PeerPort, third.ChunkPort));
        Assert.Equal(Path.Combine("/data", "nodes", "c"), third.DataFolder);
    }

    private static NodesPlan PlanOf(int count) =>
        new() { Port = 9000, Count = count, RepositoryRoot = "/repository", DataFolder = "/data" };

    private static string? ValueOf(IReadOnlyList<string> arguments, string option)
    {
        int index = arguments.ToList().IndexOf(option);
        return index < 0 ? null : arguments[index + 1];
    }
}
