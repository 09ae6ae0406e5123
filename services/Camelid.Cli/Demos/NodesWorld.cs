using System.Text.Json.Nodes;
using Camelid.Cli.Nodes;
using Camelid.Client;
using Camelid.Client.Jobs;

namespace Camelid.Cli.Demos;

/// <summary>Several operators' nodes in a folder of their own, and what a demo asks and does to them.</summary>
internal sealed class NodesWorld(NodesPlan plan, Terminal terminal) : IAsyncDisposable
{
    private const int ListMax = 1000;
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(180);
    private static readonly TimeSpan MarketLimit = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly NodesLog log = new(terminal) { ShowsNodes = false };
    private readonly NodesProcess nodes = new(plan, new NodesLog(terminal) { ShowsNodes = false });
    private readonly Dictionary<NodeSeat, CamelidClient> clients = [];

    public NodesPlan Plan => plan;

    /// <summary>The node that buys.</summary>
    public NodeSeat Buyer => plan.Seats[0];

    public IEnumerable<NodeSeat> Workers => plan.Seats.Where(seat => seat.Roles.Contains("worker"));

    public IEnumerable<NodeSeat> Verifiers => plan.Seats.Where(seat => seat.Roles.Contains("verifier"));

    /// <summary>Starts all nodes and waits until each is ready and A has heard of every worker and verifier.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await nodes.StartAsync(cancellationToken);
        foreach (NodeSeat seat in plan.Seats.Skip(1))
        {
            await ReadyAsync(seat, cancellationToken);
        }

        await WaitForMarketAsync(cancellationToken);
    }

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync(NodeSeat seat, CancellationToken cancellationToken)
    {
        Say($"{seat.Name} is killed by SIGKILL");
        await nodes.KillAsync(seat, cancellationToken);
    }

    /// <summary>Starts a killed node and waits until it is ready.</summary>
    public async Task ReturnAsync(NodeSeat seat, CancellationToken cancellationToken)
    {
        nodes.Start(seat);
        await ReadyAsync(seat, cancellationToken);
    }

    /// <summary>SIGTERM to all: true where each stopped within 10 s by itself.</summary>
    public Task<bool> StopAsync() => nodes.StopAsync();

    public CamelidClient Client(NodeSeat seat)
    {
        lock (clients)
        {
            if (!clients.TryGetValue(seat, out CamelidClient? client))
            {
                client = CamelidClient.Create(seat.Address, File.ReadAllText(seat.ApiKeyFile).Trim());
                clients[seat] = client;
            }

            return client;
        }
    }

    /// <summary>A document of a node's operator route.</summary>
    public async Task<JsonNode> GetAsync(NodeSeat seat, string path, CancellationToken cancellationToken) =>
        JsonNode.Parse((await Client(seat).GetOperatorAsync(path, cancellationToken)).GetRawText())!;

    public async Task<IReadOnlyList<JobDocument>> JobsAsync(NodeSeat seat, CancellationToken cancellationToken) =>
        (await Client(seat).ListJobsAsync(ListMax, cancellationToken)).Data;

    /// <summary>A node's name on the network, 40 digits.</summary>
    public async Task<string> NodeIdAsync(NodeSeat seat, CancellationToken cancellationToken) =>
        Text(await GetAsync(seat, "/api/chain/peers", cancellationToken), "nodeId");

    /// <summary>Looks again and again until something is so; where a node does not answer, it is not.</summary>
    /// <returns>False where it was not so within the limit.</returns>
    public static async Task<bool> UntilAsync(
        TimeSpan limit, Func<CancellationToken, Task<bool>> isSo, CancellationToken cancellationToken)
    {
        using CancellationTokenSource timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(limit);
        using PeriodicTimer timer = new(Pause);
        try
        {
            while (!await IsSoAsync(isSo, timeout.Token))
            {
                await timer.WaitForNextTickAsync(timeout.Token);
            }

            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>Waits until A has heard of every worker and verifier.</summary>
    public async Task WaitForMarketAsync(CancellationToken cancellationToken)
    {
        string seen = "nothing";
        bool isWhole = await UntilAsync(MarketLimit, async token =>
        {
            JsonArray services = (await GetAsync(Buyer, "/api/chain/market", token))["services"]!.AsArray();
            int workers = services.Count(service => Text(service, "role") == "worker");
            int verifiers = services.Count(service => Text(service, "role") == "verifier");
            seen = $"{workers} workers and {verifiers} verifiers";
            return workers >= Workers.Count() && verifiers >= Verifiers.Count();
        }, cancellationToken);
        Say($"a has heard of {seen}");
        if (!isWhole)
        {
            throw new CommandFailure(ExitCode.Failure,
                $"a has heard of {seen} only, after {MarketLimit.TotalSeconds} s; logs: {plan.LogOf(Buyer)}");
        }
    }

    public void Say(string text) => log.Line(text);

    public static string Text(JsonNode? document, string name) => document?[name]?.ToString() ?? "";

    /// <summary>Amounts stand as numbers or as text.</summary>
    public static long Number(JsonNode? document, string name) =>
        long.TryParse(Text(document, name), out long value) ? value : 0;

    public async ValueTask DisposeAsync()
    {
        foreach (CamelidClient client in clients.Values)
        {
            client.Dispose();
        }

        await nodes.DisposeAsync();
    }

    private static async Task<bool> IsSoAsync(
        Func<CancellationToken, Task<bool>> isSo, CancellationToken cancellationToken)
    {
        try
        {
            return await isSo(cancellationToken);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or CamelidRequestException)
        {
            return false;
        }
    }

    private async Task ReadyAsync(NodeSeat seat, CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(ReadyLimit);
        try
        {
            if (await nodes.WaitUntilReadyAsync(seat, limit.Token))
            {
                return;
            }

            throw new CommandFailure(ExitCode.Failure, $"node {seat.Name} ended; its log: {plan.LogOf(seat)}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new CommandFailure(ExitCode.Failure,
                $"node {seat.Name} is not ready after {ReadyLimit.TotalSeconds} s; its log: {plan.LogOf(seat)}");
        }
    }
}
