using System.Globalization;
using System.Text.Json.Nodes;
using Camelid.Cli.Cluster;
using Camelid.Client;

namespace Camelid.Cli.Demos;

/// <summary>A real node process in a folder of its own, started and killed again and again.</summary>
internal sealed class NodeUnderTest(string repositoryRoot, string folder, int port) : IDisposable
{
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(90);
    private readonly CamelidClient health = CamelidClient.Create(new Uri($"http://127.0.0.1:{port}"), null);
    private ChildProcess? child;

    public string Log { get; } = Path.Combine(folder, "node.log");

    public string DataFolder { get; } = Path.Combine(folder, "data");

    /// <summary>Environment variables of the process beside those that every test needs.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = new Dictionary<string, string>();

    /// <summary>Starts the process and waits until it can serve.</summary>
    public async Task<CamelidClient> StartAsync(CancellationToken cancellationToken)
    {
        string program = Path.Combine(
            repositoryRoot, "artifacts", "bin", "Camelid.Node", "release", "Camelid.Node.dll");
        child = ChildProcess.StartDotnet(
            [program, "--port", port.ToString(CultureInfo.InvariantCulture), "--data-dir", DataFolder],
            new Dictionary<string, string>(Variables)
            {
                ["ORT_GQA_DISABLE_FLASH_ATTENTION"] = "1",
                ["Chain__BlockPauseMilliseconds"] = "400",
                ["CAMELID_DEBUG"] = "1",
            },
            Log);
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(ReadyLimit);
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(100));
        while (!await IsReadyAsync(limit.Token))
        {
            if (child.HasExited)
            {
                throw new CommandFailure(ExitCode.Failure,
                    $"the node ended with exit code {child.ExitCode}; its log: {Log}");
            }

            await timer.WaitForNextTickAsync(limit.Token);
        }

        string key = await File.ReadAllTextAsync(Path.Combine(DataFolder, "api-key"), cancellationToken);
        return CamelidClient.Create(new Uri($"http://127.0.0.1:{port}"), key.Trim());
    }

    /// <summary>SIGKILL.</summary>
    /// <returns>Unix milliseconds just before it.</returns>
    public async Task<long> KillAsync(CancellationToken cancellationToken)
    {
        ChildProcess running = child ?? throw new InvalidOperationException("the node was not started");
        long at = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        running.Kill();
        await running.WaitForExitAsync(cancellationToken);
        running.Dispose();
        child = null;
        return at;
    }

    /// <summary>SIGTERM; true where it stopped within 10 s with exit code 0.</summary>
    public async Task<bool> StopAsync()
    {
        ChildProcess running = child ?? throw new InvalidOperationException("the node was not started");
        bool stopped = await running.StopAsync(TimeSpan.FromSeconds(10)) && running.ExitCode == 0;
        running.Dispose();
        child = null;
        return stopped;
    }

    public void Dispose()
    {
        child?.Dispose();
        health.Dispose();
    }

    /// <summary>A document of an operator route.</summary>
    public static async Task<JsonNode> GetAsync(CamelidClient client, string path,
        CancellationToken cancellationToken) =>
        JsonNode.Parse((await client.GetOperatorAsync(path, cancellationToken)).GetRawText())!;

    private async Task<bool> IsReadyAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await health.GetHealthAsync(cancellationToken)).IsReady;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
