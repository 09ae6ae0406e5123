using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using Camelid.Client;

namespace Camelid.Cli.Cluster;

/// <summary>
/// A running cluster: the servers, then each service as its own process, in order, each waited for; stopped in reverse.
/// Nothing is restarted silently: a process that ends is named.
/// </summary>
internal sealed class ClusterProcess(ClusterPlan plan, TextWriter progress) : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly List<(ClusterService Service, ChildProcess Child)> children = [];
    private readonly HttpClient http = new() { Timeout = TimeSpan.FromSeconds(5) };
    private readonly long started = Stopwatch.GetTimestamp();
    private bool hasServers;

    public LocalServers Servers { get; } = new(plan);

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        CheckPorts();
        Directory.CreateDirectory(plan.DataFolder);
        hasServers = true;
        await Servers.StartAsync(Line, cancellationToken);
        foreach (ClusterService service in plan.Services)
        {
            Start(service);
            await WaitAsync(service, cancellationToken);
        }

        await WaitUntilReadyAsync(cancellationToken);
    }

    /// <summary>The process of a service.</summary>
    public ChildProcess Child(string name) => children.Last(child => child.Service.Name == name).Child;

    /// <summary>Waits until one of the processes ends by itself, and names it.</summary>
    public async Task<string> WaitForExitAsync(CancellationToken cancellationToken)
    {
        using PeriodicTimer timer = new(Pause);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            foreach ((ClusterService service, ChildProcess child) in children.Where(child => child.Child.HasExited))
            {
                return $"{service.Name} ended with exit code {child.ExitCode}; its log: {plan.LogOf(service)}";
            }
        }

        return "";
    }

    public async ValueTask DisposeAsync()
    {
        foreach ((ClusterService service, ChildProcess child) in Enumerable.Reverse(children))
        {
            bool hadExited = child.HasExited;
            bool stopped = await child.StopAsync(StopLimit);
            Line(hadExited ? $"{service.Name} had ended" : stopped
                ? $"{service.Name} stopped" : $"{service.Name} killed");
            child.Dispose();
        }

        if (hasServers)
        {
            await Servers.StopAsync();
            Line("servers stopped");
        }

        http.Dispose();
    }

    private void Start(ClusterService service)
    {
        string folder = Path.Combine(plan.RepositoryRoot, "artifacts", "bin", service.Program, "release");
        string program = Path.Combine(folder, $"{service.Program}.dll");
        if (!File.Exists(program))
        {
            throw new CommandFailure(ExitCode.NotFound,
                $"{program} is not built; start through ./camelid, which builds it");
        }

        Directory.CreateDirectory(plan.FolderOf(service));
        Dictionary<string, string> variables = plan.VariablesOf(service);
        children.Add((service, ChildProcess.StartDotnet(
            [program, "--contentRoot", folder], variables, plan.LogOf(service))));
    }

    private async Task WaitAsync(ClusterService service, CancellationToken cancellationToken)
    {
        long since = Stopwatch.GetTimestamp();
        Uri alive = new(service.HttpAddress, "/alive");
        using PeriodicTimer timer = new(Pause);
        while (!await AnswersAsync(alive, cancellationToken))
        {
            if (Child(service.Name).HasExited || Stopwatch.GetElapsedTime(since) > StartLimit)
            {
                throw new CommandFailure(ExitCode.Failure,
                    $"{service.Name} did not start: {LastLine(plan.LogOf(service))} Its log: {plan.LogOf(service)}");
            }

            await timer.WaitForNextTickAsync(cancellationToken);
        }

        Line($"{service.Name} on {service.HttpAddress} (process {Child(service.Name).Id})");
    }

    private async Task WaitUntilReadyAsync(CancellationToken cancellationToken)
    {
        using CamelidClient client = CamelidClient.Create(plan.Gateway, null);
        long since = Stopwatch.GetTimestamp();
        using PeriodicTimer timer = new(Pause);
        while (true)
        {
            Client.Operator.HealthDocument health = await client.GetHealthAsync(cancellationToken);
            if (health.IsReady)
            {
                Line("ready");
                return;
            }

            if (Stopwatch.GetElapsedTime(since) > StartLimit)
            {
                throw new CommandFailure(ExitCode.Failure,
                    $"the cluster is not ready after {StartLimit.TotalSeconds} s: {string.Join("; ", health.Missing)}");
            }

            await timer.WaitForNextTickAsync(cancellationToken);
        }
    }

    private async Task<bool> AnswersAsync(Uri address, CancellationToken cancellationToken)
    {
        try
        {
            using HttpResponseMessage response = await http.GetAsync(address, cancellationToken);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
        catch (TaskCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    private void CheckPorts()
    {
        IEnumerable<int> ports = plan.Services.SelectMany(service => new[] { service.HttpPort, service.GrpcPort })
            .Concat([plan.ServersPort, plan.ServersPort + 1, plan.ServersPort + 2, plan.ServersPort + 3]);
        foreach (int port in ports)
        {
            using TcpListener probe = new(System.Net.IPAddress.Loopback, port);
            try
            {
                probe.Start();
            }
            catch (SocketException)
            {
                throw new CommandFailure(ExitCode.Refused,
                    $"port {port} on 127.0.0.1 is in use; a cluster needs {plan.Port} and from {plan.ServersPort} to "
                    + $"{plan.Port + ClusterPlan.PortsCount - 1}. Stop what listens there, or choose another --port.");
            }
        }
    }

    private static string LastLine(string file) => File.Exists(file)
        ? File.ReadLines(file).LastOrDefault(line => !string.IsNullOrWhiteSpace(line))?.Trim() ?? ""
        : "";

    private void Line(string text) => progress.WriteLine(string.Create(
        CultureInfo.InvariantCulture, $"camelid: {Stopwatch.GetElapsedTime(started).TotalSeconds,5:F1} s  {text}"));
}
