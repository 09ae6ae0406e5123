using System.Net;
using System.Net.Sockets;

namespace Camelid.Node.Tests;

/// <summary>
/// Starts that must not happen: each ends with one line that says what to do, and leaves nothing behind.
/// </summary>
public sealed class NodeStartTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("camelid-node-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task An_unknown_option_ends_with_the_usage_and_2()
    {
        (int code, string error) = await RunAsync("--frob");
        Assert.Equal(NodeRefusal.Usage, code);
        Assert.Contains("--frob", error, StringComparison.Ordinal);
        Assert.Contains("usage:", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("main")]
    [InlineData("test")]
    public async Task The_public_networks_are_refused_until_the_chain_issue(string network)
    {
        (int code, string error) = await RunAsync("--network", network, "--data-dir", folder);
        Assert.Equal(NodeRefusal.Refused, code);
        Assert.Contains("runs on regtest only", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_in_use_is_named_with_what_to_do()
    {
        using TcpListener taken = new(IPAddress.Loopback, 0);
        taken.Start();
        int port = ((IPEndPoint)taken.LocalEndpoint).Port;
        (int code, string error) = await RunAsync("--port", $"{port}", "--data-dir", folder);
        Assert.Equal(NodeRefusal.Refused, code);
        Assert.Contains($"port {port}", error, StringComparison.Ordinal);
        Assert.Contains("--port", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_that_another_node_uses_is_refused()
    {
        using NodeFolder taken = NodeFolder.Take(folder);
        (int code, string error) = await RunAsync("--port", "0", "--data-dir", folder);
        Assert.Equal(NodeRefusal.Refused, code);
        Assert.Contains("another node", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_is_free_again_when_its_node_has_gone()
    {
        NodeFolder.Take(folder).Dispose();
        using NodeFolder again = NodeFolder.Take(folder);
        Assert.Equal(folder, again.Path);
    }

    [Fact]
    public async Task A_folder_that_cannot_be_made_is_named()
    {
        string file = Path.Combine(folder, "file");
        await File.WriteAllTextAsync(file, "", TestContext.Current.CancellationToken);
        (int code, string error) = await RunAsync("--port", "0", "--data-dir", Path.Combine(file, "data"));
        Assert.Equal(NodeRefusal.Failure, code);
        Assert.Contains("cannot be written", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(20, true)]
    [InlineData(150, false)]
    public void A_socket_stays_in_the_folder_while_its_path_is_short_enough(int length, bool isInside)
    {
        string path = Path.Combine(folder, new string('a', length));
        using NodeFolder taken = NodeFolder.Take(path);
        Assert.Equal(isInside, taken.SocketPath.StartsWith(path, StringComparison.Ordinal));
        Assert.True(taken.SocketPath.Length < 108);
    }

    private static async Task<(int Code, string Error)> RunAsync(params string[] args)
    {
        using StringWriter output = new();
        using StringWriter error = new();
        int code = await NodeProcess.RunAsync(args, output, error);
        return (code, error.ToString());
    }
}
