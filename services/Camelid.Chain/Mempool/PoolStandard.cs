using Camelid.Chain.Blocks;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Mempool;

/// <summary>What a node lets wait, beyond what consensus asks.</summary>
internal static class PoolStandard
{
    private const int VersionMax = 2;
    private const int UnlockBytesMax = 1_650;

    /// <summary>
    /// True where each output is one of the templates and pays something, and unlocking scripts are short.
    /// </summary>
    public static bool IsStandard(Transaction transaction) =>
        transaction.Version <= VersionMax
        && transaction.Inputs.All(input => input.Script.Length <= UnlockBytesMax)
        && transaction.Outputs.All(output => output.Value.Grains > 0
            && OutputPurpose.Of(output.Script).Kind != OutputKind.Other);

    /// <summary>The payments that a transaction makes, in grains.</summary>
    public static long PaymentGrains(Transaction transaction) => transaction.Outputs
        .Where(output => OutputPurpose.Of(output.Script).Kind == OutputKind.Payment).Sum(output => output.Value.Grains);

    /// <summary>
    /// Rule E-31: a payment, or the closing of an offer (no payment, due sooner), replaces the offer of the same job at
    /// equal or higher fee; a payment is replaced only by the same payment with smaller change. Nothing else replaces.
    /// </summary>
    public static PoolVerdict MayReplace(PoolEntry old, PoolEntry entry)
    {
        if (!old.IsJob || !entry.IsJob)
        {
            return PoolVerdict.Refused(PoolVerdict.Conflict);
        }

        if (old.Transaction.JobId != entry.Transaction.JobId)
        {
            return PoolVerdict.Refused(PoolVerdict.DepositInUse);
        }

        if (old.PaymentGrains == 0)
        {
            bool isNewer = entry.PaymentGrains > 0 || entry.Transaction.LockTime < old.Transaction.LockTime;
            return !isNewer ? PoolVerdict.Refused(PoolVerdict.Conflict)
                : entry.Fee >= old.Fee ? PoolVerdict.Accepted
                : PoolVerdict.Refused(PoolVerdict.FeeTooLow);
        }

        return !Payments(old.Transaction).SequenceEqual(Payments(entry.Transaction))
            ? PoolVerdict.Refused(PoolVerdict.Conflict)
            : entry.Fee > old.Fee ? PoolVerdict.Accepted
            : PoolVerdict.Refused(PoolVerdict.FeeTooLow);
    }

    private static IEnumerable<TxOutput> Payments(Transaction transaction) => transaction.Outputs
        .Where(output => PaymentScript.TryParse(output.Script, out PaymentScript _));
}
