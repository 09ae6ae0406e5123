using System.Net.Sockets;
using System.Text.Json.Nodes;
using Camelid.Cli.Cluster;
using Camelid.Client;
using Camelid.Client.Completions;
using Camelid.Client.Jobs;

namespace Camelid.Cli.Demos;

/// <summary>
/// Twenty jobs over a cluster of its own while one of two workers is killed; each is done and paid once.
/// </summary>
internal sealed class ClusterDemo(ClusterPlan plan, Terminal terminal)
{
    private const int JobsCount = 20;
    private const int KillAfterAnswers = 3;
    private const int TokensMax = 160;
    private const string RowsPerTable =
        "select table_name, (xpath('/row/c/text()', query_to_xml(format('select count(*) as c from %I', table_name), "
        + "false, true, '')))[1]::text from information_schema.tables where table_schema = 'public' order by 1";

    private static readonly TimeSpan AnswersLimit = TimeSpan.FromSeconds(240);
    private static readonly TimeSpan SettledLimit = TimeSpan.FromSeconds(180);

    /// <summary>RabbitMQ's console counts every 5 s.</summary>
    private static readonly TimeSpan StatisticsPause = TimeSpan.FromSeconds(6);

    public async Task<DemoReport> RunAsync(CancellationToken cancellationToken)
    {
        DemoReport report = new();
        await using ClusterProcess cluster = new(plan, terminal.Error);
        await cluster.StartAsync(cancellationToken);
        using CamelidClient client = CamelidClient.Create(plan.Gateway, await ReadKeyAsync(cancellationToken));
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(AnswersLimit);
        IReadOnlyList<CompletionDocument> answers = await RunJobsAsync(client, cluster, report, limit.Token);
        await terminal.Error.WriteLineAsync(
            $"camelid: {answers.Count} of {JobsCount} answered; waiting for settlement");
        IReadOnlyList<JobDocument> jobs =
            await PaymentAudit.WaitUntilEndedAsync(client, SettledLimit, cancellationToken);
        await PaymentAudit.RunAsync(client, jobs, report, cancellationToken);
        int passed = answers.Count(answer => answer.Camelid?.Verification.Verdict == "passed");
        report.Require("20 jobs completed", passed == JobsCount, $"{passed} answers with the verdict passed");
        report.Require("20 jobs settled, and no other job exists",
            jobs.Count == JobsCount && jobs.All(job => job.Payment.State == "settled"), $"{jobs.Count} jobs");
        await Task.Delay(StatisticsPause, cancellationToken);
        await AddConsolesAsync(cluster, report, cancellationToken);
        return report;
    }

    /// <summary>A port from which on all that a cluster takes is free.</summary>
    public static int FreePort(int from) => FreePort(from, ClusterPlan.PortsCount);

    /// <summary>A port from which on so many are free.</summary>
    public static int FreePort(int from, int count)
    {
        for (int port = from; port < from + (100 * count); port += count)
        {
            if (Enumerable.Range(port, count).All(IsFree))
            {
                return port;
            }
        }

        throw new CommandFailure(ExitCode.Refused, $"no {count} free ports in a row from {from} on");
    }

    private static bool IsFree(int port)
    {
        using TcpListener probe = new(System.Net.IPAddress.Loopback, port);
        try
        {
            probe.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private async Task<IReadOnlyList<CompletionDocument>> RunJobsAsync(
        CamelidClient client, ClusterProcess cluster, DemoReport report, CancellationToken cancellationToken)
    {
        List<Task<CompletionDocument>> open = [.. Enumerable.Range(0, JobsCount).Select(index =>
            client.CompleteAsync(Request(index), cancellationToken))];
        List<CompletionDocument> answers = [];
        while (open.Count > 0)
        {
            Task<CompletionDocument> done = await Task.WhenAny(open);
            open.Remove(done);
            try
            {
                answers.Add(await done);
            }
            catch (CamelidRequestException refusal)
            {
                await terminal.Error.WriteLineAsync($"camelid: a job was refused: {refusal.Message}");
            }

            if (answers.Count == KillAfterAnswers && report.Facts["killed"] is null)
            {
                ChildProcess victim = cluster.Child("inference-1");
                victim.Kill();
                report.Facts["killed"] =
                    $"inference-1 (process {victim.Id}) by SIGKILL, with {open.Count} jobs under way";
                await terminal.Error.WriteLineAsync($"camelid: killed {report.Facts["killed"]}");
            }
        }

        return answers;
    }

    private CompletionRequest Request(int index) => new()
    {
        Model = plan.Model, Prompt = $"Once upon a time there were {index + 2} camels", MaxTokens = TokensMax, Seed =
            index,
    };

    private async Task<string> ReadKeyAsync(CancellationToken cancellationToken) =>
        (await File.ReadAllTextAsync(plan.ApiKeyFile, cancellationToken)).Trim();

    private async Task AddConsolesAsync(ClusterProcess cluster, DemoReport report, CancellationToken cancellationToken)
    {
        JsonArray queues = [];
        long redelivered = 0;
        foreach (JsonNode? queue in JsonNode.Parse(await cluster.Servers.QueuesAsync(cancellationToken))!.AsArray())
        {
            JsonNode? statistics = queue?["message_stats"];
            redelivered += statistics?["redeliver"]?.GetValue<long>() ?? 0;
            queues.Add(new JsonObject
            {
                ["queue"] = queue?["name"]?.GetValue<string>(),
                ["delivered"] = statistics?["deliver_get"]?.GetValue<long>() ?? 0,
                ["acknowledged"] = statistics?["ack"]?.GetValue<long>() ?? 0,
                ["redelivered"] = statistics?["redeliver"]?.GetValue<long>() ?? 0,
                ["left"] = queue?["messages"]?.GetValue<long>() ?? 0,
                ["consumers"] = queue?["consumers"]?.GetValue<long>() ?? 0,
            });
        }

        JsonObject databases = [];
        foreach (string database in plan.Services.SelectMany(service => service.Databases))
        {
            string rows = await cluster.Servers.QueryAsync(database, RowsPerTable, cancellationToken);
            databases[database] = new JsonObject(rows.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => line.Split(' ')).Where(words => words.Length == 2)
                .Select(words => KeyValuePair.Create(words[0], (JsonNode?)JsonValue.Create(long.Parse(words[1])))));
        }

        string[] keys =
            (await cluster.Servers.KeysAsync(cancellationToken)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        report.Facts["rabbitmqQueues"] = queues;
        report.Facts["redelivered"] = redelivered;
        report.Facts["postgresRows"] = databases;
        report.Facts["redisKeys"] = new JsonArray([.. keys.Order(StringComparer.Ordinal).Select(key =>
            JsonValue.Create(key))]);
        report.Require("work went over RabbitMQ", queues.Any(queue => (long?)queue?["delivered"] >= JobsCount),
            $"{queues.Count} queues");
    }
}
