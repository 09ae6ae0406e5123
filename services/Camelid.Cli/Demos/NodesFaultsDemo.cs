using System.Net;
using System.Text.Json.Nodes;
using Camelid.Cli.Nodes;
using Camelid.Client;
using Camelid.Client.Jobs;

namespace Camelid.Cli.Demos;

/// <summary>
/// What becomes of jobs and money where an operator's node is killed: B after it accepted, C before it could check, A
/// after it paid, B between the ciphertext and its claim.
/// </summary>
internal sealed class NodesFaultsDemo(NodesWorld world)
{
    /// <summary>Seconds after which a check that did not come is given up, here.</summary>
    public const int VerifySeconds = 15;

    private const int LapseSeconds = 20;
    private const int LongTokens = 360;
    private const int LongJobs = 8;
    private const int TriesMax = 4;
    private static readonly TimeSpan StateLimit = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(240);

    private readonly DemoReport report = new();

    private NodeSeat A => world.Plan.Seats[0];

    private NodeSeat B => world.Plan.Seats[1];

    private NodeSeat C => world.Plan.Seats[2];

    public async Task<DemoReport> RunAsync(CancellationToken cancellationToken)
    {
        await world.StartAsync(cancellationToken);
        await LoseVerifierAsync(cancellationToken);
        await LoseClientAfterPaymentAsync(cancellationToken);
        await LoseWorkerBeforeClaimAsync(cancellationToken);
        await LoseWorkerAfterAcceptingAsync(cancellationToken);
        IReadOnlyList<JobDocument> jobs = [];
        bool isAtRest = await NodesWorld.UntilAsync(EndLimit, async token =>
        {
            jobs = await world.JobsAsync(A, token);
            return jobs.All(job => PaymentAudit.Ended.Contains(job.Payment.State));
        }, cancellationToken);
        report.Require("every job ended", isAtRest, string.Join(", ", jobs.GroupBy(job => job.Payment.State)
            .Select(group => $"{group.Count()} {group.Key}")));
        await new NodesAudit(world, report).RunAsync(cancellationToken);
        report.Require("SIGTERM ends every node within 10 s with exit code 0", await world.StopAsync(), "at the end");
        return report;
    }

    private async Task LoseVerifierAsync(CancellationToken cancellationToken)
    {
        await world.KillAsync(C, cancellationToken);
        string id = await SubmitAsync("verifier", cancellationToken);
        JobDocument job = await ReachAsync(id, job => job is { Payment.State: "settled" }
            && job.Verification.Verdict != "pending", EndLimit, cancellationToken);
        report.Require("C killed: the answer is delivered and paid, its verification inconclusive",
            job is { Payment.State: "settled", Verification.Verdict: "inconclusive", Text.Length: > 0 }, Told(job));
        await world.ReturnAsync(C, cancellationToken);
    }

    private async Task LoseClientAfterPaymentAsync(CancellationToken cancellationToken)
    {
        string id = await SubmitAsync("client", cancellationToken);
        JobDocument paid = await ReachAsync(
            id, job => job.Payment.Txid is not null, StateLimit, cancellationToken);
        await world.KillAsync(A, cancellationToken);
        await world.ReturnAsync(A, cancellationToken);
        JobDocument job = await ReachAsync(id, job => job.Payment.State is "settled", EndLimit, cancellationToken);
        report.Require("A killed after its payment: on return it finds k in the claim and delivers",
            paid.Payment.Txid is not null && job is { Payment.State: "settled", Text.Length: > 0 }
                && job.Payment.Txid == paid.Payment.Txid, Told(job));
    }

    private async Task LoseWorkerBeforeClaimAsync(CancellationToken cancellationToken)
    {
        JobDocument? hit = null;
        for (int round = 0; round < TriesMax && hit is null; round++)
        {
            string id = await SubmitAsync($"claim {round}", cancellationToken);
            await ReachAsync(id, job => job.Payment.State is not ("created" or "accepted"), StateLimit,
                cancellationToken);
            await world.KillAsync(B, cancellationToken);
            JobDocument seen = await world.Client(A).GetJobAsync(id, cancellationToken);
            hit = seen is { Payment: { State: "committed" or "paid", ClaimTxid: null } } ? seen : null;
            await world.ReturnAsync(B, cancellationToken);
        }

        JobDocument? job = hit is null ? null : await ReachAsync(
            hit.JobId, job => PaymentAudit.Ended.Contains(job.Payment.State), EndLimit, cancellationToken);
        report.Require("B killed between ciphertext and claim: on return it claims, or the client is refunded",
            job is { Payment.State: "settled" or "refunded" },
            job is null ? "no kill hit a job between the two" : $"{hit!.Payment.State} at the kill; {Told(job)}");
    }

    /// <summary>Of several long jobs one is accepted and still waits for its turn when B dies.</summary>
    private async Task LoseWorkerAfterAcceptingAsync(CancellationToken cancellationToken)
    {
        string? id = null;
        for (int round = 0; round < TriesMax && id is null; round++)
        {
            string[] jobs = await Task.WhenAll(Enumerable.Range(0, LongJobs).Select(index =>
                SubmitAsync($"worker {round}.{index}", cancellationToken, LongTokens, LapseSeconds)));
            JobDocument[] seen = [];
            await NodesWorld.UntilAsync(StateLimit, async token =>
            {
                seen = [.. (await world.JobsAsync(A, token)).Where(job => jobs.Contains(job.JobId))];
                return seen.Any(job => job.Payment.State == "accepted")
                    || seen.All(job => job.Payment.Txid is not null);
            }, cancellationToken);
            await world.KillAsync(B, cancellationToken);
            id = (await world.JobsAsync(A, cancellationToken))
                .FirstOrDefault(job => jobs.Contains(job.JobId) && job.Payment.State == "accepted")?.JobId;
            if (id is null)
            {
                await world.ReturnAsync(B, cancellationToken);
            }
        }

        if (id is null)
        {
            report.Require("B killed after accepting: 503 that names the job", false, "no kill hit an accepted job");
            return;
        }

        (HttpStatusCode status, string code, string message) = await RefusalAsync(id, cancellationToken);
        report.Require("B killed after accepting: 503 that names the job, worker_lost",
            status == HttpStatusCode.ServiceUnavailable && code == "worker_lost" && message.Contains(id), message);
        JsonNode view = await world.GetAsync(A, $"/api/chain/view/jobs/{id}", cancellationToken);
        JobDocument job = await world.Client(A).GetJobAsync(id, cancellationToken);
        report.Require("its offer lapses, and no money moves",
            job is { Payment: { State: "expired", Txid: null } }, $"{Told(job)} Transactions of the job: "
                + string.Join(", ", view["transactions"]!.AsArray().Count));
        await world.ReturnAsync(B, cancellationToken);
    }

    private async Task<(HttpStatusCode Status, string Code, string Message)> RefusalAsync(
        string id, CancellationToken cancellationToken)
    {
        try
        {
            for (int i = 0; i < 2; i++)
            {
                await world.Client(A).GetAnswerAsync(id, 60, cancellationToken);
            }

            return (HttpStatusCode.OK, "", "no refusal came");
        }
        catch (CamelidRequestException refusal)
        {
            return (refusal.Status, refusal.Error.Code ?? "", refusal.Message);
        }
    }

    private async Task<string> SubmitAsync(
        string name, CancellationToken cancellationToken, int? tokens = null, int deadlineSeconds = 120)
    {
        JobRequest request = NodesDemo.Request(world.Plan.Model, name, deadlineSeconds);
        JobDocument job = await world.Client(A).SubmitJobAsync(
            request with { MaxTokens = tokens ?? request.MaxTokens }, $"fault-{name}", cancellationToken);
        return job.JobId;
    }

    /// <summary>Waits until a job is as wanted; says how it is where it is not.</summary>
    private async Task<JobDocument> ReachAsync(
        string id, Func<JobDocument, bool> isSo, TimeSpan limit, CancellationToken cancellationToken)
    {
        JobDocument? job = null;
        await NodesWorld.UntilAsync(
            limit, async token => isSo(job = await world.Client(A).GetJobAsync(id, token)), cancellationToken);
        return job ?? await world.Client(A).GetJobAsync(id, cancellationToken);
    }

    private static string Told(JobDocument job) =>
        $"job {job.JobId[..12]}: {job.Payment.State}, verification {job.Verification.Verdict}. {job.Money}";
}
