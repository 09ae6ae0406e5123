using Camelid.Protocol;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Mempool;

/// <summary>What a waiting transaction does, as far as the mempool's rules differ by it.</summary>
internal enum PoolKind
{
    /// <summary>Anything else.</summary>
    Ordinary = 1,

    /// <summary>A job transaction without a payment: an offer (J0), or the closing of one.</summary>
    Offer = 2,

    /// <summary>A job transaction that pays (J1).</summary>
    Payment = 3,

    /// <summary>Spends payments (E-02) only: a claim or a refund.</summary>
    Redemption = 4,
}

/// <summary>Why a transaction does not wait any more.</summary>
internal enum PoolDeparture
{
    /// <summary>A block holds it.</summary>
    Mined = 0,

    /// <summary>A block spends what it, or an ancestor of it, spends.</summary>
    Conflict = 1,

    /// <summary>Another transaction took its place, or an ancestor's.</summary>
    Replaced = 2,

    /// <summary>Rule M-11: others pay more for the room.</summary>
    Evicted = 3,

    /// <summary>Rule M-13: it waited too long.</summary>
    Expired = 4,

    /// <summary>Rule M-15: what it rests on is not in the chain any more.</summary>
    Reorganised = 5,
}

/// <summary>A transaction that waits for a block. Nothing here changes while it waits.</summary>
internal sealed record PoolEntry
{
    /// <summary>The transaction.</summary>
    public required Transaction Transaction { get; init; }

    /// <summary>Its fee. The same in every block: an outpoint names one output for ever.</summary>
    public required Amount Fee { get; init; }

    /// <summary>What it does.</summary>
    public required PoolKind Kind { get; init; }

    /// <summary>Rule M-03: the bytes that it pays for.</summary>
    public required int PricedBytes { get; init; }

    /// <summary>Rule C-06: its signature operations, as a block counts them.</summary>
    public required int SignatureOperations { get; init; }

    /// <summary>Rule C-20: the signature operations of the scripts that it spends, as a block counts them.</summary>
    public required int SpentSignatureOperations { get; init; }

    /// <summary>
    /// True where a script that it spends asks for verdicts in chain state, which can change from block to block: its
    /// scripts are then run again for each template.
    /// </summary>
    public required bool AsksForVerdicts { get; init; }

    /// <summary>Its place in the order of arrival, ascending, never given twice.</summary>
    public required long Sequence { get; init; }

    /// <summary>When it came, Unix seconds.</summary>
    public required long ArrivedUnix { get; init; }

    /// <summary>The height of the tip when it came.</summary>
    public required int ArrivedHeight { get; init; }

    /// <summary>Rule M-13: from this Unix second on it does not wait any more.</summary>
    public required long ExpiresUnix { get; init; }

    /// <summary>Its id.</summary>
    public Txid Txid => Transaction.Txid;

    /// <summary>True where it spends through CHECKJOB: an offer, a payment, or the closing of an offer.</summary>
    public bool IsJob => Kind is PoolKind.Offer or PoolKind.Payment;

    /// <summary>Rule M-12: true where ordinary transactions do not push it out.</summary>
    public bool IsGuarded => Kind != PoolKind.Ordinary;

    /// <summary>What it costs in memory.</summary>
    public int MemoryBytes => PoolPolicy.MemoryOf(Transaction);

    /// <summary>Its price.</summary>
    public FeeRate Rate => FeeRate.Of(Fee.Grains, PricedBytes);
}
