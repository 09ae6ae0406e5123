namespace Camelid.Protocol.Peers.Addresses;

/// <summary>
/// Rule P-21: the address book as a file: the secret, and each address with its places. What the book could not hold is
/// refused: two addresses in one place, an address without a place, a bucket that does not exist.
/// </summary>
public static class AddressFile
{
    /// <summary>The most bytes of a file.</summary>
    public const int BytesMax = PeerFile.OverheadBytes + AddressBook.SecretBytes + 4
        + (AddressBook.EntriesMax * EntryBytesMax);

    private const byte Kind = 1;
    private const int EntryBytesMin = PeerAddress.Bytes + NetworkGroup.Bytes + 8 + NodeId.Bytes + (3 * 4) + 2 + 1;
    private const int EntryBytesMax = EntryBytesMin + (2 * AddressBook.NewBucketsPerAddress);

    /// <summary>The file of a book. Addresses that wait for a tried place are written as new ones.</summary>
    public static byte[] Encode(AddressBook book)
    {
        CanonicalWriter writer = new();
        writer.Raw(book.Secret).UInt32((uint)book.Count);
        foreach (KnownAddress known in book.State.All)
        {
            Write(writer, known);
        }

        return PeerFile.Seal(Kind, book.State.Network, writer.Written);
    }

    /// <summary>Reads a file.</summary>
    /// <returns>
    /// <c>Accepted</c>, <see cref="RuleCode.PeerFileOther"/> for a file of another kind or network, or
    /// <see cref="RuleCode.PeerFileDamaged"/>: begin with an empty book then.
    /// </returns>
    public static RuleCode Decode(ReadOnlySpan<byte> file, Network network, out AddressBook? book)
    {
        book = null;
        if (file.Length > BytesMax)
        {
            return RuleCode.PeerFileDamaged;
        }

        RuleCode code = PeerFile.Open(Kind, network, file, out ReadOnlySpan<byte> content);
        if (code != RuleCode.Accepted)
        {
            return code;
        }

        CanonicalReader reader = new(content);
        ReadOnlySpan<byte> secret = reader.Raw(AddressBook.SecretBytes);
        int count = reader.Count(AddressBook.EntriesMax);
        if (reader.Failed || (long)count * EntryBytesMin > reader.Remaining)
        {
            return RuleCode.PeerFileDamaged;
        }

        AddressBook read = new(secret, network);
        for (int i = 0; i < count && !reader.Failed; i++)
        {
            if (!TryRead(ref reader, read.State))
            {
                reader.Fail();
            }
        }

        book = reader.AtEnd ? read : null;
        return book is null ? RuleCode.PeerFileDamaged : RuleCode.Accepted;
    }

    private static void Write(CanonicalWriter writer, KnownAddress known)
    {
        known.Address.Write(writer);
        writer.Raw(known.Source.Span).UInt64((ulong)known.Services);
        known.Node.Write(writer);
        writer.UInt32(known.SeenAt).UInt32(known.TriedAt).UInt32(known.ReachedAt).UInt16((ushort)known.Attempts)
            .Byte((byte)known.NewBuckets.Count);
        foreach (int bucket in known.NewBuckets)
        {
            writer.UInt16((ushort)bucket);
        }
    }

    /// <summary>An address with no bucket of the new table is a tried one.</summary>
    private static bool TryRead(ref CanonicalReader reader, BookState state)
    {
        PeerAddress address = PeerAddress.Read(ref reader);
        KnownAddress known = new(address, NetworkGroup.Read(ref reader))
        {
            Services = (PeerServices)reader.UInt64(),
            Node = NodeId.Read(ref reader),
            SeenAt = reader.UInt32(),
            TriedAt = reader.UInt32(),
            ReachedAt = reader.UInt32(),
            Attempts = reader.UInt16(),
        };
        int places = reader.Byte();
        if (reader.Failed || places > AddressBook.NewBucketsPerAddress || !state.Accepts(address)
            || state.Find(address) is not null || (places == 0 && state.HolderOf(address) is not null))
        {
            return false;
        }

        state.Add(known);
        if (places == 0)
        {
            state.MakeTried(known);
        }

        for (int i = 0; i < places; i++)
        {
            int bucket = reader.UInt16();
            if (reader.Failed || bucket >= AddressBuckets.NewCount || !state.IsFreeInNew(address, bucket))
            {
                return false;
            }

            state.TakeNew(known, bucket);
        }

        return true;
    }
}
