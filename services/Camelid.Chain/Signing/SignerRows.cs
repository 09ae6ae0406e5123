using System.Diagnostics;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Signing;

/// <summary>The transactions of a job.</summary>
internal static class JobTransactionKind
{
    /// <summary>J0.</summary>
    public const string Offer = "offer";

    /// <summary>Takes the place of J0 when the client gives up.</summary>
    public const string Close = "close";

    /// <summary>J1.</summary>
    public const string Payment = "payment";

    /// <summary>The worker's.</summary>
    public const string Claim = "claim";

    /// <summary>The client's, after T_r.</summary>
    public const string Refund = "refund";
}

/// <summary>An offer that was made: the job, and the deposit that is reserved for it.</summary>
internal sealed record OfferRow
{
    /// <summary>The job, 64 hexadecimal digits.</summary>
    public string JobId { get; init; } = "";

    /// <summary>Canonical bytes.</summary>
    public byte[] Parameters { get; init; } = [];

    /// <summary>The deposit.</summary>
    public string Outpoint { get; init; } = "";

    /// <summary>Its coin.</summary>
    public long DepositGrains { get; init; }

    /// <summary>created + W.</summary>
    public long PaymentLockTime { get; init; }

    /// <summary>When the offer was made, Unix seconds.</summary>
    public long Created { get; init; }

    /// <summary>The job.</summary>
    public JobParameters Job => JobParameters.TryDecode(Parameters, out JobParameters? job) && job is not null
        ? job
        : throw new UnreachableException($"job {JobId} was stored in another form");

    /// <summary>The deposit.</summary>
    public OutPoint Deposit => OutPoint.TryParse(Outpoint, out OutPoint deposit)
        ? deposit
        : throw new UnreachableException($"job {JobId}: '{Outpoint}' is no outpoint");
}

/// <summary>A signed transaction of a job.</summary>
internal sealed record JobTransactionRow
{
    /// <summary>The job, 64 hexadecimal digits.</summary>
    public string JobId { get; init; } = "";

    /// <summary>One of <see cref="JobTransactionKind"/>.</summary>
    public string Kind { get; init; } = "";

    /// <summary>The id, as it is shown.</summary>
    public string Txid { get; init; } = "";

    /// <summary>Canonical bytes.</summary>
    public byte[] Raw { get; init; } = [];

    /// <summary>T_r of a payment and of what spends it; 0 otherwise.</summary>
    public long RefundTime { get; init; }

    /// <summary>When it was signed, Unix seconds.</summary>
    public long Created { get; init; }

    /// <summary>1 once another of this job's transactions took its place.</summary>
    public long Superseded { get; init; }

    /// <summary>How often it was handed to the mempool and refused.</summary>
    public long Attempts { get; init; }

    /// <summary>The transaction.</summary>
    public Transaction Transaction => Transaction.TryDecode(Raw, out Transaction? transaction)
        ? transaction
        : throw new UnreachableException($"the {Kind} of job {JobId} was stored in another form");
}

/// <summary>A word that was signed once for a job.</summary>
internal sealed record SignedWordRow
{
    /// <summary>What was signed.</summary>
    public byte[] Body { get; init; } = [];

    /// <summary>The signature, DER.</summary>
    public byte[] Signature { get; init; } = [];
}
