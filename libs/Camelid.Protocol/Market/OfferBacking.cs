using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;

namespace Camelid.Protocol.Market;

/// <summary>
/// Rule J-16: an offer counts where J0 locks up the money for it: a rotation of a deposit of the client for this job,
/// due at its deadline + W, that holds twice the reward and twice the fee.
/// </summary>
/// <remarks>
/// J0's id covers every byte of it and of what it spends, so no verdict here depends on the tip. That J0 waits in the
/// mempool or is in a block is for the caller to know.
/// </remarks>
public static class OfferBacking
{
    /// <summary>Judges an offer by its J0.</summary>
    /// <param name="offer">The offer, in form.</param>
    /// <param name="transaction">J0.</param>
    /// <param name="spent">The output that J0's one input spends.</param>
    /// <param name="windowSeconds">W of the network.</param>
    public static RuleCode Check(JobOffer offer, Transaction transaction, TxOutput spent, uint windowSeconds)
    {
        if (transaction.Txid.Value != offer.OfferTxid)
        {
            return RuleCode.OfferTransactionUnknown;
        }

        if (transaction.JobId != offer.JobId)
        {
            return RuleCode.OfferOtherJob;
        }

        if (transaction.Inputs.Count != 1 || transaction.Outputs.Count != 1
            || !DepositScript.TryParse(spent.Script, out DepositScript deposit) || deposit.Client != offer.ClientKey
            || !transaction.Outputs[0].Script.Span.SequenceEqual(spent.Script.Span))
        {
            return RuleCode.OfferDeposit;
        }

        if (transaction.LockTime != (ulong)offer.Deadline + windowSeconds)
        {
            return RuleCode.OfferLockTime;
        }

        return spent.Value.Grains >= NeededGrains(offer) ? RuleCode.Accepted : RuleCode.OfferMoney;
    }

    /// <summary>The least that the deposit holds: half of it covers the reward (E-08), and both fees besides.</summary>
    public static Int128 NeededGrains(JobOffer offer) => (2 * offer.RewardGrains) + (2 * (Int128)offer.FeeGrains);
}
