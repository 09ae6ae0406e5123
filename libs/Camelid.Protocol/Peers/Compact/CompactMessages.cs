using Camelid.Protocol.Blocks;
using Camelid.Protocol.Transactions;

namespace Camelid.Protocol.Peers.Compact;

/// <summary>A block by short transaction ids.</summary>
/// <param name="Block">The compact block; only its form was judged.</param>
public sealed record CmpctBlockMessage(CompactBlock Block) : PeerMessage
{
    /// <inheritdoc/>
    public override PeerCommand Command => PeerCommand.CmpctBlock;

    internal override void Write(CanonicalWriter writer) => Block.Write(writer);
}

/// <summary>Rule P-11: asks for transactions of a block by their places, ascending, at least one.</summary>
public sealed record GetBlockTxnMessage : PeerMessage
{
    /// <summary>Most bytes of payload; a distance of more than 252 takes three bytes.</summary>
    public const int BytesMax = Hash256.Bytes + 3 + (3 * CompactBlock.TransactionsMax);

    /// <summary>Takes a copy of the places.</summary>
    /// <exception cref="ArgumentException">The places are none, not ascending, or beyond any block.</exception>
    public GetBlockTxnMessage(BlockHash block, IEnumerable<int> indexes)
    {
        BlockHash = block;
        Indexes = MessageList.Of(indexes, CompactBlock.TransactionsMax);
        if (!IsAscending(Indexes))
        {
            throw new ArgumentException("places are ascending and inside a block", nameof(indexes));
        }
    }

    /// <inheritdoc/>
    public override PeerCommand Command => PeerCommand.GetBlockTxn;

    /// <summary>The block.</summary>
    public BlockHash BlockHash { get; }

    /// <summary>The places, ascending.</summary>
    public IReadOnlyList<int> Indexes { get; }

    /// <summary>Equal block and places.</summary>
    public bool Equals(GetBlockTxnMessage? other) =>
        other is not null && BlockHash == other.BlockHash && Indexes.SequenceEqual(other.Indexes);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(BlockHash, Indexes.Count);

    internal static GetBlockTxnMessage? Read(ref CanonicalReader reader)
    {
        BlockHash block = new(reader.Hash());
        int[] indexes = new int[reader.ItemCount(CompactBlock.TransactionsMax, 1)];
        IndexReader places = new(CompactBlock.TransactionsMax);
        for (int i = 0; i < indexes.Length && !reader.Failed; i++)
        {
            indexes[i] = places.Next(ref reader);
        }

        return reader.Failed || indexes.Length == 0 ? null : new GetBlockTxnMessage(block, indexes);
    }

    internal override void Write(CanonicalWriter writer)
    {
        writer.Hash(BlockHash.Value).CompactSize((ulong)Indexes.Count);
        int next = 0;
        foreach (int index in Indexes)
        {
            writer.CompactSize((ulong)(index - next));
            next = index + 1;
        }
    }

    private static bool IsAscending(IReadOnlyList<int> indexes)
    {
        int next = 0;
        foreach (int index in indexes)
        {
            if (index < next || index >= CompactBlock.TransactionsMax)
            {
                return false;
            }

            next = index + 1;
        }

        return true;
    }
}

/// <summary>Rule P-11: answers <c>getblocktxn</c> with the transactions that were asked for, in that order.</summary>
public sealed record BlockTxnMessage : PeerMessage
{
    /// <summary>Most bytes of payload.</summary>
    public const int BytesMax = Hash256.Bytes + Block.BytesMax;

    /// <summary>Takes a copy of the list.</summary>
    /// <exception cref="ArgumentException">There are none, or too many.</exception>
    public BlockTxnMessage(BlockHash block, IEnumerable<Transaction> transactions) =>
        (BlockHash, Transactions) = (block, MessageList.Of(transactions, CompactBlock.TransactionsMax));

    /// <inheritdoc/>
    public override PeerCommand Command => PeerCommand.BlockTxn;

    /// <summary>The block.</summary>
    public BlockHash BlockHash { get; }

    /// <summary>The transactions.</summary>
    public IReadOnlyList<Transaction> Transactions { get; }

    /// <summary>Equal block and transactions.</summary>
    public bool Equals(BlockTxnMessage? other) =>
        other is not null && BlockHash == other.BlockHash && Transactions.SequenceEqual(other.Transactions);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(BlockHash, Transactions.Count);

    internal static BlockTxnMessage? Read(ref CanonicalReader reader)
    {
        BlockHash block = new(reader.Hash());
        int count = reader.ItemCount(CompactBlock.TransactionsMax, 1);
        List<Transaction> transactions = [];
        for (int i = 0; i < count; i++)
        {
            if (Transaction.Read(ref reader) is not { } transaction)
            {
                return null;
            }

            transactions.Add(transaction);
        }

        return reader.Failed || count == 0 ? null : new BlockTxnMessage(block, transactions);
    }

    internal override void Write(CanonicalWriter writer)
    {
        writer.Hash(BlockHash.Value).CompactSize((ulong)Transactions.Count);
        foreach (Transaction transaction in Transactions)
        {
            writer.Raw(transaction.EncodedSpan);
        }
    }
}
