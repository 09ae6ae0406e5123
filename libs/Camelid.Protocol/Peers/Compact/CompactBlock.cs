using Camelid.Protocol.Blocks;
using Camelid.Protocol.Transactions;

namespace Camelid.Protocol.Peers.Compact;

/// <summary>
/// A transaction that a compact block carries whole, the coinbase above all: the receiver can't have it.
/// </summary>
/// <param name="Index">Its place in the block, from 0.</param>
/// <param name="Transaction">The transaction.</param>
public sealed record PrefilledTransaction(int Index, Transaction Transaction);

/// <summary>
/// Rule P-11: a block as BIP152 sends it: header (80), nonce (8), six bytes for each transaction that the receiver
/// probably has, and the others whole, by ascending places, each as the distance from the place after the one before.
/// </summary>
public sealed class CompactBlock : IEquatable<CompactBlock>
{
    /// <summary>Bytes of a short id.</summary>
    public const int ShortIdBytes = 6;

    /// <summary>The most transactions that a block can hold: each has an input and an output.</summary>
    public const int TransactionsMax = Block.BytesMax / TransactionBytesMin;

    /// <summary>Most bytes of all transactions that are carried whole.</summary>
    public const int PrefilledBytesMax = 2 * Transaction.BytesMax;

    /// <summary>Most bytes of payload.</summary>
    public const int BytesMax = BlockHeader.Bytes + 8 + 3 + (ShortIdBytes * TransactionsMax)
        + 3 + PrefilledBytesMax + (3 * (PrefilledBytesMax / TransactionBytesMin));

    private const int TransactionBytesMin =
        4 + 1 + Transaction.InputBytesMin + 1 + Transaction.OutputBytesMin + 4 + Hash256.Bytes;

    private CompactBlock(BlockHeader header, ulong nonce, ulong[] shortIds, PrefilledTransaction[] prefilled)
    {
        Header = header;
        Nonce = nonce;
        ShortIds = Array.AsReadOnly(shortIds);
        Prefilled = Array.AsReadOnly(prefilled);
    }

    /// <summary>The header of the block.</summary>
    public BlockHeader Header { get; }

    /// <summary>Drawn by the sender; with the header it keys the short ids.</summary>
    public ulong Nonce { get; }

    /// <summary>The short ids, 48 bits each, in block order, those of <see cref="Prefilled"/> left out.</summary>
    public IReadOnlyList<ulong> ShortIds { get; }

    /// <summary>The transactions carried whole, by ascending place.</summary>
    public IReadOnlyList<PrefilledTransaction> Prefilled { get; }

    /// <summary>Transactions of the block.</summary>
    public int TransactionCount => ShortIds.Count + Prefilled.Count;

    /// <summary>Equal in every field.</summary>
    public bool Equals(CompactBlock? other) => other is not null && Header == other.Header && Nonce == other.Nonce
        && ShortIds.SequenceEqual(other.ShortIds) && Prefilled.SequenceEqual(other.Prefilled);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as CompactBlock);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Header, Nonce, ShortIds.Count);

    internal static CompactBlock? Create(
        BlockHeader header, ulong nonce, ulong[] shortIds, PrefilledTransaction[] prefilled)
    {
        int count = shortIds.Length + prefilled.Length;
        bool good = count is >= 1 and <= TransactionsMax
            && (prefilled.Length == 0 || prefilled[^1].Index < count)
            && prefilled.Sum(item => (long)item.Transaction.ByteCount) <= PrefilledBytesMax;
        return good ? new CompactBlock(header, nonce, shortIds, prefilled) : null;
    }

    internal static CompactBlock? Read(ref CanonicalReader reader)
    {
        BlockHeader header = BlockHeader.Read(ref reader);
        ulong nonce = reader.UInt64();
        ulong[] shortIds = new ulong[reader.ItemCount(TransactionsMax, ShortIdBytes)];
        for (int i = 0; i < shortIds.Length; i++)
        {
            shortIds[i] = reader.UInt32() | ((ulong)reader.UInt16() << 32);
        }

        int whole = reader.ItemCount(TransactionsMax, 1);
        List<PrefilledTransaction> prefilled = [];
        IndexReader places = new(TransactionsMax);
        for (int i = 0; i < whole && !reader.Failed; i++)
        {
            int index = places.Next(ref reader);
            if (Transaction.Read(ref reader) is { } transaction)
            {
                prefilled.Add(new PrefilledTransaction(index, transaction));
            }
            else
            {
                reader.Fail();
            }
        }

        return reader.Failed ? null : Create(header, nonce, shortIds, [.. prefilled]);
    }

    internal void Write(CanonicalWriter writer)
    {
        writer.Raw(Header.Encode()).UInt64(Nonce).CompactSize((ulong)ShortIds.Count);
        foreach (ulong shortId in ShortIds)
        {
            writer.UInt32(unchecked((uint)shortId)).UInt16((ushort)(shortId >> 32));
        }

        writer.CompactSize((ulong)Prefilled.Count);
        int next = 0;
        foreach (PrefilledTransaction item in Prefilled)
        {
            writer.CompactSize((ulong)(item.Index - next)).Raw(item.Transaction.EncodedSpan);
            next = item.Index + 1;
        }
    }
}
