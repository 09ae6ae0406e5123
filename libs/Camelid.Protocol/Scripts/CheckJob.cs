using Camelid.Protocol.Transactions;

namespace Camelid.Protocol.Scripts;

/// <summary>
/// What CHECKJOB demands of a job transaction, one rule each. The signature's type is E-06, in the interpreter.
/// </summary>
public static class CheckJob
{
    /// <summary>Windows between the lock time of a payment and its refund, at least.</summary>
    public const int RefundWindowsMin = 36;

    /// <summary>Rules E-04, E-05, E-07, E-08 and E-09 in that order; the first refusal.</summary>
    public static RuleCode Check(ScriptContext context)
    {
        RuleCode code = CheckForm(context.Transaction);
        code = code == RuleCode.Accepted ? CheckTimes(context) : code;
        code = code == RuleCode.Accepted ? CheckOutputs(context) : code;
        return code == RuleCode.Accepted ? CheckFee(context) : code;
    }

    /// <summary>Rule E-04: it names a job, has one input, a lock time in seconds and the sequence 0xfffffffe.</summary>
    public static RuleCode CheckForm(Transaction transaction)
    {
        if (transaction.JobId.IsNone)
        {
            return RuleCode.JobWithoutId;
        }

        if (transaction.Inputs.Count != 1)
        {
            return RuleCode.JobInputs;
        }

        if (transaction.LockTime < Transaction.LockTimeThreshold)
        {
            return RuleCode.JobLockTimeKind;
        }

        return transaction.Inputs[0].Sequence == TxInput.SequenceLocked ? RuleCode.Accepted : RuleCode.JobSequence;
    }

    /// <summary>
    /// Rules E-05 and E-07: the block is not older than the lock time; the deposit is of an earlier block.
    /// </summary>
    /// <remarks>
    /// The lock time, set to created + W, is what gives a worker time to see two jobs on one deposit.
    /// </remarks>
    public static RuleCode CheckTimes(ScriptContext context)
    {
        if (context.Block.BlockTime < context.Transaction.LockTime)
        {
            return RuleCode.JobTooEarly;
        }

        return context.Spent.Height < context.Block.Height ? RuleCode.Accepted : RuleCode.JobDepositUnconfirmed;
    }

    /// <summary>
    /// Rule E-08: each output is a payment, refundable no sooner than 36 W after the lock time, or the spent script
    /// again; the payments are together at most half of the deposit.
    /// </summary>
    /// <remarks>Half: so that a client who signs two jobs on one deposit has as much to lose as to gain.</remarks>
    public static RuleCode CheckOutputs(ScriptContext context)
    {
        Int128 paid = 0;
        ulong refundMin = context.Transaction.LockTime
            + ((ulong)RefundWindowsMin * context.Block.Network.WindowSeconds);
        foreach (TxOutput output in context.Transaction.Outputs)
        {
            if (output.Script == context.Spent.Output.Script)
            {
                continue;
            }

            if (!PaymentScript.TryParse(output.Script, out PaymentScript payment))
            {
                return RuleCode.JobOutput;
            }

            if (payment.RefundTime < refundMin)
            {
                return RuleCode.JobRefundTooEarly;
            }

            paid += output.Value.Grains;
        }

        return paid * 2 <= context.Spent.Output.Value.Grains ? RuleCode.Accepted : RuleCode.JobPaymentAboveHalf;
    }

    /// <summary>Rule E-09: the fee is at most the network's cap: a deposit can't be burnt to a miner.</summary>
    public static RuleCode CheckFee(ScriptContext context)
    {
        Int128 paid = 0;
        foreach (TxOutput output in context.Transaction.Outputs)
        {
            paid += output.Value.Grains;
        }

        Int128 fee = context.Spent.Output.Value.Grains - paid;
        return fee <= context.Block.Network.FeeGrainsMax ? RuleCode.Accepted : RuleCode.JobFee;
    }
}
