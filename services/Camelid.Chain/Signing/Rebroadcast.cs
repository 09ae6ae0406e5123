using Camelid.Chain.Mempool;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Signing;

/// <summary>
/// Hands the operator's own transactions in again until a block holds them: the mempool forgets, the database does not.
/// </summary>
internal sealed class Rebroadcast(SignerStore store, TransactionPool pool, JobClock clock)
{
    /// <summary>One round over the transactions that wait.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        List<string> refused = [];
        foreach (JobTransactionRow row in await store.WaitingAsync(cancellationToken))
        {
            Transaction transaction = row.Transaction;
            bool isLateClaim = row.Kind == JobTransactionKind.Claim && !clock.MayRepeatClaim((uint)row.RefundTime);
            if (!isLateClaim && !pool.Has(transaction.Txid)
                && !pool.Accept(transaction).IsAccepted)
            {
                refused.Add(row.Txid);
            }
        }

        await store.CountRefusalsAsync(refused, cancellationToken);
    }
}
