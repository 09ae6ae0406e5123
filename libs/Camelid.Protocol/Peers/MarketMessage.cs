using Camelid.Protocol.Market;

namespace Camelid.Protocol.Peers;

/// <summary>
/// Rule P-59: an announcement or offer, in answer to <c>getdata</c>: its kind (1) and its canonical bytes.
/// </summary>
/// <param name="Item">The item.</param>
public sealed record MarketMessage(MarketItem Item) : PeerMessage
{
    /// <summary>Most bytes of payload.</summary>
    public const int BytesMax = 1 + HoldingAnnouncement.BytesMax;

    /// <inheritdoc/>
    public override PeerCommand Command => PeerCommand.Market;

    internal static MarketMessage? Read(ref CanonicalReader reader)
    {
        MarketKind kind = (MarketKind)reader.Byte();
        return MarketItem.TryDecode(kind, reader.Raw(reader.Remaining), out MarketItem? item)
            ? new MarketMessage(item!)
            : null;
    }

    internal override void Write(CanonicalWriter writer) => writer.Byte((byte)Item.Kind).Raw(Item.Encode());
}
