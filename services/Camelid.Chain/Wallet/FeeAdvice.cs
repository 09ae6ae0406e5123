using Camelid.Chain.Mempool;

namespace Camelid.Chain.Wallet;

/// <summary>What price a payment should offer where nobody says one.</summary>
internal interface IFeeAdvice
{
    /// <summary>The price that is enough now.</summary>
    FeeRate Rate();
}

/// <summary>
/// Rule M-18: the price at which six blocks were enough so far; the least at which the mempool takes a transaction
/// where nothing is known. Never more than a payment may offer.
/// </summary>
internal sealed class EstimatedFeeAdvice(TransactionPool pool) : IFeeAdvice
{
    /// <summary>In so many blocks a payment should be in one.</summary>
    public const int TargetBlocks = 6;

    /// <inheritdoc/>
    public FeeRate Rate()
    {
        FeeRate rate = FeeRate.Max(pool.EstimateFee(TargetBlocks).Rate, pool.Policy.RelayRate);
        return rate.GrainsPerKilobyte <= WalletPayments.RateMax ? rate : new FeeRate(WalletPayments.RateMax);
    }
}
