using System.Globalization;
using System.Text.Json.Nodes;
using Camelid.Client;
using Camelid.Client.Completions;
using Camelid.Client.Jobs;

namespace Camelid.Cli.Demos;

/// <summary>
/// A node killed by SIGKILL at points drawn from a seed, at least one while a job is in each payment state. It must
/// come
/// back with the same chain, wallet and jobs, and finish or give back what was under way.
/// </summary>
internal sealed class KillDemo(NodeUnderTest node, int seed, Terminal terminal)
{
    private const int KillsMin = 10;
    private const int KillsMax = 30;
    private const int JobsPerKill = 5;

    /// <summary>
    /// A job leaves 'created' within some milliseconds; among many that are opened at once, one is there.
    /// </summary>
    private const int JobsPerBurst = 16;
    private const string Briefest = "created";
    private const int TokensMax = 120;
    private const int ListMax = 1000;

    /// <summary>
    /// Guesses for the first kills, in milliseconds after the jobs were sent; corrected by what is observed.
    /// </summary>
    private static readonly Dictionary<string, (int From, int To)> WindowsAtFirst = new()
    {
        ["created"] = (5, 1500), ["accepted"] = (50, 800), ["committed"] = (800, 9000),
        ["paid"] = (9000, 13000), ["delivered"] = (9500, 14000), ["settled"] = (11000, 16000),
    };

    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(300);
    private readonly Random chance = new(seed);
    private readonly Dictionary<string, (int From, int To)> windows = new(WindowsAtFirst);
    private readonly Dictionary<string, int> killsByState = WindowsAtFirst.Keys.ToDictionary(state => state, _ => 0);
    private readonly List<string> losses = [];

    public async Task<DemoReport> RunAsync(CancellationToken cancellationToken)
    {
        DemoReport report = new();
        report.Facts["seed"] = seed;
        await terminal.Error.WriteLineAsync($"camelid: seed {seed}");
        CamelidClient client = await node.StartAsync(cancellationToken);
        int kills = 0;
        try
        {
            while (kills < KillsMin || (kills < KillsMax && killsByState.Values.Any(count => count == 0)))
            {
                client = await KillOnceAsync(client, ++kills, cancellationToken);
            }

            IReadOnlyList<JobDocument> jobs =
                await PaymentAudit.WaitUntilEndedAsync(client, EndLimit, cancellationToken);
            await PaymentAudit.RunAsync(client, jobs, report, cancellationToken);
        }
        finally
        {
            client.Dispose();
        }

        string[] never = [.. killsByState.Where(state => state.Value == 0).Select(state => state.Key)];
        report.Require("at least ten kills, one in each payment state", kills >= KillsMin && never.Length == 0,
            never.Length == 0 ? $"{kills} kills" : $"{kills} kills, none in {string.Join(", ", never)}");
        report.Require("same chain, wallet and jobs after each kill", losses.Count == 0, string.Join("; ", losses));
        report.Require("SIGTERM ends the node within 10 s with exit code 0", await node.StopAsync(),
            "after the last job");
        report.Facts["kills"] = kills;
        report.Facts["jobsInStateAtKill"] = new JsonObject(
            killsByState.Select(state => KeyValuePair.Create(state.Key, (JsonNode?)JsonValue.Create(state.Value))));
        return report;
    }

    private async Task<CamelidClient> KillOnceAsync(CamelidClient client, int number,
        CancellationToken cancellationToken)
    {
        Snapshot before = await SnapshotAsync(client, cancellationToken);
        string[] missing = [.. killsByState.Where(state => state.Value == 0).Select(state => state.Key)];
        string target = missing.Length > 0 ? missing[chance.Next(missing.Length)] : windows.Keys.ElementAt(
            chance.Next(windows.Count));
        if (target == Briefest)
        {
            // The first request of a process compiles code: without it the burst would be over before the kill.
            await SendAsync(client, "Warm up", cancellationToken);
        }

        HashSet<string> known = await JobIdsAsync(client, cancellationToken);
        (int from, int to) = windows[target];
        int delayMilliseconds = chance.Next(from, Math.Max(from + 1, to));
        long sentAt = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        Task[] jobs = [.. Enumerable.Range(0, target == Briefest ? JobsPerBurst : JobsPerKill).Select(index =>
            SendAsync(client, $"Kill {number}, job {index}: once upon a time", cancellationToken))];
        await Task.Delay(delayMilliseconds, cancellationToken);
        if (target != Briefest)
        {
            known = await JobIdsAsync(client, cancellationToken);
        }

        long killedAt = await node.KillAsync(cancellationToken);
        await Task.WhenAll(jobs);
        client.Dispose();
        CamelidClient restarted = await node.StartAsync(cancellationToken);
        await CompareAsync(restarted, before, known, cancellationToken);
        string seen = await ObserveAsync(restarted, new Moment(sentAt, killedAt), cancellationToken);
        if (target == Briefest)
        {
            HashSet<string> now = await JobIdsAsync(restarted, cancellationToken);
            Narrow(delayMilliseconds, wasEarly: now.Count == known.Count);
        }

        await terminal.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
            $"camelid: kill {number} aimed at '{target}', {killedAt - sentAt} ms after its jobs were sent; "
            + $"hit {seen}"));
        return restarted;
    }

    private static async Task<HashSet<string>> JobIdsAsync(CamelidClient client, CancellationToken cancellationToken) =>
        [.. (await client.ListJobsAsync(ListMax, cancellationToken)).Data.Select(job => job.JobId)];

    private static async Task SendAsync(CamelidClient client, string prompt, CancellationToken cancellationToken)
    {
        try
        {
            await client.CompleteAsync(
                new CompletionRequest { Model = "camelid-nano", Prompt = prompt, MaxTokens =
                    TokensMax }, cancellationToken);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or CamelidRequestException)
        {
            // The node was killed under the request, or is short of deposits: the audit at the end asks about each job.
        }
    }

    private static async Task<Snapshot> SnapshotAsync(CamelidClient client, CancellationToken cancellationToken)
    {
        JsonNode status = await NodeUnderTest.GetAsync(client, "/api/chain/status", cancellationToken);
        JsonNode wallet = await NodeUnderTest.GetAsync(client, "/api/wallet", cancellationToken);
        return new Snapshot((int)status["height"]!, (string)status["tipHash"]!,
            string.Join(' ', wallet["roles"]!.AsArray().Select(role => (string?)role?["address"])));
    }

    private async Task CompareAsync(
        CamelidClient client, Snapshot before, HashSet<string> known, CancellationToken cancellationToken)
    {
        Snapshot after = await SnapshotAsync(client, cancellationToken);
        JsonNode block = await NodeUnderTest.GetAsync(
            client, string.Create(CultureInfo.InvariantCulture, $"/api/chain/blocks/{before.Height}"),
                cancellationToken);
        if ((string?)block["hash"] != before.TipHash || after.Height < before.Height)
        {
            losses.Add($"block {before.Height} was {before.TipHash}, is {block["hash"]}");
        }

        if (after.Addresses != before.Addresses)
        {
            losses.Add($"the wallet's addresses were {before.Addresses}, are {after.Addresses}");
        }

        JobListDocument jobs = await client.ListJobsAsync(ListMax, cancellationToken);
        known.ExceptWith(jobs.Data.Select(job => job.JobId));
        losses.AddRange(known.Select(job => $"job {job} is gone"));
    }

    /// <summary>
    /// Which states jobs were in when the kill came, by their own record; learns when each state begins.
    /// </summary>
    private async Task<string> ObserveAsync(CamelidClient client, Moment moment, CancellationToken cancellationToken)
    {
        Dictionary<string, int> hit = [];
        foreach (JobDocument listed in (await client.ListJobsAsync(ListMax, cancellationToken)).Data
            .Where(job => job.UpdatedUnixMs >= moment.SentAt))
        {
            JobDocument job = await client.GetJobAsync(listed.JobId, cancellationToken);
            if (job.CreatedUnixMs > moment.KilledAt)
            {
                continue;
            }

            JobTransitionDocument[] changes = [.. job.Transitions.Where(change => change.Facet == "payment")];
            string state = changes.LastOrDefault(change => change.AtUnixMs <= moment.KilledAt)?.To ?? Briefest;
            hit[state] = hit.GetValueOrDefault(state) + 1;
            if (killsByState.TryGetValue(state, out int count))
            {
                killsByState[state] = count + 1;
            }

            Learn(changes, moment);
        }

        return hit.Count == 0 ? "before any job was kept" : string.Join(", ", hit.Select(state =>
            $"{state.Key} ×{state.Value}"));
    }

    /// <summary>
    /// Halves the search for the moment at which a burst is being opened; starts over where it has passed.
    /// </summary>
    private void Narrow(int delayMilliseconds, bool wasEarly)
    {
        (int from, int to) = windows[Briefest];
        (int From, int To) narrower = wasEarly ? (delayMilliseconds, to) : (from, delayMilliseconds);
        windows[Briefest] = narrower.To - narrower.From > 20 ? narrower : WindowsAtFirst[Briefest];
    }

    private void Learn(JobTransitionDocument[] changes, Moment moment)
    {
        for (int index = 0; index + 1 < changes.Length && changes[index + 1].AtUnixMs <= moment.KilledAt; index++)
        {
            int from = (int)(changes[index].AtUnixMs - moment.SentAt);
            int to = (int)(changes[index + 1].AtUnixMs - moment.SentAt);
            if (from >= 0 && to > from && changes[index].To != Briefest && windows.ContainsKey(changes[index].To))
            {
                windows[changes[index].To] = (from, to);
            }
        }
    }

    private readonly record struct Snapshot(int Height, string TipHash, string Addresses);

    private readonly record struct Moment(long SentAt, long KilledAt);
}
