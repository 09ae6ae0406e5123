using Camelid.Protocol.Keys;

namespace Camelid.Protocol.Market;

/// <summary>
/// Rules J-13 … J-15: what can be said of an item without chain state. Whether stake or money exist is asked
/// next.
/// </summary>
public static class MarketRules
{
    /// <summary>Judges an item, the cheap questions first.</summary>
    /// <param name="item">The item.</param>
    /// <param name="genesis">The hash of the network's first block.</param>
    /// <param name="now">The clock, Unix seconds.</param>
    /// <param name="curve">The curve.</param>
    public static RuleCode Check(MarketItem item, Hash256 genesis, uint now, ISecp256k1 curve) => item switch
    {
        { IsInForm: false } => RuleCode.MarketForm,
        _ when item.Genesis != genesis => RuleCode.MarketOtherNetwork,
        _ when item.Created > (ulong)now + MarketItem.AheadSecondsMax => RuleCode.MarketTime,
        _ when item.Expires <= now => RuleCode.MarketExpired,
        _ when !curve.Verify(item.Key, item.SigningHash, item.Signature.Span) => RuleCode.MarketSignature,
        _ => RuleCode.Accepted,
    };
}
