using Camelid.Chain.Blocks;
using Camelid.Chain.Mempool;
using Camelid.Protocol;
using Camelid.Protocol.Market;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Peers.Market;

/// <summary>
/// Rule P-62: what chain and mempool say of an item: a service has an unspent stake of its key, an offer a J0 that
/// waits and locks up the money (J-16). Nothing of this is taken from the item itself.
/// </summary>
internal sealed class MarketBacking(ChainState state, TransactionPool pool)
{
    /// <summary>Judges an item by the chain as it is now.</summary>
    /// <param name="item">The item, judged by itself.</param>
    /// <param name="stake">Of a service: what its stake is worth, and since when.</param>
    public RuleCode Check(MarketItem item, out MarketStake stake)
    {
        stake = default;
        return item switch
        {
            ServiceAnnouncement service => CheckStake(service, out stake),
            JobOffer offer => CheckMoney(offer),
            _ => RuleCode.Accepted,
        };
    }

    private RuleCode CheckStake(ServiceAnnouncement service, out MarketStake stake)
    {
        OutPoint place = new(new Txid(service.Stake.Txid), service.Stake.Index);
        Utxo? utxo = state.Read(reading => reading.Outputs.TryGet(place, out Utxo? found) ? found : null);
        stake = utxo is null ? default : new MarketStake(utxo.Output.Value, utxo.BlockTime);
        if (utxo is null)
        {
            return RuleCode.MarketStakeUnknown;
        }

        return StakeScript.TryParse(utxo.Output.Script, out StakeScript script) && script.Worker == service.StakeKey
            ? RuleCode.Accepted
            : RuleCode.MarketStakeOther;
    }

    /// <remarks>
    /// J0 can't be in a block before its lock time, and that is after the deadline: an offer whose J0 waits no more was
    /// taken or given up.
    /// </remarks>
    private RuleCode CheckMoney(JobOffer offer)
    {
        if (!pool.TryFind(new Txid(offer.OfferTxid), out PoolEntry? entry))
        {
            return RuleCode.OfferTransactionUnknown;
        }

        OutPoint place = entry.Transaction.Inputs[0].Previous;
        Utxo? spent = state.Read(reading => reading.Outputs.TryGet(place, out Utxo? found) ? found : null);
        return spent is null
            ? RuleCode.OfferTransactionUnknown
            : OfferBacking.Check(offer, entry.Transaction, spent.Output, state.Network.WindowSeconds);
    }
}
