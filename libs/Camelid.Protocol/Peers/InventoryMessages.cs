using Camelid.Protocol.Blocks;
using Camelid.Protocol.Market;
using Camelid.Protocol.Transactions;

namespace Camelid.Protocol.Peers;

/// <summary>What an inventory entry names.</summary>
public enum InventoryKind : byte
{
    /// <summary>A transaction, by its id.</summary>
    Transaction = 1,

    /// <summary>A block, by the hash of its header.</summary>
    Block = 2,

    /// <summary>The same, asked for as a compact block.</summary>
    CompactBlock = 3,

    /// <summary>A service announcement, by its id.</summary>
    Service = 4,

    /// <summary>A holding announcement, by its id.</summary>
    Holding = 5,

    /// <summary>An offer, by its id.</summary>
    Offer = 6,
}

/// <summary>Something that a node has or wants.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Hash">Its id.</param>
public readonly record struct InventoryEntry(InventoryKind Kind, Hash256 Hash)
{
    /// <summary>Bytes of an encoded entry.</summary>
    public const int Bytes = 1 + Hash256.Bytes;

    /// <summary>A transaction.</summary>
    public static InventoryEntry Of(Txid txid) => new(InventoryKind.Transaction, txid.Value);

    /// <summary>A whole block.</summary>
    public static InventoryEntry Of(BlockHash hash) => new(InventoryKind.Block, hash.Value);

    /// <summary>An item of the market.</summary>
    public static InventoryEntry Of(MarketKind kind, Hash256 id) =>
        new((InventoryKind)((byte)InventoryKind.Service + (byte)kind - (byte)MarketKind.Service), id);

    /// <summary>Which kind of item it names; <c>Unset</c> where it names none of the market.</summary>
    public MarketKind Market => Kind is >= InventoryKind.Service and <= InventoryKind.Offer
        ? (MarketKind)((byte)MarketKind.Service + (byte)Kind - (byte)InventoryKind.Service)
        : MarketKind.Unset;
}

/// <summary>Rule P-09: 1 to 4,096 entries of known kinds, in the sender's order.</summary>
public sealed class InventoryList : IEquatable<InventoryList>
{
    /// <summary>Most entries.</summary>
    public const int EntriesMax = 4_096;

    /// <summary>Most bytes of payload.</summary>
    public const int BytesMax = 3 + (EntriesMax * InventoryEntry.Bytes);

    /// <summary>Takes a copy of the list.</summary>
    /// <exception cref="ArgumentException">There are none, or too many.</exception>
    public InventoryList(IEnumerable<InventoryEntry> entries) => Entries = MessageList.Of(entries, EntriesMax);

    /// <summary>The entries.</summary>
    public IReadOnlyList<InventoryEntry> Entries { get; }

    /// <summary>Equal entries in equal order.</summary>
    public bool Equals(InventoryList? other) => other is not null && Entries.SequenceEqual(other.Entries);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as InventoryList);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Entries.Count, Entries[0]);

    internal static InventoryList? Read(ref CanonicalReader reader)
    {
        InventoryEntry[] entries = new InventoryEntry[reader.ItemCount(EntriesMax, InventoryEntry.Bytes)];
        bool good = entries.Length > 0;
        for (int i = 0; i < entries.Length; i++)
        {
            entries[i] = new InventoryEntry((InventoryKind)reader.Byte(), reader.Hash());
            good &= entries[i].Kind is >= InventoryKind.Transaction and <= InventoryKind.Offer;
        }

        return good ? new InventoryList(entries) : null;
    }

    internal void Write(CanonicalWriter writer)
    {
        writer.CompactSize((ulong)Entries.Count);
        foreach (InventoryEntry entry in Entries)
        {
            writer.Byte((byte)entry.Kind).Hash(entry.Hash);
        }
    }
}

/// <summary>Tells what the sender has.</summary>
/// <param name="List">The entries.</param>
public sealed record InvMessage(InventoryList List) : PeerMessage
{
    /// <inheritdoc/>
    public override PeerCommand Command => PeerCommand.Inv;

    internal override void Write(CanonicalWriter writer) => List.Write(writer);
}

/// <summary>Asks for what the receiver has.</summary>
/// <param name="List">The entries.</param>
public sealed record GetDataMessage(InventoryList List) : PeerMessage
{
    /// <inheritdoc/>
    public override PeerCommand Command => PeerCommand.GetData;

    internal override void Write(CanonicalWriter writer) => List.Write(writer);
}

/// <summary>Answers <c>getdata</c> for what the sender has not.</summary>
/// <param name="List">The entries.</param>
public sealed record NotFoundMessage(InventoryList List) : PeerMessage
{
    /// <inheritdoc/>
    public override PeerCommand Command => PeerCommand.NotFound;

    internal override void Write(CanonicalWriter writer) => List.Write(writer);
}
