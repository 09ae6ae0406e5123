using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;

namespace Camelid.Protocol.Trade;

/// <summary>What a worker finds of a transaction that may be its payment.</summary>
public enum PaymentFinding
{
    /// <summary>Not judged.</summary>
    Unset = 0,

    /// <summary>It pays what was promised, as it was promised.</summary>
    Good = 1,

    /// <summary>It is not a payment of this job and testament: an offer, a closing, a claim.</summary>
    Other = 2,

    /// <summary>Its lock time is not created + W.</summary>
    LockTime = 3,

    /// <summary>It pays another key, or with another h(k), or refunds to another client.</summary>
    Parties = 4,

    /// <summary>T_r is earlier than promised: a claim could be overtaken.</summary>
    RefundTooEarly = 5,

    /// <summary>It pays less than price × tokens run.</summary>
    TooLittle = 6,
}

/// <summary>
/// Rule E-39: before its claim shows k, a worker checks that J1 is what the client promised: its script names this
/// testament, this h(k), the worker's key and a T_r that is late enough, and it pays price × tokens run.
/// </summary>
public static class PaymentJudge
{
    /// <summary>Judges a transaction that carries the job id.</summary>
    /// <param name="transaction">The transaction.</param>
    /// <param name="parameters">The job.</param>
    /// <param name="testament">The worker's testament.</param>
    /// <param name="worker">The worker's key.</param>
    /// <param name="windowSeconds">W.</param>
    public static PaymentFinding Judge(
        Transaction transaction, JobParameters parameters, Testament testament, PublicKey worker, uint windowSeconds)
    {
        if (transaction.JobId != parameters.Id || transaction.Outputs.Count == 0
            || !PaymentScript.TryParse(transaction.Outputs[0].Script, out PaymentScript script)
            || script.TestamentHash != testament.Hash)
        {
            return PaymentFinding.Other;
        }

        EscrowSchedule schedule = EscrowSchedule.Of(parameters, windowSeconds);
        long due = Pricing.PaymentGrains(parameters, Pricing.TokensRun(parameters, testament.TokenCount)).Grains;
        return transaction switch
        {
            _ when transaction.LockTime != schedule.PaymentLockTime => PaymentFinding.LockTime,
            _ when script.KeyHash != testament.KeyHash || script.Worker != worker
                || script.Client != parameters.ClientKey => PaymentFinding.Parties,
            _ when script.RefundTime < schedule.RefundTime => PaymentFinding.RefundTooEarly,
            _ when transaction.Outputs[0].Value.Grains < due => PaymentFinding.TooLittle,
            _ => PaymentFinding.Good,
        };
    }

    /// <summary>
    /// Rule E-40: reads k out of the claim of a payment: the first input that spends it and publishes a secret.
    /// </summary>
    /// <param name="transaction">A transaction that may be the claim.</param>
    /// <param name="payment">The output that J1 made.</param>
    /// <param name="keyHash">h(k) of the testament.</param>
    /// <param name="key">k, 32 bytes.</param>
    public static bool TryReadKey(Transaction transaction, OutPoint payment, Hash160 keyHash, out byte[] key)
    {
        foreach (TxInput input in transaction.Inputs)
        {
            if (input.Previous == payment && PaymentScript.TryReadSecret(input.Script, out byte[] secret)
                && Hash160.Of(secret) == keyHash)
            {
                key = secret;
                return true;
            }
        }

        key = [];
        return false;
    }
}
