using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Camelid.Cluster.Tests;

/// <summary>
/// Three chains, each a process of its own on loopback: they synchronise, part, mine on both sides, and come together
/// on the longer chain. Rules P-35, P-38, P-41 and P-51, over real sockets.
/// </summary>
public sealed class PeerWalkTests : IAsyncLifetime
{
    private const string Token = "a-token-of-this-test-alone-0123456789";
    private static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(60);
    private readonly string folder = Directory.CreateTempSubdirectory("camelid-peers-").FullName;
    private readonly List<RunningProgram> running = [];
    private readonly HttpClient http = new() { Timeout = TimeSpan.FromSeconds(30) };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        foreach (RunningProgram program in running)
        {
            await program.DisposeAsync();
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

        foreach (RunningProgram program in running)
        {
            await program.StopAsync();
        }
    }

    private async Task<Chain> StartAsync(string name, Chain? connectTo = null)
    {
        (int port, int rpc, int peers) =
            (RunningProgram.FreePort(), RunningProgram.FreePort(), RunningProgram.FreePort());
        RunningProgram program = RunningProgram.Start(
            Path.Combine(RunningProgram.FolderOf("Camelid.Chain"), "Camelid.Chain.dll"),
            [
                $"Kestrel__Endpoints__http__Url=http://127.0.0.1:{port}", "Kestrel__Endpoints__http__Protocols=Http1",
                $"Kestrel__Endpoints__grpc__Url=http://127.0.0.1:{rpc}", "Kestrel__Endpoints__grpc__Protocols=Http2",
                $"Camelid__DataDir={Path.Combine(folder, name)}", $"Camelid__ServiceToken={Token}",
                "Chain__Mine=false", "Chain__FundClient=false", $"Chain__Listen=127.0.0.1:{peers}",
                $"Chain__Connect={connectTo?.PeerAddress}", "Logging__LogLevel__Camelid=Information",
            ]);
        running.Add(program);
        Chain chain = new(program, new Uri($"http://127.0.0.1:{port}"), $"127.0.0.1:{peers}");
        await UntilAsync(chain, _ => true);
        return chain;
    }

    private async Task MineAsync(Chain chain, int count) => await PostAsync(chain, $"/api/chain/mine?count={count}");

    private async Task PostAsync(Chain chain, string path)
    {
        using HttpRequestMessage request = Request(HttpMethod.Post, chain, path);
        using HttpResponseMessage response = await http.SendAsync(request, Cancellation);
        Assert.True(
            response.IsSuccessStatusCode,
            $"{path}: {await response.Content.ReadAsStringAsync(Cancellation)}\n{chain.Program.Said}");
    }

    private Task<JsonNode> StatusAsync(Chain chain) => GetAsync(chain, "/api/chain/status");

    private async Task<JsonNode> GetAsync(Chain chain, string path)
    {
        using HttpRequestMessage request = Request(HttpMethod.Get, chain, path);
        using HttpResponseMessage response = await http.SendAsync(request, Cancellation);
        return (await response.Content.ReadFromJsonAsync<JsonNode>(Cancellation))!;
    }

    private async Task UntilAllAsync(string tip, params Chain[] chains)
    {
        foreach (Chain chain in chains)
        {
            await UntilAsync(chain, status => (string)status["tipHash"]! == tip);
        }
    }

    private async Task<JsonNode> UntilAsync(Chain chain, Func<JsonNode, bool> isWanted)
    {
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(100));
        string last = "nothing";
        for (long started = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(started) < WaitMax;)
        {
            try
            {
                JsonNode status = await StatusAsync(chain);
                last = status.ToJsonString();
                if (isWanted(status))
                {
                    return status;
                }
            }
            catch (HttpRequestException)
            {
                // It does not listen yet.
            }

            await timer.WaitForNextTickAsync(Cancellation);
        }

        Assert.Fail($"{last}\n{chain.Program.Said}");
        return new JsonObject();
    }

    private static HttpRequestMessage Request(HttpMethod method, Chain chain, string path)
    {
        HttpRequestMessage request = new(method, new Uri(chain.Http, path));
        request.Headers.Authorization = new("Bearer", Token);
        return request;
    }

    private sealed record Chain(RunningProgram Program, Uri Http, string PeerAddress);
}
