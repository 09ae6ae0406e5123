using System.Globalization;
using System.Text.Json.Nodes;
using Camelid.Cli.Nodes;
using Camelid.Client;
using Camelid.Client.Jobs;

namespace Camelid.Cli.Demos;

/// <summary>
/// Thirty jobs while nodes of every operator are killed by SIGKILL at points drawn from a seed and come back.
/// </summary>
internal sealed class NodesKillsDemo(NodesWorld world, int jobsCount, int seed)
{
    private const int DeadlineSeconds = 120;
    private const int KillsMin = 9;
    private const int BeforeKillMsMax = 4000;
    private const int DownMsMax = 2000;
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(600);
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(300);

    private readonly Random chance = new(seed);

    public async Task<DemoReport> RunAsync(CancellationToken cancellationToken)
    {
        DemoReport report = new();
        report.Facts["seed"] = seed;
        world.Say($"seed {seed}");
        await world.StartAsync(cancellationToken);
        Task<string[]> opening = OpenAsync(cancellationToken);
        int kills = await KillAsync(opening, cancellationToken);
        string[] jobIds = await opening;
        IReadOnlyList<JobDocument> jobs = [];
        bool isAtRest = await NodesWorld.UntilAsync(EndLimit, async token =>
        {
            jobs = await world.JobsAsync(world.Buyer, token);
            return jobs.All(job => PaymentAudit.Ended.Contains(job.Payment.State));
        }, cancellationToken);
        report.Require("each request opened one job, whatever was killed",
            jobIds.Distinct().Count() == jobsCount && jobs.Count == jobsCount,
            $"{jobs.Count} jobs for {jobsCount} requests");
        report.Require("every job ended", isAtRest, string.Join(", ", jobs
            .Where(job => !PaymentAudit.Ended.Contains(job.Payment.State))
            .Select(job => $"{job.JobId[..12]} {job.Payment.State}").DefaultIfEmpty($"{jobs.Count} jobs")));
        report.Require("every operator's node was killed", kills >= KillsMin, $"{kills} kills");
        report.Facts["jobsByState"] = new JsonObject(jobs.GroupBy(job => job.Payment.State)
            .Select(group => KeyValuePair.Create(group.Key, (JsonNode?)JsonValue.Create(group.Count()))));
        report.Facts["kills"] = kills;
        await new NodesAudit(world, report).RunAsync(cancellationToken);
        report.Require("SIGTERM ends every node within 10 s with exit code 0", await world.StopAsync(), "at the end");
        return report;
    }

    /// <summary>Kills each node in turn, in an order and at moments of the seed, until all jobs are open.</summary>
    private async Task<int> KillAsync(Task opening, CancellationToken cancellationToken)
    {
        int kills = 0;
        while (kills < KillsMin || !opening.IsCompleted)
        {
            NodeSeat[] order = [.. world.Plan.Seats];
            chance.Shuffle(order);
            foreach (NodeSeat seat in order)
            {
                await Task.Delay(chance.Next(BeforeKillMsMax), cancellationToken);
                await world.KillAsync(seat, cancellationToken);
                kills++;
                await Task.Delay(chance.Next(DownMsMax), cancellationToken);
                await world.ReturnAsync(seat, cancellationToken);
            }
        }

        return kills;
    }

    /// <summary>Sends the jobs one by one; a request that met a dead node is sent again under its key.</summary>
    private async Task<string[]> OpenAsync(CancellationToken cancellationToken)
    {
        List<string> ids = [];
        for (int index = 0; index < jobsCount; index++)
        {
            string name = index.ToString(CultureInfo.InvariantCulture);
            while (ids.Count == index)
            {
                try
                {
                    JobRequest request = NodesDemo.Request(world.Plan.Model, name, DeadlineSeconds);
                    JobDocument job = await world.Client(world.Buyer).SubmitJobAsync(
                        request, $"kill-{name}", cancellationToken);
                    ids.Add(job.JobId);
                }
                catch (Exception exception) when (exception is HttpRequestException or IOException
                    || exception is CamelidRequestException { Status: System.Net.HttpStatusCode.ServiceUnavailable })
                {
                    await Task.Delay(RetryPause, cancellationToken);
                }
            }

            await Task.Delay(RetryPause, cancellationToken);
        }

        return [.. ids];
    }
}
