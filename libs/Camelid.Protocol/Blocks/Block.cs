using System.Diagnostics.CodeAnalysis;
using Camelid.Protocol.Transactions;

namespace Camelid.Protocol.Blocks;

/// <summary>A header and its transactions, the coinbase first. Immutable.</summary>
public sealed class Block : IEquatable<Block>
{
    /// <summary>Rule C-06: the largest block, in bytes.</summary>
    public const int BytesMax = 4_000_000;

    private const int TransactionBytesMin = 4 + 1 + 1 + 4 + Hash256.Bytes;

    /// <summary>Takes a header and a copy of the list; judges nothing.</summary>
    public Block(BlockHeader header, IEnumerable<Transaction> transactions)
    {
        Header = header;
        Hash = header.Hash;
        Transactions = Array.AsReadOnly(transactions.ToArray());
    }

    /// <summary>The header.</summary>
    public BlockHeader Header { get; }

    /// <summary>The hash of the header.</summary>
    public BlockHash Hash { get; }

    /// <summary>The transactions, the coinbase first.</summary>
    public IReadOnlyList<Transaction> Transactions { get; }

    /// <summary>Canonical bytes: header, CompactSize count, transactions.</summary>
    public byte[] Encode()
    {
        CanonicalWriter writer = new();
        writer.Raw(Header.Encode()).CompactSize((ulong)Transactions.Count);
        foreach (Transaction transaction in Transactions)
        {
            writer.Raw(transaction.EncodedSpan);
        }

        return writer.ToArray();
    }

    /// <summary>Reads canonical bytes of at most <see cref="BytesMax"/>; refuses trailing bytes.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out Block? block)
    {
        block = null;
        CanonicalReader reader = new(bytes.Length <= BytesMax ? bytes : default);
        BlockHeader header = BlockHeader.Read(ref reader);
        int count = reader.CompactSize(BytesMax / TransactionBytesMin);
        List<Transaction> transactions = [];
        for (int i = 0; i < count; i++)
        {
            if (Transaction.Read(ref reader) is not { } transaction)
            {
                return false;
            }

            transactions.Add(transaction);
        }

        block = reader.AtEnd ? new Block(header, transactions) : null;
        return block is not null;
    }

    /// <summary>Equal headers; the header commits to the rest.</summary>
    public bool Equals(Block? other) => other is not null && Hash == other.Hash
        && Transactions.SequenceEqual(other.Transactions);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Block);

    /// <inheritdoc/>
    public override int GetHashCode() => Hash.GetHashCode();
}
