using System.Text.Json.Nodes;
using Camelid.Client;
using Camelid.Client.Jobs;

namespace Camelid.Cli.Demos;

/// <summary>
/// What must be true of money, whatever was killed: nobody is paid twice, and no coin is made or lost.
/// </summary>
internal static class PaymentAudit
{
    private const int ListMax = 1000;

    /// <summary>States in which nothing more happens to a job's money.</summary>
    public static readonly string[] Ended = ["settled", "expired", "refunded", "slashed", "dismissed"];

    /// <summary>Waits until every job's money has come to rest.</summary>
    public static async Task<IReadOnlyList<JobDocument>> WaitUntilEndedAsync(
        CamelidClient client, TimeSpan limit, CancellationToken cancellationToken)
    {
        using CancellationTokenSource timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(limit);
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(500));
        IReadOnlyList<JobDocument> jobs = [];
        try
        {
            do
            {
                jobs = (await client.ListJobsAsync(ListMax, timeout.Token)).Data;
            }
            while (!jobs.All(job =>
                Ended.Contains(job.Payment.State)) && await timer.WaitForNextTickAsync(timeout.Token));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The report names the jobs that are not at rest.
        }

        return jobs;
    }

    /// <summary>Checks jobs one by one, then the sum of all coins.</summary>
    public static async Task RunAsync(
        CamelidClient client, IReadOnlyList<JobDocument> listed, DemoReport report, CancellationToken cancellationToken)
    {
        List<JobDocument> jobs = [];
        foreach (JobDocument job in listed)
        {
            jobs.Add(await client.GetJobAsync(job.JobId, cancellationToken));
        }

        string[] open = [.. jobs.Where(job => !Ended.Contains(job.Payment.State))
            .Select(job => $"{job.JobId[..12]} {job.Payment.State}")];
        report.Require("every job ended", open.Length == 0,
            open.Length == 0 ? $"{jobs.Count} jobs" : string.Join(", ", open));
        JobDocument[] settled = [.. jobs.Where(job => job.Payment.State == "settled")];
        Distinct(report, "each settled job has its own payment", settled, job => job.Payment.Txid);
        Distinct(report, "each settled job has its own claim", settled, job => job.Payment.ClaimTxid);
        string[] twice = [.. jobs.Where(job => job.Transitions.Count(change =>
            change.Facet == "payment" && change.To is "paid" or "settled") > 2).Select(job => job.JobId)];
        report.Require("no job was paid or settled twice", twice.Length == 0, string.Join(", ", twice));
        JsonNode? supply = JsonNode.Parse(
            (await client.GetOperatorAsync("/api/chain/supply", cancellationToken)).GetRawText());
        long issued = Number(supply, "issuedGrains");
        long unspent = Number(supply, "unspentGrains");
        long burned = Number(supply, "burnedGrains");
        report.Require("unspent + burned = issued", issued > 0 && unspent + burned == issued,
            $"{unspent} + {burned} = {issued}");
        report.Facts["jobsByState"] = new JsonObject(jobs.GroupBy(job => job.Payment.State)
            .Select(group => KeyValuePair.Create(group.Key, (JsonNode?)JsonValue.Create(group.Count()))));
        report.Facts["supply"] = supply;
    }

    private static void Distinct(
        DemoReport report, string name, JobDocument[] jobs, Func<JobDocument, string?> transaction)
    {
        int count = jobs.Select(transaction).Where(txid => !string.IsNullOrEmpty(txid)).Distinct().Count();
        report.Require(name, count == jobs.Length, $"{count} transactions for {jobs.Length} settled jobs");
    }

    /// <summary>Amounts may stand as numbers or as text.</summary>
    private static long Number(JsonNode? document, string name) =>
        long.TryParse(document?[name]?.ToString(), out long value) ? value : -1;
}
