using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using Camelid.Cli.Cluster;
using Camelid.Client;
using Camelid.Client.Operator;

namespace Camelid.Cli.Nodes;

/// <summary>
/// Several nodes, each a process of its own: started, killed and started again, stopped together. One that ends by
/// itself is named, and the rest goes on.
/// </summary>
internal sealed class NodesProcess(NodesPlan plan, NodesLog log) : IAsyncDisposable
{
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>A node that is not ready after this says why, and again whenever the reason changes.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Dictionary<NodeSeat, ChildProcess> running = [];

    public NodesPlan Plan => plan;

    /// <summary>The nodes that have a process that lives.</summary>
    public IEnumerable<NodeSeat> Living => running.Where(pair => !pair.Value.HasExited).Select(pair => pair.Key);

    /// <summary>Starts A, which the others need, waits for it, then starts the others side by side.</summary>
    /// <exception cref="CommandFailure">A port is taken, the program is not built, or A ended.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        CheckPorts();
        NodeSeat seed = plan.Seats[0];
        Start(seed);
        if (!await WaitUntilReadyAsync(seed, cancellationToken))
        {
            throw new CommandFailure(ExitCode.Failure, $"node a did not start; its log: {plan.LogOf(seed)}");
        }

        foreach (NodeSeat seat in plan.Seats.Skip(1))
        {
            Start(seat);
        }
    }

    /// <summary>Starts the process of a node that has none.</summary>
    public void Start(NodeSeat seat)
    {
        if (!File.Exists(plan.Program))
        {
            throw new CommandFailure(ExitCode.NotFound,
                $"{plan.Program} is not built; start through ./camelid, which builds it");
        }

        if (running.Remove(seat, out ChildProcess? old))
        {
            old.Dispose();
        }

        running[seat] = ChildProcess.StartDotnet(
            plan.ArgumentsOf(seat), plan.VariablesOf(seat), plan.LogOf(seat), line => log.OfNode(seat, line));
    }

    /// <summary>Waits until a node says that it is ready.</summary>
    /// <returns>False where its process ended before.</returns>
    public async Task<bool> WaitUntilReadyAsync(NodeSeat seat, CancellationToken cancellationToken)
    {
        using CamelidClient client = CamelidClient.Create(seat.Address, null);
        long since = Stopwatch.GetTimestamp();
        string said = "";
        using PeriodicTimer timer = new(Pause);
        while (running.TryGetValue(seat, out ChildProcess? child) && !child.HasExited)
        {
            string missing = await MissingAsync(client, cancellationToken);
            if (missing.Length == 0)
            {
                log.Line($"{seat.Name} is ready");
                return true;
            }

            if (missing != said && Stopwatch.GetElapsedTime(since) > Patience)
            {
                log.Line($"{seat.Name} is not ready: {said = missing}");
            }

            await timer.WaitForNextTickAsync(cancellationToken);
        }

        return false;
    }

    /// <summary>SIGKILL: nothing in the node runs after this.</summary>
    public async Task KillAsync(NodeSeat seat, CancellationToken cancellationToken)
    {
        ChildProcess child = running[seat];
        child.Kill();
        await child.WaitForExitAsync(cancellationToken);
        child.Dispose();
        running.Remove(seat);
    }

    /// <summary>Stays with the nodes until they are told to stop or the last one has ended.</summary>
    public async Task StayAsync(CancellationToken cancellationToken)
    {
        HashSet<NodeSeat> named = [];
        using PeriodicTimer timer = new(Pause);
        do
        {
            foreach ((NodeSeat seat, ChildProcess child) in running)
            {
                if (child.HasExited && named.Add(seat))
                {
                    log.Line($"{seat.Name} ended with exit code {child.ExitCode}; its log: {plan.LogOf(seat)}");
                }
            }
        }
        while (Living.Any() && await timer.WaitForNextTickAsync(cancellationToken));
    }

    /// <summary>SIGTERM to all at once; SIGKILL to those that are still there after 10 s.</summary>
    /// <returns>True where each stopped by itself with exit code 0.</returns>
    public async Task<bool> StopAsync()
    {
        bool[] stopped = await Task.WhenAll(running.Values.Select(child => child.StopAsync(StopLimit)));
        foreach ((NodeSeat seat, bool isStopped) in running.Keys.Zip(stopped))
        {
            log.Line($"{seat.Name} {(isStopped ? "stopped" : "killed: it had not stopped within 10 s")}");
        }

        bool isClean = stopped.All(isStopped => isStopped) && running.Values.All(child => child.ExitCode == 0);
        foreach (ChildProcess child in running.Values)
        {
            child.Dispose();
        }

        running.Clear();
        return isClean;
    }

    public async ValueTask DisposeAsync() => await StopAsync();

    private static async Task<string> MissingAsync(CamelidClient client, CancellationToken cancellationToken)
    {
        try
        {
            HealthDocument health = await client.GetHealthAsync(cancellationToken);
            return health.IsReady ? "" : string.Join("; ", health.Missing.DefaultIfEmpty("it does not say why"));
        }
        catch (HttpRequestException)
        {
            return "it does not answer yet";
        }
    }

    private void CheckPorts()
    {
        foreach (int port in plan.Ports)
        {
            using TcpListener probe = new(System.Net.IPAddress.Loopback, port);
            try
            {
                probe.Start();
            }
            catch (SocketException)
            {
                throw new CommandFailure(ExitCode.Refused, string.Create(CultureInfo.InvariantCulture,
                    $"port {port} on 127.0.0.1 is in use; {plan.Count} nodes need N, N+1 and N+2 for each N of ")
                    + $"{string.Join(", ", plan.Seats.Select(seat => seat.Port))}. Choose another --port.");
            }
        }
    }
}
