using Camelid.Protocol.Blocks;
using Camelid.Protocol.Transactions;

namespace Camelid.Protocol.Peers;

/// <summary>
/// Rule P-10: asks for the headers behind the last one that both sides have, by 1 to 101 hashes of the asker's chain,
/// the newest first, and the hash at which to stop (zero: go as far as one message reaches).
/// </summary>
public sealed record GetHeadersMessage : PeerMessage
{
    /// <summary>Most hashes in a locator.</summary>
    public const int LocatorMax = 101;

    /// <summary>Most bytes of payload.</summary>
    public const int BytesMax = 1 + ((LocatorMax + 1) * Hash256.Bytes);

    /// <summary>Takes a copy of the locator.</summary>
    /// <exception cref="ArgumentException">The locator is empty or too long.</exception>
    public GetHeadersMessage(IEnumerable<BlockHash> locator, BlockHash stop) =>
        (Locator, Stop) = (MessageList.Of(locator, LocatorMax), stop);

    /// <inheritdoc/>
    public override PeerCommand Command => PeerCommand.GetHeaders;

    /// <summary>Hashes of the asker's chain, the newest first.</summary>
    public IReadOnlyList<BlockHash> Locator { get; }

    /// <summary>The last header wanted, or zero.</summary>
    public BlockHash Stop { get; }

    /// <summary>Equal locators and stops.</summary>
    public bool Equals(GetHeadersMessage? other) =>
        other is not null && Stop == other.Stop && Locator.SequenceEqual(other.Locator);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Locator.Count, Locator[0], Stop);

    internal static GetHeadersMessage? Read(ref CanonicalReader reader)
    {
        BlockHash[] locator = new BlockHash[reader.ItemCount(LocatorMax, Hash256.Bytes)];
        for (int i = 0; i < locator.Length; i++)
        {
            locator[i] = new BlockHash(reader.Hash());
        }

        BlockHash stop = new(reader.Hash());
        return locator.Length == 0 ? null : new GetHeadersMessage(locator, stop);
    }

    internal override void Write(CanonicalWriter writer)
    {
        writer.CompactSize((ulong)Locator.Count);
        foreach (BlockHash hash in Locator)
        {
            writer.Hash(hash.Value);
        }

        writer.Hash(Stop.Value);
    }
}

/// <summary>
/// Rule P-10: 0 to 2,000 headers, each naming the one before it. Fewer than 2,000 mean that there are no more.
/// </summary>
public sealed record HeadersMessage : PeerMessage
{
    /// <summary>Most headers.</summary>
    public const int HeadersMax = 2_000;

    /// <summary>Most bytes of payload.</summary>
    public const int BytesMax = 3 + (HeadersMax * BlockHeader.Bytes);

    /// <summary>Takes a copy of the list.</summary>
    /// <exception cref="ArgumentException">There are too many.</exception>
    public HeadersMessage(IEnumerable<BlockHeader> headers)
    {
        BlockHeader[] copy = [.. headers];
        Headers = copy.Length <= HeadersMax
            ? Array.AsReadOnly(copy)
            : throw new ArgumentException($"at most {HeadersMax} headers, not {copy.Length}", nameof(headers));
    }

    /// <inheritdoc/>
    public override PeerCommand Command => PeerCommand.Headers;

    /// <summary>The headers, in chain order.</summary>
    public IReadOnlyList<BlockHeader> Headers { get; }

    /// <summary>Equal headers in equal order.</summary>
    public bool Equals(HeadersMessage? other) => other is not null && Headers.SequenceEqual(other.Headers);

    /// <inheritdoc/>
    public override int GetHashCode() => Headers.Count == 0 ? 0 : HashCode.Combine(Headers.Count, Headers[0]);

    /// <summary>
    /// Rule P-10: true where each header names the one before it. Costs one hash each: ask after counts.
    /// </summary>
    public bool IsLinked()
    {
        for (int i = 1; i < Headers.Count; i++)
        {
            if (Headers[i].PreviousHash != Headers[i - 1].Hash)
            {
                return false;
            }
        }

        return true;
    }

    internal static HeadersMessage? Read(ref CanonicalReader reader)
    {
        BlockHeader[] headers = new BlockHeader[reader.ItemCount(HeadersMax, BlockHeader.Bytes)];
        for (int i = 0; i < headers.Length; i++)
        {
            headers[i] = BlockHeader.Read(ref reader);
        }

        return reader.Failed ? null : new HeadersMessage(headers);
    }

    internal override void Write(CanonicalWriter writer)
    {
        writer.CompactSize((ulong)Headers.Count);
        foreach (BlockHeader header in Headers)
        {
            writer.Raw(header.Encode());
        }
    }
}

/// <summary>A whole block.</summary>
/// <param name="Block">The block; only its form was judged.</param>
public sealed record BlockMessage(Block Block) : PeerMessage
{
    /// <inheritdoc/>
    public override PeerCommand Command => PeerCommand.Block;

    internal static BlockMessage? Read(ref CanonicalReader reader) =>
        Block.TryDecode(reader.Raw(reader.Remaining), out Block? block) ? new BlockMessage(block) : null;

    internal override void Write(CanonicalWriter writer) => writer.Raw(Block.Encode());
}

/// <summary>A transaction.</summary>
/// <param name="Transaction">The transaction; only its form was judged.</param>
public sealed record TxMessage(Transaction Transaction) : PeerMessage
{
    /// <inheritdoc/>
    public override PeerCommand Command => PeerCommand.Tx;

    internal static TxMessage? Read(ref CanonicalReader reader) =>
        Transaction.Read(ref reader) is { } transaction ? new TxMessage(transaction) : null;

    internal override void Write(CanonicalWriter writer) => writer.Raw(Transaction.EncodedSpan);
}
