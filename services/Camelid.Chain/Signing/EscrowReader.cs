using Camelid.Chain.Index;
using Camelid.Chain.Mempool;
using Camelid.Chain.Rpc;
using Camelid.Contracts.Chain.V1;
using Camelid.Protocol;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Market;
using Camelid.Protocol.Trade;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Signing;

/// <summary>A payment that a worker waits for.</summary>
/// <param name="Job">The job.</param>
/// <param name="Testament">The worker's testament.</param>
/// <param name="Worker">The key that is paid.</param>
internal sealed record AwaitedPayment(JobParameters Job, Testament Testament, PublicKey Worker);

/// <summary>
/// Finds payments and what spends them, in blocks and among what waits. Only outputs that pay that worker that much
/// are looked at: others that carry the job id, however many, hide nothing.
/// </summary>
internal sealed class EscrowReader(
    SignerParts parts, ChainTotals totals, OutputIndex outputs, TransactionPool pool, ChainReader reader)
{
    private const int PaymentsMax = 100;

    /// <summary>Rule E-39: the payment of a testament, or null.</summary>
    public async Task<TransactionReply?> FindPaymentAsync(AwaitedPayment awaited, CancellationToken cancellationToken)
    {
        Transaction? payment = await FindMinedAsync(awaited, cancellationToken)
            ?? pool.List().Select(entry => entry.Transaction).FirstOrDefault(waiting => IsGood(waiting, awaited));
        return payment is null ? null : await reader.FindTransactionAsync(payment.Txid, cancellationToken);
    }

    /// <summary>The payment in a block, or null.</summary>
    public async Task<Transaction?> FindMinedAsync(AwaitedPayment awaited, CancellationToken cancellationToken)
    {
        long due = Pricing.PaymentGrains(
            awaited.Job, Pricing.TokensRun(awaited.Job, awaited.Testament.TokenCount)).Grains;
        IReadOnlyList<TransactionRow> rows = await totals.PaymentsAsync(
            awaited.Job.Id.ToString(), Hash160.Of(awaited.Worker.Span), due, PaymentsMax, cancellationToken);
        foreach (TransactionRow row in rows)
        {
            if (parts.ReadTransaction(row) is { } found && IsGood(found, awaited))
            {
                return found;
            }
        }

        return null;
    }

    /// <summary>What spends an output, or null.</summary>
    public async Task<TransactionReply?> FindSpendAsync(OutPoint outPoint, CancellationToken cancellationToken)
    {
        OutputRow? row = await outputs.FindAsync(outPoint, cancellationToken);
        if (Txid.TryParse(row?.SpentTxid, out Txid mined)
            && await reader.FindTransactionAsync(mined, cancellationToken) is { } spend)
        {
            return spend;
        }

        return pool.TryFindSpender(outPoint, out PoolEntry? waiting)
            ? await reader.FindTransactionAsync(waiting.Transaction.Txid, cancellationToken)
            : null;
    }

    /// <summary>Rule J-16: whether the money that an order speaks of is behind its J0, as this node knows it.</summary>
    public async Task<RuleCode> CheckOfferAsync(JobParameters job, Txid offerTxid, CancellationToken cancellationToken)
    {
        if (await FindAsync(offerTxid, cancellationToken) is not { Inputs.Count: 1 } offer
            || await FindAsync(offer.Inputs[0].Previous.Txid, cancellationToken) is not { } funding
            || offer.Inputs[0].Previous.Index >= funding.Outputs.Count)
        {
            return RuleCode.OfferTransactionUnknown;
        }

        TxOutput deposit = funding.Outputs[(int)offer.Inputs[0].Previous.Index];
        JobOffer told = JobOffer.Of(job, parts.State.Network.GenesisHash.Value, default, offerTxid.Value);
        return OfferBacking.Check(told, offer, deposit, parts.State.Network.WindowSeconds);
    }

    private async Task<Transaction?> FindAsync(Txid txid, CancellationToken cancellationToken) =>
        await reader.FindTransactionAsync(txid, cancellationToken) is { } found
        && Transaction.TryDecode(found.Raw.Span, out Transaction? transaction)
            ? transaction
            : null;

    private bool IsGood(Transaction transaction, AwaitedPayment awaited) => PaymentJudge.Judge(
        transaction, awaited.Job, awaited.Testament, awaited.Worker, parts.State.Network.WindowSeconds)
        == PaymentFinding.Good;
}
