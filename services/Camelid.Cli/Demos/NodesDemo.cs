using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Camelid.Cli.Nodes;
using Camelid.Client;
using Camelid.Client.Completions;
using Camelid.Client.Jobs;

namespace Camelid.Cli.Demos;

/// <summary>
/// Operators that never met trade: A sends jobs, workers of others compute them with a model that they fetched,
/// verifiers of others check them, and A pays.
/// </summary>
internal sealed class NodesDemo(NodesWorld world, int jobsCount)
{
    private const int TokensMax = 24;
    private const int AnswerSeconds = 30;
    private static readonly TimeSpan AnswersLimit = TimeSpan.FromSeconds(420);
    private static readonly TimeSpan RestLimit = TimeSpan.FromSeconds(240);

    public async Task<DemoReport> RunAsync(CancellationToken cancellationToken)
    {
        DemoReport report = new();
        await world.StartAsync(cancellationToken);
        long since = Stopwatch.GetTimestamp();
        string[] jobIds = await SubmitAsync(cancellationToken);
        world.Say($"{jobIds.Length} jobs are open");
        CompletionDocument?[] answers = await Task.WhenAll(jobIds.Select(id => AnswerAsync(id, cancellationToken)));
        report.Facts["answerSeconds"] = Math.Round(Stopwatch.GetElapsedTime(since).TotalSeconds, 1);
        int answered = answers.Count(answer => answer is { Choices: [{ Text.Length: > 0 }, ..] });
        report.Require("every job was answered", answered == jobIds.Length, $"{answered} of {jobIds.Length}");
        world.Say($"{answered} jobs are answered; waiting for claims and verdicts");
        IReadOnlyList<JobDocument> jobs = await RestAsync(jobIds, cancellationToken);
        await CheckTradesAsync(report, jobs, cancellationToken);
        await CheckModelAsync(report, cancellationToken);
        await new NodesAudit(world, report).RunAsync(cancellationToken);
        report.Facts["nodes"] = world.Plan.Count;
        report.Facts["jobs"] = jobIds.Length;
        report.Require("SIGTERM ends every node within 10 s with exit code 0", await world.StopAsync(),
            "after the last check");
        return report;
    }

    /// <summary>A job of a demo; each with its own prompt and key.</summary>
    public static JobRequest Request(string model, string name, int deadlineSeconds = 600) => new()
    {
        Model = model,
        Prompt = $"Once upon a time, in the story {name},",
        MaxTokens = TokensMax,
        DeadlineSeconds = deadlineSeconds,
    };

    private async Task<string[]> SubmitAsync(CancellationToken cancellationToken)
    {
        CamelidClient client = world.Client(world.Buyer);
        JobDocument[] jobs = await Task.WhenAll(Enumerable.Range(0, jobsCount).Select(index => client.SubmitJobAsync(
            Request(world.Plan.Model, index.ToString(CultureInfo.InvariantCulture)), $"demo-{index}",
            cancellationToken)));
        return [.. jobs.Select(job => job.JobId)];
    }

    private async Task<CompletionDocument?> AnswerAsync(string jobId, CancellationToken cancellationToken)
    {
        long since = Stopwatch.GetTimestamp();
        try
        {
            while (Stopwatch.GetElapsedTime(since) < AnswersLimit)
            {
                JobAnswerDocument found =
                    await world.Client(world.Buyer).GetAnswerAsync(jobId, AnswerSeconds, cancellationToken);
                if (found.Answer is { } answer)
                {
                    return answer;
                }
            }
        }
        catch (CamelidRequestException refusal)
        {
            world.Say(refusal.Message);
        }

        return null;
    }

    /// <summary>
    /// Waits until the money of every job is at rest, for its worker too, and its verdict is there. One that came late
    /// counts: a job that is inconclusive may still pass.
    /// </summary>
    private async Task<IReadOnlyList<JobDocument>> RestAsync(string[] jobIds, CancellationToken cancellationToken)
    {
        IReadOnlyList<JobDocument> jobs = [];
        await NodesWorld.UntilAsync(RestLimit, async token =>
        {
            jobs = await world.JobsAsync(world.Buyer, token);
            return jobs.All(job => PaymentAudit.Ended.Contains(job.Payment.State)
                && job.Verification.Verdict is "passed" or "failed") && await AreSalesAtRestAsync(token);
        }, cancellationToken);
        return await Task.WhenAll(jobIds.Select(id => world.Client(world.Buyer).GetJobAsync(id, cancellationToken)));
    }

    private async Task<bool> AreSalesAtRestAsync(CancellationToken cancellationToken)
    {
        foreach (NodeSeat seat in world.Workers)
        {
            if ((await world.JobsAsync(seat, cancellationToken)).Any(job =>
                job.Side == "sold" && !PaymentAudit.Ended.Contains(job.Payment.State)))
            {
                return false;
            }
        }

        return true;
    }

    private async Task CheckTradesAsync(
        DemoReport report, IReadOnlyList<JobDocument> jobs, CancellationToken cancellationToken)
    {
        Dictionary<string, NodeSeat> workers = await NamesAsync(world.Workers, cancellationToken);
        Dictionary<string, NodeSeat> verifiers = await NamesAsync(world.Verifiers, cancellationToken);
        HashSet<(NodeSeat Seat, string JobId)> sold = [];
        foreach (NodeSeat seat in world.Workers)
        {
            sold.UnionWith((await world.JobsAsync(seat, cancellationToken))
                .Where(job => job is { Side: "sold", Payment.State: "settled" }).Select(job => (seat, job.JobId)));
        }

        All(report, "every job was computed by another operator's worker, who sold it", jobs, job =>
            job is { Side: "bought", PeerNode: { } peer } && workers.TryGetValue(peer, out NodeSeat? seat)
            && sold.Contains((seat, job.JobId)));
        All(report, "every job was verified by a third operator and passed", jobs, job =>
            job is { VerifierNode: { } node, Verification.Verdict: "passed" } && verifiers.ContainsKey(node)
            && node != job.PeerNode);
        All(report, "every job is settled", jobs, job => job.Payment.State == "settled");
        await CheckPaymentsAsync(report, (jobs, workers), cancellationToken);
        report.Facts["jobsByWorker"] = Counts(jobs, workers, job => job.PeerNode);
        report.Facts["jobsByVerifier"] = Counts(jobs, verifiers, job => job.VerifierNode);
    }

    /// <summary>The payment spends a coin of A, and the claim that spends it pays the worker that was chosen.</summary>
    private async Task CheckPaymentsAsync(
        DemoReport report, (IReadOnlyList<JobDocument> Jobs, Dictionary<string, NodeSeat> Workers) trades,
        CancellationToken cancellationToken)
    {
        Dictionary<string, NodeSeat> owners =
            await new NodesAudit(world, report).OwnersAsync(cancellationToken);
        HashSet<string> good = [];
        foreach (JobDocument job in trades.Jobs.Where(job => job.Payment is { Txid: not null, ClaimTxid: not null }))
        {
            JsonNode payment = await ShowAsync(job.Payment.Txid!, cancellationToken);
            JsonNode claim = await ShowAsync(job.Payment.ClaimTxid!, cancellationToken);
            bool isFromBuyer = payment["inputs"]!.AsArray().All(input =>
                owners.GetValueOrDefault(NodesWorld.Text(input?["spent"], "address")) == world.Buyer);
            bool isToWorker = claim["outputs"]!.AsArray().All(output =>
                owners.GetValueOrDefault(NodesWorld.Text(output, "address"))
                    == trades.Workers.GetValueOrDefault(job.PeerNode ?? ""));
            bool isOfPayment = claim["inputs"]!.AsArray().Any(input =>
                NodesWorld.Text(input, "outpoint").StartsWith(job.Payment.Txid!, StringComparison.Ordinal));
            if (isFromBuyer && isToWorker && isOfPayment)
            {
                good.Add(job.JobId);
            }
        }

        All(report, "every job was paid by A to the worker that computed it", trades.Jobs,
            job => good.Contains(job.JobId));
    }

    private Task<JsonNode> ShowAsync(string txid, CancellationToken cancellationToken) =>
        world.GetAsync(world.Buyer, $"/api/chain/view/tx/{txid}", cancellationToken);

    /// <summary>
    /// Workers and verifiers began without a model: each says of its pull who served how many of the chunks.
    /// </summary>
    private async Task CheckModelAsync(DemoReport report, CancellationToken cancellationToken)
    {
        string root = "";
        JsonObject pulls = [];
        List<string> faults = [];
        Dictionary<string, NodeSeat> names = await NamesAsync(world.Plan.Seats, cancellationToken);
        foreach (NodeSeat seat in world.Plan.Seats)
        {
            JsonArray models = (await world.GetAsync(seat, "/api/models", cancellationToken)).AsArray();
            string here = NodesWorld.Text(
                models.FirstOrDefault(entry => NodesWorld.Text(entry, "name") == world.Plan.Model), "root");
            if (seat == world.Buyer)
            {
                root = here;
                continue;
            }

            JsonNode? pull = (await world.GetAsync(seat, "/api/models/pulls", cancellationToken)).AsArray()
                .FirstOrDefault(entry => NodesWorld.Text(entry, "root") == here);
            string[] holders = [.. (pull?["holders"]?.AsArray() ?? [])
                .Where(holder => NodesWorld.Number(holder, "chunks") > 0)
                .Select(holder => names.GetValueOrDefault(NodesWorld.Text(holder, "nodeId"))?.Name ?? "a stranger")];
            pulls[seat.Name] = $"{NodesWorld.Text(pull, "state")}, chunks from {string.Join(", ", holders)}";
            if (here != root || root.Length == 0 || holders.Length == 0 || holders.Contains("a stranger"))
            {
                faults.Add($"{seat.Name} has root '{here}', {pulls[seat.Name]}");
            }
        }

        report.Facts["pulls"] = pulls;
        report.Require("workers and verifiers run the model that they fetched, chunk by chunk, beginning at A",
            faults.Count == 0, faults.Count == 0 ? $"root {root}" : string.Join("; ", faults));
    }

    private async Task<Dictionary<string, NodeSeat>> NamesAsync(
        IEnumerable<NodeSeat> seats, CancellationToken cancellationToken)
    {
        Dictionary<string, NodeSeat> names = new(StringComparer.Ordinal);
        foreach (NodeSeat seat in seats)
        {
            names[await world.NodeIdAsync(seat, cancellationToken)] = seat;
        }

        return names;
    }

    private static void All(
        DemoReport report, string name, IReadOnlyList<JobDocument> jobs, Func<JobDocument, bool> isSo)
    {
        JobDocument[] other = [.. jobs.Where(job => !isSo(job))];
        report.Require(name, other.Length == 0 && jobs.Count > 0, other.Length == 0
            ? $"{jobs.Count} jobs"
            : "not: " + string.Join(", ", other.Take(5).Select(job =>
                $"{job.JobId[..12]} {job.Side} {job.Payment.State} {job.Verification.Verdict}")));
    }

    private static JsonObject Counts(
        IReadOnlyList<JobDocument> jobs, Dictionary<string, NodeSeat> names, Func<JobDocument, string?> node) =>
        new(jobs.GroupBy(job => names.GetValueOrDefault(node(job) ?? "")?.Name ?? "nobody")
            .Select(group => KeyValuePair.Create(group.Key, (JsonNode?)JsonValue.Create(group.Count()))));
}
