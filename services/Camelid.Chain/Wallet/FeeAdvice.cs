using Camelid.Chain.Mempool;

namespace Camelid.Chain.Wallet;

/// <summary>What price a payment should offer where nobody says one.</summary>
internal interface IFeeAdvice
{
    /// <summary>The price that is enough now.</summary>
    FeeRate Rate();
}

/// <summary>The least price at which the mempool takes a transaction now.</summary>
internal sealed class MinimumFeeAdvice(TransactionPool pool) : IFeeAdvice
{
    /// <inheritdoc/>
    public FeeRate Rate() => FeeRate.Max(pool.MinimumRate, pool.Policy.RelayRate);
}
