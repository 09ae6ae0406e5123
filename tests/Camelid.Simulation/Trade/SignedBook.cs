using System.Diagnostics;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Transactions;

namespace Camelid.Simulation.Trade;

/// <summary>What a transaction of a job is.</summary>
internal enum SignedKind
{
    /// <summary>J0.</summary>
    Offer = 1,

    /// <summary>J1.</summary>
    Payment = 2,

    /// <summary>The claim.</summary>
    Claim = 3,

    /// <summary>The refund.</summary>
    Refund = 4,

    /// <summary>The closing of an offer.</summary>
    Close = 5,
}

/// <summary>One that was signed.</summary>
internal sealed class SignedTransaction(Transaction transaction, SignedKind kind, uint refundTime)
{
    /// <summary>The transaction.</summary>
    public Transaction Transaction => transaction;

    /// <summary>What it is.</summary>
    public SignedKind Kind => kind;

    /// <summary>T_r of the payment that it makes or spends.</summary>
    public uint RefundTime => refundTime;

    /// <summary>True where another kind has taken its place: it is not handed in any more.</summary>
    public bool IsSuperseded { get; set; }
}

/// <summary>
/// What an operator signed, kept before it leaves: one transaction of a kind for each job, one job for each deposit.
/// </summary>
internal sealed class SignedBook
{
    private readonly Dictionary<(JobId Job, SignedKind Kind), SignedTransaction> signed = [];
    private readonly HashSet<OutPoint> reserved = [];

    /// <summary>All of them, in the order in which they were signed.</summary>
    public IEnumerable<SignedTransaction> All => signed.Values;

    /// <summary>The transaction of a kind, or null.</summary>
    public SignedTransaction? Find(JobId jobId, SignedKind kind) => signed.GetValueOrDefault((jobId, kind));

    /// <summary>Keeps one; what it takes the place of is not handed in any more.</summary>
    public SignedTransaction Add(JobId jobId, SignedTransaction transaction, SignedKind? supersedes = null)
    {
        if (!signed.TryAdd((jobId, transaction.Kind), transaction))
        {
            throw new UnreachableException($"job {jobId}: a second {transaction.Kind} is signed");
        }

        if (supersedes is { } old && Find(jobId, old) is { } left)
        {
            left.IsSuperseded = true;
        }

        return transaction;
    }

    /// <summary>True where a deposit has a job.</summary>
    public bool IsReserved(OutPoint deposit) => reserved.Contains(deposit);

    /// <summary>Gives a deposit a job, for ever.</summary>
    public void Reserve(OutPoint deposit) => reserved.Add(deposit);
}
