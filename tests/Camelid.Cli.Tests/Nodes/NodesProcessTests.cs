using System.Net;
using System.Net.Sockets;
using Camelid.Cli.Nodes;

namespace Camelid.Cli.Tests.Nodes;

public sealed class NodesProcessTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("camelid-nodes-").FullName;
    private readonly StringWriter error = new();

    public void Dispose()
    {
        error.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_port_in_use_is_named_before_anything_starts()
    {
        using TcpListener taken = new(IPAddress.Loopback, 0);
        taken.Start();
        int port = ((IPEndPoint)taken.LocalEndpoint).Port;
        await using NodesProcess nodes = new(PlanAt(port - NodesPlan.PortStep - 1), LogTo(isInteractive: false));
        CommandFailure failure = await Assert.ThrowsAsync<CommandFailure>(
            () => nodes.StartAsync(TestContext.Current.CancellationToken));
        Assert.Equal(ExitCode.Refused, failure.Code);
        Assert.Contains($"port {port}", failure.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder));
    }

    [Theory]
    [InlineData(false, "b | hello")]
    [InlineData(true, "\e[33mb |\e[0m hello")]
    public void A_line_of_a_node_stands_under_its_letter_with_colour_on_a_terminal_only(bool isInteractive, string line)
    {
        LogTo(isInteractive).OfNode(PlanAt(9000).Seats[1], "hello");
        Assert.Equal(line, error.ToString().TrimEnd());
    }

    private NodesLog LogTo(bool isInteractive) =>
        new(new Terminal(TextReader.Null, TextWriter.Null, error) { IsInteractive = isInteractive });

    private NodesPlan PlanAt(int port) =>
        new() { Port = port, Count = 2, RepositoryRoot = folder, DataFolder = folder };
}
