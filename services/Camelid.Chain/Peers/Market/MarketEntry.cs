using Camelid.Protocol;
using Camelid.Protocol.Market;

namespace Camelid.Chain.Peers.Market;

/// <summary>What the chain says of an announced stake.</summary>
/// <param name="Value">What it is worth.</param>
/// <param name="BlockTime">The time of the block that holds it, Unix seconds.</param>
internal readonly record struct MarketStake(Amount Value, uint BlockTime);

/// <summary>An item that is kept and told.</summary>
internal sealed class MarketEntry(MarketItem item, PeerId? from)
{
    /// <summary>The item.</summary>
    public MarketItem Item { get; } = item;

    /// <summary>Its id.</summary>
    public Hash256 Id { get; } = item.Id;

    /// <summary>Who brought it; null where it is this node's own.</summary>
    public PeerId? From { get; } = from;

    /// <summary>Of a service: its stake.</summary>
    public MarketStake Stake { get; set; }

    /// <summary>True once it is kept no more.</summary>
    public bool IsGone { get; set; }

    /// <summary>True where this node wrote it.</summary>
    public bool IsOwn => From is null;

    /// <summary>What it pays to be kept: of an offer the fee, of a service the stake.</summary>
    public ulong Weight => Item switch
    {
        JobOffer offer => offer.FeeGrains,
        ServiceAnnouncement => (ulong)Stake.Value.Grains,
        _ => 0,
    };
}

/// <summary>The lightest first, of equals the one with the lower id: it is the first to go.</summary>
internal sealed class ByWeight : IComparer<MarketEntry>
{
    public static ByWeight Instance { get; } = new();

    /// <inheritdoc/>
    public int Compare(MarketEntry? x, MarketEntry? y) =>
        x!.Weight.CompareTo(y!.Weight) is var order and not 0 ? order : x.Id.CompareTo(y.Id);
}
