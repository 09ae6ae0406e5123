using Camelid.Chain.Signing;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Trade;
using Camelid.Protocol.Transactions;

namespace Camelid.Simulation.Trade;

/// <summary>
/// A client from its payment on, step by step as JobPool's PurchasePaymentSteps do it: k out of the claim, or the money
/// back after T_r.
/// </summary>
internal sealed class TradeSettler(TradeOperator own)
{
    /// <summary>Takes the next step of a job whose J1 is signed.</summary>
    public bool Step(BoughtJob row)
    {
        switch (row.State)
        {
            case PaymentState.Committed or PaymentState.Paid or PaymentState.Expired:
                return Watch(row);
            case PaymentState.Delivered or PaymentState.Settled:
                return WatchClaim(row);
            default:
                row.IsOpen = false;
                return false;
        }
    }

    private bool Watch(BoughtJob row)
    {
        FoundTransaction? payment = own.Book.Find(row.Payment);
        bool isMined = payment is { IsMined: true };
        if (row.State is PaymentState.Committed or PaymentState.Expired)
        {
            return row.TakeUnmined(payment, own.Now, own.World.Rules) || PayAgain(row);
        }

        if (!isMined)
        {
            return row.Move(PaymentCause.PaymentDisconnected);
        }

        if (row.Output is not null)
        {
            return row.Move(PaymentCause.KeyOpened);
        }

        return own.Book.FindSpend(row.Paid) is { } spend ? TakeSpend(row, spend)
            : own.Now >= row.RefundTime && Refund(row);
    }

    private static bool TakeSpend(BoughtJob row, FoundTransaction spend)
    {
        Testament testament = row.Testament!;
        if (!PaymentJudge.TryReadKey(spend.Transaction, row.Paid, testament.KeyHash, out byte[] key))
        {
            row.Refund = spend.Transaction.Txid;
            return spend.IsMined && row.End(PaymentCause.RefundMined, "the worker did not claim in time");
        }

        row.Claim = spend.Transaction.Txid;
        row.Key = key;
        if (OutputCommitment.TryOpen(row.Delivery!.Ciphertext, key, testament.OutputRoot, out JobOutput? output)
            && testament.Describes(output!))
        {
            row.Output = output;
            return row.Move(PaymentCause.KeyOpened);
        }

        row.Failure = "wrong-key";
        row.IsOpen = false;
        return false;
    }

    private bool WatchClaim(BoughtJob row)
    {
        FoundTransaction? claim = own.Book.Find(row.Claim);
        if (row.State == PaymentState.Settled)
        {
            if (claim is not { IsMined: true })
            {
                return row.Move(PaymentCause.ClaimDisconnected);
            }

            row.IsOpen = false;
            return false;
        }

        return claim is { IsMined: true } ? row.Move(PaymentCause.ClaimMined)
            : own.Book.Find(row.Payment) is not { IsMined: true } ? row.Move(PaymentCause.PaymentDisconnected)
            : own.Now >= row.RefundTime && claim is null && Refund(row);
    }

    /// <summary>Rule E-37: after T_r, by the later of the clock and the median.</summary>
    private bool Refund(BoughtJob row)
    {
        if (row.Refund is not null)
        {
            return own.Book.Find(row.Refund) is { IsMined: true }
                && row.End(PaymentCause.RefundMined, "the worker did not claim in time");
        }

        if (own.Clock.Now <= row.RefundTime || !own.Node.State.Read(
            reading => reading.Outputs.TryGet(row.Paid, out Utxo? _)))
        {
            return false;
        }

        if (own.Signed.Find(row.Id, SignedKind.Refund) is null)
        {
            Transaction payment = own.Signed.Find(row.Id, SignedKind.Payment)!.Transaction;
            long fee = Math.Min((long)row.Job.FeeGrains, payment.Outputs[0].Value.Grains / 2);
            Transaction refund = row.Signer.Build.Refund(
                row.Id, new Coin(row.Paid, payment.Outputs[0]), row.RefundTime, fee);
            own.Signed.Add(row.Id, new SignedTransaction(refund, SignedKind.Refund, row.RefundTime));
        }

        Transaction signed = own.Signed.Find(row.Id, SignedKind.Refund)!.Transaction;
        own.Submit(signed);
        row.Refund = signed.Txid;
        return true;
    }

    /// <summary>What no client does: where its payment left the chain, it pays anew from another deposit.</summary>
    private bool PayAgain(BoughtJob row)
    {
        if (!own.World.Rules.PaysOnce && row.Path.Contains(PaymentState.Paid) && row.Failure.Length == 0
            && own.ChooseDeposit(row) is { } deposit)
        {
            row.Failure = "paid again";
            own.Signed.Reserve(deposit.OutPoint);
            own.Submit(TradeClient.MakePayment(row, deposit));
        }

        return false;
    }
}
