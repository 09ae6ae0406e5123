namespace Camelid.Protocol.Peers;

/// <summary>What the teller of an address knows about it (whitepaper 2.1.1: "its current status").</summary>
public enum PeerStatus : byte
{
    /// <summary>Heard of, never tried.</summary>
    Heard = 0,

    /// <summary>Connected to, now or lately.</summary>
    Reached = 1,

    /// <summary>Tried, did not answer.</summary>
    Failed = 2,
}

/// <summary>Rule P-08: one node that somebody tells of.</summary>
/// <param name="Address">Where it listens.</param>
/// <param name="Time">When it was last known to be there, Unix seconds. The teller's word only.</param>
/// <param name="Services">What it does. The teller's word only.</param>
/// <param name="Status">What the teller knows about it.</param>
/// <param name="Node">Its id, or none where the teller does not know it.</param>
public readonly record struct AddressEntry(
    PeerAddress Address, uint Time, PeerServices Services, PeerStatus Status, NodeId Node)
{
    /// <summary>Bytes of an encoded entry.</summary>
    public const int Bytes = PeerAddress.Bytes + 4 + 8 + 1 + NodeId.Bytes;

    internal static AddressEntry Read(ref CanonicalReader reader)
    {
        AddressEntry read = new(
            PeerAddress.Read(ref reader), reader.UInt32(), (PeerServices)reader.UInt64(), (PeerStatus)reader.Byte(),
            NodeId.Read(ref reader));
        if (read.Status > PeerStatus.Failed)
        {
            reader.Fail();
        }

        return read;
    }

    internal void Write(CanonicalWriter writer)
    {
        Address.Write(writer);
        writer.UInt32(Time).UInt64((ulong)Services).Byte((byte)Status);
        Node.Write(writer);
    }
}

/// <summary>Asks for addresses of other nodes.</summary>
public sealed record GetAddrMessage : PeerMessage
{
    /// <inheritdoc/>
    public override PeerCommand Command => PeerCommand.GetAddr;

    internal override void Write(CanonicalWriter writer)
    {
    }
}

/// <summary>Rule P-08: tells of 1 to 1,000 nodes.</summary>
public sealed record AddrMessage : PeerMessage
{
    /// <summary>Most entries.</summary>
    public const int EntriesMax = 1_000;

    /// <summary>Most bytes of payload.</summary>
    public const int BytesMax = 3 + (EntriesMax * AddressEntry.Bytes);

    /// <summary>Takes a copy of the list.</summary>
    /// <exception cref="ArgumentException">There are none, or too many.</exception>
    public AddrMessage(IEnumerable<AddressEntry> entries) => Entries = MessageList.Of(entries, EntriesMax);

    /// <inheritdoc/>
    public override PeerCommand Command => PeerCommand.Addr;

    /// <summary>The nodes.</summary>
    public IReadOnlyList<AddressEntry> Entries { get; }

    /// <summary>Equal entries in equal order.</summary>
    public bool Equals(AddrMessage? other) => other is not null && Entries.SequenceEqual(other.Entries);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Entries.Count, Entries[0]);

    internal static AddrMessage? Read(ref CanonicalReader reader)
    {
        AddressEntry[] entries = new AddressEntry[reader.ItemCount(EntriesMax, AddressEntry.Bytes)];
        for (int i = 0; i < entries.Length; i++)
        {
            entries[i] = AddressEntry.Read(ref reader);
        }

        return reader.Failed || entries.Length == 0 ? null : new AddrMessage(entries);
    }

    internal override void Write(CanonicalWriter writer)
    {
        writer.CompactSize((ulong)Entries.Count);
        foreach (AddressEntry entry in Entries)
        {
            entry.Write(writer);
        }
    }
}
