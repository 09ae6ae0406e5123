using Camelid.Chain.Signing;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Mempool;

/// <summary>
/// The one door by which transactions come into the mempool: it adds what the node knows of their jobs.
/// </summary>
internal sealed partial class TransactionIntake(
    TransactionPool pool, SignerStore store, ILogger<TransactionIntake> logger)
{
    /// <summary>Raised for each transaction that came by this door and waits: it is this operator's.</summary>
    public event Action<Txid>? Taken;

    /// <summary>Judges a transaction and lets it wait; an identical one is accepted again.</summary>
    public async Task<PoolVerdict> SubmitAsync(Transaction transaction, CancellationToken cancellationToken)
    {
        OfferRow? offer =
            transaction.JobId.IsNone ? null : await store.FindOfferAsync(transaction.JobId, cancellationToken);
        return Submit(transaction, (uint?)offer?.PaymentLockTime);
    }

    /// <summary>The same for a transaction of no job, or one whose lock time is known.</summary>
    public PoolVerdict Submit(Transaction transaction, uint? paymentLockTime = null)
    {
        PoolVerdict verdict = pool.Accept(transaction, paymentLockTime);
        if (!verdict.IsAccepted)
        {
            LogRefused(transaction.Txid, verdict.Reason);
        }
        else
        {
            Taken?.Invoke(transaction.Txid);
        }

        return verdict;
    }

    [LoggerMessage(1020, LogLevel.Information, "Transaction {Txid} refused by the mempool: {Reason}")]
    private partial void LogRefused(Txid txid, string reason);
}
