using Camelid.Protocol.Blocks;
using Camelid.Protocol.Transactions;

namespace Camelid.Protocol.Peers.Compact;

/// <summary>Rule P-14: how a node makes a compact block of a block that it has.</summary>
public static class CompactBlockEncoding
{
    /// <summary>
    /// The compact block: the coinbase whole, those of <paramref name="whole"/> as far as
    /// <see cref="CompactBlock.PrefilledBytesMax"/> reaches, all others by short id.
    /// </summary>
    /// <param name="block">A block that the rules accepted.</param>
    /// <param name="nonce">Drawn for this block, at random.</param>
    /// <param name="whole">Transactions that the receiver is not likely to have; null for none.</param>
    /// <exception cref="ArgumentException">The block has no transaction, or more than fit into any block.</exception>
    public static CompactBlock Encode(Block block, ulong nonce, IReadOnlySet<Txid>? whole = null) =>
        Encode(block, nonce, whole, ShortIdKey.Of(block.Header, nonce));

    /// <summary>
    /// Rule P-14: the transactions that a <c>getblocktxn</c> asks for, or null where it asks for a place that the block
    /// has not.
    /// </summary>
    public static BlockTxnMessage? Answer(GetBlockTxnMessage question, Block block) =>
        question.BlockHash == block.Hash && question.Indexes[^1] < block.Transactions.Count
            ? new BlockTxnMessage(block.Hash, question.Indexes.Select(index => block.Transactions[index]))
            : null;

    internal static CompactBlock Encode(Block block, ulong nonce, IReadOnlySet<Txid>? whole, ShortIdKey key)
    {
        List<ulong> shortIds = [];
        List<PrefilledTransaction> prefilled = [];
        int room = CompactBlock.PrefilledBytesMax;
        for (int i = 0; i < block.Transactions.Count; i++)
        {
            Transaction transaction = block.Transactions[i];
            if (transaction.ByteCount <= room && (i == 0 || whole?.Contains(transaction.Txid) == true))
            {
                prefilled.Add(new PrefilledTransaction(i, transaction));
                room -= transaction.ByteCount;
            }
            else
            {
                shortIds.Add(key.ShortId(transaction.Txid));
            }
        }

        return CompactBlock.Create(block.Header, nonce, [.. shortIds], [.. prefilled])
            ?? throw new ArgumentException("the block is out of bounds", nameof(block));
    }
}
