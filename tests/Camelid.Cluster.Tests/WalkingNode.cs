using System.Net.Http.Headers;
using System.Net.Sockets;
using Camelid.Cli.Demos;
using Camelid.Client;
using Camelid.TestKit;

namespace Camelid.Cluster.Tests;

/// <summary>One real node process for all tests of a class, on a free port, in a folder that goes with it.</summary>
public sealed class WalkingNode : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("camelid-walk-").FullName;
    private NodeUnderTest? node;

    public string Folder => folder;

    public string DataFolder => Path.Combine(folder, "data");

    public int Port { get; private set; }

    public string ApiKey => File.ReadAllText(Path.Combine(DataFolder, "api-key")).Trim();

    public CamelidClient Client { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Port = FreePort();
        node = new NodeUnderTest(SharedFiles.RepositoryRoot, folder, Port);
        Client = await node.StartAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        Client?.Dispose();
        bool stopped = node is null || await node.StopAsync();
        node?.Dispose();
        Directory.Delete(folder, recursive: true);
        Assert.True(stopped, "SIGTERM did not end the node within 10 s with exit code 0");
    }

    public HttpClient Http(string? key)
    {
        HttpClient http = new() { BaseAddress = new Uri($"http://127.0.0.1:{Port}") };
        if (key is not null)
        {
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }

        return http;
    }

    internal static int FreePort()
    {
        using TcpListener probe = new(System.Net.IPAddress.Loopback, 0);
        probe.Start();
        return ((System.Net.IPEndPoint)probe.LocalEndpoint).Port;
    }
}
