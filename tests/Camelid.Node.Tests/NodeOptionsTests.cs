using Camelid.ServiceDefaults.Hosting;

namespace Camelid.Node.Tests;

public sealed class NodeOptionsTests
{
    [Fact]
    public void Without_words_a_node_serves_the_small_model_on_8080_of_regtest()
    {
        Assert.True(NodeOptions.TryParse([], out NodeOptions options, out _));
        Assert.Equal((8080, "camelid-nano", "regtest"), (options.Port, options.Model, options.Network));
    }

    [Fact]
    public void Values_follow_their_option_or_an_equals_sign()
    {
        Assert.True(NodeOptions.TryParse(
            ["--port", "9000", "--data-dir=/tmp/a", "--model", "other"], out NodeOptions options, out _));
        Assert.Equal((9000, "/tmp/a", "other"), (options.Port, options.DataFolder, options.Model));
    }

    [Fact]
    public void Peers_are_named_one_by_one_and_a_port_alone_listens_on_loopback()
    {
        Assert.True(NodeOptions.TryParse(
            ["--connect", "a.example:8081", "--connect=[::1]:9000", "--listen", "9001", "--mine=yes"],
            out NodeOptions options, out _));
        Assert.Equal(["a.example:8081", "[::1]:9000"], options.Connect);
        Assert.Equal("127.0.0.1:9001", options.Listen);
        Assert.True(options.Mine);
    }

    [Theory]
    [InlineData("", true, true, true)]
    [InlineData("--role client", true, false, false)]
    [InlineData("--role=verifier,worker", false, true, true)]
    public void A_node_has_the_roles_that_are_named_and_all_where_none_is(
        string line, bool isClient, bool isWorker, bool isVerifier)
    {
        Assert.True(NodeOptions.TryParse(
            line.Split(' ', StringSplitOptions.RemoveEmptyEntries), out NodeOptions options, out _));
        Assert.Equal(new NodeRoles(isClient, isWorker, isVerifier), options.Roles);
    }

    [Theory]
    [InlineData("--connect nowhere", "nowhere")]
    [InlineData("--connect a:0", "a:0")]
    [InlineData("--connect a:1,b:2", "a:1,b:2")]
    [InlineData("--listen 70000", "70000")]
    [InlineData("--listen 0.0.0.0:0", "")]
    [InlineData("--mine maybe", "maybe")]
    [InlineData("--role miner", "miner")]
    [InlineData("--role client,client", "client,client")]
    [InlineData("--role client,", "client,")]
    [InlineData("--port 65535", "")]
    [InlineData("--port 65536", "65536")]
    [InlineData("--port -1", "-1")]
    [InlineData("--port", "needs a value")]
    [InlineData("--data-dir=", "needs a value")]
    [InlineData("--network mars", "mars")]
    [InlineData("--frob", "--frob")]
    [InlineData("frob", "frob")]
    public void What_is_wrong_with_a_command_line_is_named(string line, string named)
    {
        bool parsed = NodeOptions.TryParse(line.Split(' '), out _, out string fault);
        Assert.Equal(named.Length == 0, parsed);
        Assert.Contains(named, fault, StringComparison.Ordinal);
    }
}
