using System.Text.Json.Nodes;
using Camelid.TestKit.Kills;

namespace Camelid.Cluster.Tests;

/// <summary>
/// Three chains, each a process of its own on loopback: they synchronise, part, mine on both sides, and come together
/// on the longer chain. Rules P-35, P-38, P-41 and P-51, over real sockets.
/// </summary>
public sealed class PeerWalkTests : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("camelid-peers-").FullName;
    private readonly List<ChainProcess> running = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (ChainProcess process in running)
        {
            await process.DisposeAsync();
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Three_processes_synchronise_part_reorganise_and_converge()
    {
        Chain first = await StartAsync("a");
        await MineAsync(first, 30);
        Chain second = await StartAsync("b", first);
        Chain third = await StartAsync("c", second);
        JsonNode tip = await UntilAsync(third, status => (int)status["height"]! >= 30);
        await UntilAllAsync((string)tip["tipHash"]!, first, second, third);

        // All of it went encrypted, since nobody said otherwise.
        JsonArray peers = (await GetAsync(second, "/api/chain/peers"))["peers"]!.AsArray();
        Assert.Equal(2, peers.Count);
        Assert.All(peers, peer => Assert.True((bool)peer!["isEncrypted"]!));

        // The line is cut between the second and the third; each side mines.
        await PostAsync(third, $"/api/chain/peers/disconnect?peer={second.PeerAddress}");
        await UntilAsync(third, status => (int)status["peerCount"]! == 0);
        await MineAsync(first, 3);
        await MineAsync(third, 6);
        JsonNode near = await UntilAsync(second, status => (int)status["height"]! >= 33);
        JsonNode far = await StatusAsync(third);
        Assert.Equal(33, (int)near["height"]!);
        Assert.Equal(36, (int)far["height"]!);
        Assert.NotEqual((string)near["tipHash"]!, (string)far["tipHash"]!);

        // Joined again, the longer side wins everywhere, and the next block reaches all.
        await PostAsync(third, $"/api/chain/peers/connect?address={second.PeerAddress}");
        await UntilAllAsync((string)far["tipHash"]!, first, second, third);
        await MineAsync(first, 1);
        await UntilAllAsync((string)(await StatusAsync(first))["tipHash"]!, first, second, third);

        foreach (ChainProcess process in running)
        {
            Assert.Equal(0, await process.StopAsync(Cancellation));
        }
    }

    private async Task<Chain> StartAsync(string name, Chain? connectTo = null)
    {
        int port = ChainProcess.FreePort();
        Chain chain = new(ChainProcess.Start(
            Path.Combine(folder, name), mines: false, port, connectTo?.PeerPort ?? 0), port);
        running.Add(chain.Process);
        await UntilAsync(chain, _ => true);
        return chain;
    }

    private static async Task MineAsync(Chain chain, int count) =>
        await PostAsync(chain, $"/api/chain/mine?count={count}");

    private static async Task PostAsync(Chain chain, string path) => await chain.Process.PostAsync(path, Cancellation);

    private static async Task<JsonNode> StatusAsync(Chain chain) => await GetAsync(chain, "/api/chain/status");

    private static async Task<JsonNode> GetAsync(Chain chain, string path) =>
        (await chain.Process.GetAsync(path, Cancellation))!;

    private static async Task UntilAllAsync(string tip, params Chain[] chains)
    {
        foreach (Chain chain in chains)
        {
            await UntilAsync(chain, status => (string)status["tipHash"]! == tip);
        }
    }

    private static Task<JsonNode> UntilAsync(Chain chain, Func<JsonNode, bool> isWanted) =>
        KillChecks.UntilAsync(chain.Process, isWanted, Cancellation);

    private sealed record Chain(ChainProcess Process, int PeerPort)
    {
        public string PeerAddress => $"127.0.0.1:{PeerPort}";
    }
}
