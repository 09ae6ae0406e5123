using System.Diagnostics;
using System.Globalization;

namespace Camelid.Cli.Cluster;

/// <summary>PostgreSQL, Redis and RabbitMQ of a cluster, through <c>infra/local/servers.sh</c>.</summary>
internal sealed class LocalServers(ClusterPlan plan)
{
    /// <summary>Starts all three, with one line for each.</summary>
    public async Task StartAsync(Action<string> progress, CancellationToken cancellationToken)
    {
        string output = await RunAsync(["up"], cancellationToken);
        foreach (string line in output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            progress(line);
        }
    }

    public Task StopAsync() => RunAsync(["down"], CancellationToken.None);

    /// <summary>What psql answers, a row per line.</summary>
    public Task<string> QueryAsync(string database, string sql, CancellationToken cancellationToken) =>
        RunAsync(["sql", database, sql], cancellationToken);

    /// <summary>RabbitMQ's own account of its queues, as JSON.</summary>
    public Task<string> QueuesAsync(CancellationToken cancellationToken) => RunAsync(["queues"], cancellationToken);

    /// <summary>The keys that Redis holds, one per line.</summary>
    public Task<string> KeysAsync(CancellationToken cancellationToken) => RunAsync(["keys"], cancellationToken);

    private async Task<string> RunAsync(IReadOnlyList<string> words, CancellationToken cancellationToken)
    {
        ProcessStartInfo start = new("bash") { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (string word in words.Prepend(plan.ServersScript))
        {
            start.ArgumentList.Add(word);
        }

        start.Environment["SERVERS_DIR"] = plan.ServersFolder;
        start.Environment["SERVERS_PORT"] = plan.ServersPort.ToString(CultureInfo.InvariantCulture);
        using Process process =
            Process.Start(start) ?? throw new CommandFailure(ExitCode.Failure, "bash cannot be started");
        Task<string> error = process.StandardError.ReadToEndAsync(cancellationToken);
        string output = await process.StandardOutput.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return process.ExitCode == 0
            ? output
            : throw new CommandFailure(ExitCode.Failure, $"servers {words[0]}: {(await error).Trim()}");
    }
}
