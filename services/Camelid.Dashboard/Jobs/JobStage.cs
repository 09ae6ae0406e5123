using Camelid.Contracts.JobPool.V1;
using Camelid.Dashboard.Panels;
using Google.Protobuf;

namespace Camelid.Dashboard.Jobs;

/// <summary>How far a stage of a job is.</summary>
public enum StageProgress
{
    /// <summary>Not reached yet.</summary>
    Waiting,

    /// <summary>Under way.</summary>
    Current,

    /// <summary>Reached.</summary>
    Done,

    /// <summary>It will not be reached.</summary>
    Failed,
}

/// <summary>
/// One stage of a job's path: received → ran → committed → verified → paid → settled, and others between operators.
/// </summary>
public sealed record JobStage
{
    internal static readonly string[] Ends = ["expired", "refunded", "slashed", "dismissed"];

    /// <summary>Name of the stage.</summary>
    public required string Name { get; init; }

    /// <summary>What it means, for people.</summary>
    public required string Meaning { get; init; }

    /// <summary>How far it is.</summary>
    public required StageProgress Progress { get; init; }

    /// <summary>When it was reached, or null.</summary>
    public DateTimeOffset? At { get; init; }

    /// <summary>What the transaction is, such as <c>payment</c>; empty where the stage has none.</summary>
    public string TransactionName { get; init; } = "";

    /// <summary>Its transaction as explorers show it, or null.</summary>
    public string? Txid { get; init; }

    /// <summary>Height of the transaction's block; 0 before.</summary>
    public int Height { get; init; }

    /// <summary>Look of the stage.</summary>
    public StatusMark Mark => Progress switch
    {
        StageProgress.Done => new StatusMark("good", "✓", "done"),
        StageProgress.Current => new StatusMark("busy", "◔", "under way"),
        StageProgress.Failed => new StatusMark("bad", "✕", "not reached"),
        _ => new StatusMark("quiet", "○", "waiting"),
    };

    /// <summary>The stages of a job: six of an own one.</summary>
    public static IReadOnlyList<JobStage> Of(JobDetails job)
    {
        ArgumentNullException.ThrowIfNull(job);
        return job.Summary.Side is "bought" or "sold" ? ForeignStages.Of(job) : OwnStages(job);
    }

    private static IReadOnlyList<JobStage> OwnStages(JobDetails job)
    {
        bool hasVerdict = job.Summary.VerificationState is "passed" or "failed" or "inconclusive";
        bool isRefused = job.Summary.VerificationState == "failed";
        DateTimeOffset?[] reached =
        [
            DateTimeOffset.FromUnixTimeMilliseconds(job.Summary.CreatedUnixMs),
            ReachedAt(job, "payment", "committed"),
            ReachedAt(job, "payment", "committed"),
            hasVerdict ? ReachedAt(job, "verification", job.Summary.VerificationState) : null,
            ReachedAt(job, "payment", "paid"),
            ReachedAt(job, "payment", "settled"),
        ];
        StageProgress[] progress = ProgressOf(reached, Ends.Contains(job.Summary.PaymentState));
        if (isRefused)
        {
            progress[3] = StageProgress.Failed;
        }

        return
        [
            Stage("Received", "The job has an id and its offer is signed.", progress[0], reached[0])
                with { TransactionName = "offer", Txid = TxidOrNull(job.OfferTxid) },
            Stage("Ran", "A worker computed the answer.", progress[1], reached[1]),
            Stage("Committed", "The worker signed what it computed.", progress[2], reached[2]),
            Stage(isRefused ? "Refused" : "Verified", "The verifier computed it again.", progress[3], reached[3]),
            Stage("Paid", "The payment is in a block.", progress[4], reached[4]) with
            {
                TransactionName = "payment",
                Txid = TxidOrNull(job.Summary.PaymentTxid),
                Height = job.PaymentHeight,
            },
            Stage("Settled", "The worker claimed it, which revealed the key.", progress[5], reached[5]) with
            {
                TransactionName = "claim",
                Txid = TxidOrNull(job.ClaimTxid),
                Height = job.ClaimHeight,
            },
        ];
    }

    private static JobStage Stage(string name, string meaning, StageProgress progress, DateTimeOffset? at) =>
        new() { Name = name, Meaning = meaning, Progress = progress, At = at };

    /// <summary>What has a time is done; the first that has none is under way, or is where the job ended.</summary>
    internal static StageProgress[] ProgressOf(DateTimeOffset?[] reached, bool hasEnded)
    {
        StageProgress[] progress = new StageProgress[reached.Length];
        bool isFirstOpen = true;
        for (int index = 0; index < reached.Length; index++)
        {
            progress[index] = reached[index] is not null ? StageProgress.Done
                : hasEnded ? StageProgress.Failed
                : isFirstOpen ? StageProgress.Current
                : StageProgress.Waiting;
            isFirstOpen &= reached[index] is not null;
        }

        return progress;
    }

    internal static DateTimeOffset? ReachedAt(JobDetails job, string facet, string state)
    {
        JobTransition? change = job.Transitions.FirstOrDefault(item => item.Facet == facet && item.To == state);
        return change is null ? null : DateTimeOffset.FromUnixTimeMilliseconds(change.AtUnixMs);
    }

    internal static string? TxidOrNull(ByteString txid) => txid.IsEmpty ? null : DisplayText.Reversed(txid);
}
