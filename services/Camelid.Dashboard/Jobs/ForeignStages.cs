using Camelid.Contracts.JobPool.V1;

namespace Camelid.Dashboard.Jobs;

/// <summary>
/// The stages of a job between two operators. What is paid first is opened by the claim, so the answer comes after the
/// payment; verification follows at its own pace, and only the client sees it.
/// </summary>
internal static class ForeignStages
{
    /// <summary>States of the payment facet that are reached one after the other.</summary>
    private static readonly string[] Path = ["created", "accepted", "committed", "paid", "delivered", "settled"];

    private static readonly (string Name, string Meaning)[] Bought =
    [
        ("Offered", "The job has an id, and its offer is on its way to every node."),
        ("Accepted", "Another operator's worker took it."),
        ("Committed", "The worker signed what it computed; the answer is still sealed."),
        ("Paid", "Your payment is in a block."),
        ("Delivered", "The worker showed its key to take the money, and the key opened the answer."),
        ("Settled", "The claim is in a block."),
    ];

    private static readonly (string Name, string Meaning)[] Sold =
    [
        ("Ordered", "Another operator's order came, and it holds."),
        ("Accepted", "This node signed that it takes the job."),
        ("Committed", "The answer was computed, sealed and signed."),
        ("Paid", "The client's payment is in a block."),
        ("Delivered", "This node's claim shows the key that opens the answer."),
        ("Settled", "The claim is in a block."),
    ];

    /// <summary>The stages; a bought job has one more, its verification.</summary>
    public static IReadOnlyList<JobStage> Of(JobDetails job)
    {
        bool isBought = job.Summary.Side == "bought";
        DateTimeOffset?[] reached = [.. Path.Select((state, index) => index == 0
            ? DateTimeOffset.FromUnixTimeMilliseconds(job.Summary.CreatedUnixMs)
            : JobStage.ReachedAt(job, "payment", state))];
        StageProgress[] progress = JobStage.ProgressOf(reached, JobStage.Ends.Contains(job.Summary.PaymentState));
        List<JobStage> stages = [.. (isBought ? Bought : Sold).Select((text, index) => new JobStage
        {
            Name = text.Name, Meaning = text.Meaning, Progress = progress[index], At = reached[index],
        })];
        stages[0] = stages[0] with { TransactionName = "offer", Txid = JobStage.TxidOrNull(job.OfferTxid) };
        stages[3] = stages[3] with
        {
            TransactionName = "payment",
            Txid = JobStage.TxidOrNull(job.Summary.PaymentTxid),
            Height = job.PaymentHeight,
        };
        stages[5] = job.Summary.PaymentState == "refunded" ? Refunded(job, isBought) : stages[5] with
        {
            TransactionName = "claim",
            Txid = JobStage.TxidOrNull(job.ClaimTxid),
            Height = job.ClaimHeight,
        };
        return isBought ? [.. stages, Verification(job)] : stages;
    }

    private static JobStage Refunded(JobDetails job, bool isBought) => new()
    {
        Name = "Refunded",
        Meaning = isBought
            ? "The worker did not take the payment in time: it came back to you."
            : "This node did not take the payment in time: it went back to the client.",
        Progress = isBought ? StageProgress.Done : StageProgress.Failed,
        At = JobStage.ReachedAt(job, "payment", "refunded"),
        TransactionName = "refund",
        Txid = JobStage.TxidOrNull(job.RefundTxid),
    };

    private static JobStage Verification(JobDetails job)
    {
        string verdict = job.Summary.VerificationState;
        bool hasStarted = job.Transitions.Any(change => change is { Facet: "payment", To: "delivered" });
        return new JobStage
        {
            Name = verdict switch
            {
                "failed" => "Refused",
                "inconclusive" => "Inconclusive",
                _ => "Verified",
            },
            Meaning = verdict switch
            {
                "failed" => "A verifier computed it again and found a broken rule.",
                "inconclusive" => "No verifier said in time whether the answer holds. It is delivered and paid all the "
                    + "same.",
                _ => "A third operator computes it again.",
            },
            Progress = verdict switch
            {
                "passed" => StageProgress.Done,
                "failed" or "inconclusive" => StageProgress.Failed,
                _ when hasStarted => StageProgress.Current,
                _ => StageProgress.Waiting,
            },
            At = verdict is "passed" or "failed" or "inconclusive"
                ? JobStage.ReachedAt(job, "verification", verdict)
                : null,
        };
    }
}
