using Camelid.Chain.Mempool;
using Camelid.Chain.Wallet;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Signing;

/// <summary>
/// Hands the operator's own transactions in again until a block holds them: the mempool forgets, the database does not.
/// </summary>
internal sealed class Rebroadcast(
    SignerStore store, WalletSends sends, TransactionPool pool, JobClock clock, LostPayments lost)
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
        await RepeatPaymentsAsync(cancellationToken);
        await lost.RunAsync(cancellationToken);
    }

    /// <summary>Rule W-12: a payment that was kept and cut off before it left is offered by the next round.</summary>
    private async Task RepeatPaymentsAsync(CancellationToken cancellationToken)
    {
        List<string> refused = [];
        foreach (SendRow row in await sends.WaitingAsync(cancellationToken))
        {
            Transaction transaction = row.Transaction;
            if (!pool.Has(transaction.Txid) && !pool.Accept(transaction).IsAccepted)
            {
                refused.Add(row.RequestId);
            }
        }

        await sends.CountRefusalsAsync(refused, cancellationToken);
    }
}
