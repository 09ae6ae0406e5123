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

    [Theory]
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
